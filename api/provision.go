package api

import (
	"strings"

	"ironhook/baremetal"
)

// checkProvision holds what a request to provision may say beside the verb.
func (c *call) checkProvision(n *node, target string) error {
	if err := c.unmaskProvision(n); err != nil {
		return err
	}
	if err := c.checkConfigDrive(target, c.args["configdrive"]); err != nil {
		return err
	}
	if c.args.given("disable_ramdisk") {
		if c.minor < 70 {
			return faultf(406, "disable_ramdisk is not acceptable in this API version")
		}
		if target != "clean" {
			return invalid("disable_ramdisk is supported only with manual cleaning")
		}
	}
	clean, deploy := objects(c.args["clean_steps"]), objects(c.args["deploy_steps"])
	if clean != nil && target != "clean" {
		return invalid(`"clean_steps" is only valid when setting target provision state to clean`)
	}
	deploys := target == "active" || target == "deploy" || target == "rebuild"
	if deploy != nil {
		if c.minor < 69 {
			return notAcceptable(69)
		}
		if !deploys {
			return invalid(`"deploy_steps" is only valid when setting target provision state to active or rebuild`)
		}
	}
	if c.args.given("rescue_password") && target != "rescue" {
		return invalid(`"rescue_password" is only valid when setting target provision state to rescue`)
	}
	if n.ProvisionState == baremetal.InspectWait && target == "abort" && c.minor < 41 {
		return notAcceptable(0)
	}
	switch {
	case deploys:
		return checkSteps("deploy", deployStepsSchema, c.args["deploy_steps"])
	case target == "rescue" && strings.TrimSpace(c.args.text("rescue_password")) == "":
		return invalid(`A non-empty "rescue_password" is required when setting target provision state to rescue`)
	case target == "clean" && clean == nil:
		return invalid(`"clean_steps" is required when setting target provision state to clean`)
	case target == "clean":
		return checkSteps("clean", cleanStepsSchema, c.args["clean_steps"])
	}
	return nil
}

// unmaskProvision resolves the masks of what a node's instance_info shows and
// refuses those in steps, which are given anew each time.
func (c *call) unmaskProvision(n *node) (err error) {
	for _, name := range []string{"configdrive", "rescue_password", "clean_steps", "deploy_steps"} {
		if !c.args.given(name) {
			continue
		}
		if c.args[name], err = baremetal.InstanceSecrets.UnmaskMember(name, c.args[name], n.InstanceInfo[name]); err != nil {
			return err
		}
	}
	return nil
}

var (
	cleanStepsSchema = &schema{types: []string{"array"}, items: &schema{types: []string{"object"},
		required: []string{"interface", "step"}, closed: true, order: []string{"interface", "step", "args"},
		props: map[string]*schema{
			"interface": {enum: []any{"power", "management", "deploy", "bios", "raid"}},
			"step":      {types: []string{"string"}, min: 1},
			"args":      {types: []string{"object"}, secret: true},
		}}}
	deployStepsSchema = &schema{types: []string{"array"}, items: deployStep}
)

func checkSteps(verb string, s *schema, steps any) error {
	if steps == nil {
		return nil
	}
	if found := s.breaches(steps, 0, nil); len(found) > 0 {
		return invalid("Invalid %s_steps: %s", verb, bestMatch(found).message)
	}
	return nil
}

var configDrive = &schema{anyOf: []*schema{
	{types: []string{"object"}, secret: true, closed: true, props: map[string]*schema{
		"meta_data": {types: []string{"object"}, secret: true}, "network_data": {types: []string{"object"}, secret: true},
		"user_data":   {types: []string{"object", "array", "string", "null"}, secret: true},
		"vendor_data": {types: []string{"object"}, secret: true},
	}},
	{types: []string{"string", "null"}, secret: true},
}, secret: true}

// checkConfigDrive accepts a config drive in any of its forms: a gzipped image in
// base64, a URL, or the parts to make one from.
func (c *call) checkConfigDrive(target string, drive any) error {
	if drive == nil || drive == "" || equal(drive, map[string]any{}) {
		return nil
	}
	allowed := []string{"active"}
	if c.minor >= 35 {
		allowed = append(allowed, "rebuild")
	}
	if target != "active" && (target != "rebuild" || c.minor < 35) {
		return invalid("Adding a config drive is only supported when setting provision state to %s", strings.Join(allowed, ", "))
	}
	if found := configDrive.breaches(drive, 0, nil); len(found) > 0 {
		return invalid("Invalid configdrive format: %s", bestMatch(found).message)
	}
	if parts, ok := drive.(map[string]any); ok {
		if c.minor < 56 {
			return invalid("Providing a JSON object for configdrive is only supported starting with API version 1.56")
		}
		if _, vendor := parts["vendor_data"]; vendor && c.minor < 59 {
			return invalid("Providing vendor_data in configdrive is only supported starting with API version 1.59")
		}
		return nil
	}
	text := drive.(string)
	if !strings.Contains(text, "://") && strings.ContainsFunc(text, notBase64) {
		return invalid("Invalid configdrive format: it is neither a JSON, nor a URL, nor a base64 string")
	}
	return nil
}

// notBase64 allows the white space that wrapped base64 has.
func notBase64(r rune) bool {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("+/=\n\r\t ", r):
		return false
	}
	return true
}
