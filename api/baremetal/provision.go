package baremetalapi

import (
	"net/http"
	"strings"

	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/fleet"
)

// checkProvision checks the arguments of a request to provision other than the verb.
func (c *call) checkProvision(n *node, target string) error {
	if err := c.unmaskProvision(n); err != nil {
		return err
	}
	if err := c.checkConfigDrive(target, c.Args["configdrive"]); err != nil {
		return err
	}
	if err := c.useRunbook(n, target); err != nil {
		return err
	}
	if err := c.checkDisableRamdisk(target); err != nil {
		return err
	}
	clean, deploy, service := objects(c.Args["clean_steps"]), objects(c.Args["deploy_steps"]), objects(c.Args["service_steps"])
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
	if target == "abort" && c.Minor < abortSince[n.ProvisionState] || c.Minor < lateVerbSince[target] {
		return rest.NotAcceptable(0)
	}
	if service != nil && target != "service" {
		return rest.Invalid(`"service_steps" is only valid when setting target provision state to service`)
	}
	switch {
	case target == "service" && service == nil:
		return rest.Invalid(`"service_steps" is required when setting target provision state to service`)
	case target == "service":
		return checkSteps("service", cleanStepsSchema, c.Args["service_steps"])
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

// abortSince is the microversion from which a state can be aborted, where that came later
// than the verb.
var abortSince = map[baremetal.ProvisionState]int{baremetal.InspectWait: 41, baremetal.DeployWait: 110}

// lateVerbSince is the microversion that brought a verb that is refused as any other in
// states where it leads nowhere, and only then for its age.
var lateVerbSince = map[string]int{"unhold": 85, "service": 87}

// ramdiskSince is the microversion from which a verb takes disable_ramdisk.
var ramdiskSince = map[string]int{"clean": 70, "service": 108}

func (c *call) checkDisableRamdisk(target string) error {
	since, known := ramdiskSince[target]
	switch {
	case !c.Args.Given("disable_ramdisk"):
		return nil
	case c.Minor < ramdiskSince["clean"]:
		return rest.Refuse(http.StatusNotAcceptable, "disable_ramdisk is not acceptable in this API version")
	case !known:
		return rest.Invalid("disable_ramdisk is supported only with manual cleaning or servicing")
	case c.Minor < since:
		return rest.Refuse(http.StatusNotAcceptable, "disable_ramdisk is not acceptable in this API version")
	}
	return nil
}

// useRunbook replaces the name of a runbook by its steps.
func (c *call) useRunbook(n *node, target string) error {
	ident := c.Args.Text("runbook")
	if ident == "" {
		return nil
	}
	if c.Minor < 92 {
		return rest.NotAcceptable(0)
	}
	book, err := c.fleet.RunbookFor(c.Context(), c.rules(), ident, n)
	if err != nil {
		return err
	}
	if steps := target + "_steps"; ramdiskSince[target] > 0 {
		if objects(c.Args[steps]) != nil {
			return rest.Invalid(`Please provide either "%s" or a runbook, but not both.`, steps)
		}
		c.Args[steps] = rest.JSONValue(fleet.InOrder(book.Steps))
	}
	c.Args["disable_ramdisk"] = book.DisableRamdisk
	return nil
}

// unmaskProvision resolves the masks of what a node's instance_info shows and
// refuses those in steps, which are given anew each time.
func (c *call) unmaskProvision(n *node) (err error) {
	for _, name := range []string{"configdrive", "rescue_password", "clean_steps", "deploy_steps", "service_steps"} {
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
		Required: []string{"interface", "step"}, Closed: true,
		Order: []string{"interface", "step", "args", "order", "execute_on_child_nodes", "limit_child_node_execution"},
		Props: map[string]*rest.Schema{
			"interface":                  {Enum: stepInterfaces},
			"step":                       {Types: []string{"string"}, Min: 1},
			"args":                       {Types: []string{"object"}, Secret: true},
			"order":                      digits,
			"execute_on_child_nodes":     {Types: []string{"boolean"}},
			"limit_child_node_execution": {Types: []string{"array"}},
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
