package baremetalapi

import (
	"strings"

	"ironhook/api/rest"
	"ironhook/baremetal"
)

// checkProvision checks the arguments of a request to provision other than the verb.
func (c *call) checkProvision(n *node, target string) error {
	if err := c.unmaskProvision(n); err != nil {
		return err
	}
	if err := c.checkConfigDrive(target, c.Args["configdrive"]); err != nil {
		return err
	}
	if c.Args.Given("disable_ramdisk") {
		if c.Minor < 70 {
			return rest.Refuse(406, "disable_ramdisk is not acceptable in this API version")
		}
		if target != "clean" {
			return rest.Invalid("disable_ramdisk is supported only with manual cleaning")
		}
	}
	clean, deploy := objects(c.Args["clean_steps"]), objects(c.Args["deploy_steps"])
	if clean != nil && target != "clean" {
		return rest.Invalid(`"clean_steps" is only valid when setting target provision state to clean`)
	}
	deploys := target == "active" || target == "deploy" || target == "rebuild"
	if deploy != nil {
		if c.Minor < 69 {
			return rest.NotAcceptable(69)
		}
		if !deploys {
			return rest.Invalid(`"deploy_steps" is only valid when setting target provision state to active or rebuild`)
		}
	}
	if c.Args.Given("rescue_password") && target != "rescue" {
		return rest.Invalid(`"rescue_password" is only valid when setting target provision state to rescue`)
	}
	if n.ProvisionState == baremetal.InspectWait && target == "abort" && c.Minor < 41 {
		return rest.NotAcceptable(0)
	}
	switch {
	case deploys:
		return checkSteps("deploy", deployStepsSchema, c.Args["deploy_steps"])
	case target == "rescue" && strings.TrimSpace(c.Args.Text("rescue_password")) == "":
		return rest.Invalid(`A non-empty "rescue_password" is required when setting target provision state to rescue`)
	case target == "clean" && clean == nil:
		return rest.Invalid(`"clean_steps" is required when setting target provision state to clean`)
	case target == "clean":
		return checkSteps("clean", cleanStepsSchema, c.Args["clean_steps"])
	}
	return nil
}

// unmaskProvision resolves the masks of what a node's instance_info shows and
// refuses those in steps, which are given anew each time.
func (c *call) unmaskProvision(n *node) (err error) {
	for _, name := range []string{"configdrive", "rescue_password", "clean_steps", "deploy_steps"} {
		if !c.Args.Given(name) {
			continue
		}
		if c.Args[name], err = baremetal.InstanceSecrets.UnmaskMember(name, c.Args[name], n.InstanceInfo[name]); err != nil {
			return err
		}
	}
	return nil
}

var (
	cleanStepsSchema = &rest.Schema{Types: []string{"array"}, Items: &rest.Schema{Types: []string{"object"},
		Required: []string{"interface", "step"}, Closed: true, Order: []string{"interface", "step", "args"},
		Props: map[string]*rest.Schema{
			"interface": {Enum: []any{"power", "management", "deploy", "bios", "raid"}},
			"step":      {Types: []string{"string"}, Min: 1},
			"args":      {Types: []string{"object"}, Secret: true},
		}}}
	deployStepsSchema = &rest.Schema{Types: []string{"array"}, Items: deployStep}
)

func checkSteps(verb string, s *rest.Schema, steps any) error {
	if steps == nil {
		return nil
	}
	if breach := s.Breach(steps); breach != "" {
		return rest.Invalid("Invalid %s_steps: %s", verb, breach)
	}
	return nil
}

var configDrive = &rest.Schema{AnyOf: []*rest.Schema{
	{Types: []string{"object"}, Secret: true, Closed: true, Props: map[string]*rest.Schema{
		"meta_data": {Types: []string{"object"}, Secret: true}, "network_data": {Types: []string{"object"}, Secret: true},
		"user_data":   {Types: []string{"object", "array", "string", "null"}, Secret: true},
		"vendor_data": {Types: []string{"object"}, Secret: true},
	}},
	{Types: []string{"string", "null"}, Secret: true},
}, Secret: true}

// checkConfigDrive accepts a config drive in any of its forms: a gzipped image in
// base64, a URL, or the parts to make one from.
func (c *call) checkConfigDrive(target string, drive any) error {
	if drive == nil || drive == "" || rest.Equal(drive, map[string]any{}) {
		return nil
	}
	allowed := []string{"active"}
	if c.Minor >= 35 {
		allowed = append(allowed, "rebuild")
	}
	if target != "active" && (target != "rebuild" || c.Minor < 35) {
		return rest.Invalid("Adding a config drive is only supported when setting provision state to %s", strings.Join(allowed, ", "))
	}
	if breach := configDrive.Breach(drive); breach != "" {
		return rest.Invalid("Invalid configdrive format: %s", breach)
	}
	if parts, ok := drive.(map[string]any); ok {
		if c.Minor < 56 {
			return rest.Invalid("Providing a JSON object for configdrive is only supported starting with API version 1.56")
		}
		if _, vendor := parts["vendor_data"]; vendor && c.Minor < 59 {
			return rest.Invalid("Providing vendor_data in configdrive is only supported starting with API version 1.59")
		}
		return nil
	}
	text := drive.(string)
	if !strings.Contains(text, "://") && strings.ContainsFunc(text, notBase64) {
		return rest.Invalid("Invalid configdrive format: it is neither a JSON, nor a URL, nor a base64 string")
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

// objects converts a value that a schema or a kind has checked to be a list of objects; nil is none.
func objects(v any) []baremetal.Object {
	list, _ := v.([]any)
	out := make([]baremetal.Object, len(list))
	for i := range list {
		out[i] = rest.AsObject(list[i])
	}
	if len(out) == 0 {
		return nil
	}
	return out
}
