package baremetalapi

import (
	"net/http"
	"time"

	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/conductor"
)

// maxProvisionBody is how many bytes the body of a change of provision state may have: a
// configdrive travels in it.
const maxProvisionBody = 64 << 20

var (
	provisionArgs = args{nodeArg, rest.Mandatory("target", rest.String), rest.Optional("configdrive", rest.Typed("dict", "str")),
		rest.Optional("clean_steps", rest.Typed("list")), rest.Optional("deploy_steps", rest.Typed("list")),
		rest.Optional("rescue_password", rest.String), rest.Optional("disable_ramdisk", rest.Boolean),
		rest.Optional("service_steps", rest.Typed("list")), rest.Optional("runbook", rest.Typed("str"))}
	since76 = rest.Refuse(http.StatusNotFound, "This endpoint is supported starting with the API version 1.76")
)

var nodeStateRoutes = []route{
	{Method: "GET", Path: "/nodes/{node_ident}/states", Args: args{nodeArg}, Handle: showStates, Doc: "Show a node's states"},
	{Method: "PUT", Path: "/nodes/{node_ident}/states/power", Least: baremetal.RoleOperator,
		Args: args{nodeArg, rest.Mandatory("target", rest.String), rest.Optional("timeout", rest.Integer)},
		Body: rest.Members, Status: http.StatusAccepted, Handle: setPower, Doc: "Switch a node's power"},
	{Method: "PUT", Path: "/nodes/{node_ident}/states/provision", Least: baremetal.RoleOperator, Args: provisionArgs, Body: rest.Members,
		MaxBody: maxProvisionBody,
		Status:  http.StatusAccepted,
		Handle:  provision, Doc: "Move a node along its life"},
	{Method: "PUT", Path: "/nodes/{node_ident}/states/raid",
		Args: args{nodeArg, rest.Mandatory("target_raid_config", rest.StrictlyTyped("dict"))},
		Body: "target_raid_config", Status: http.StatusNoContent, Handle: setRAID, Doc: "Set the RAID configuration that cleaning shall apply"},
	{Method: "PUT", Path: "/nodes/{node_ident}/states/boot_mode", Least: baremetal.RoleOperator,
		Args:  args{nodeArg, rest.Mandatory("target", rest.String)},
		Body:  rest.Members,
		Since: 76, Gate: since76, Late: true, Status: http.StatusAccepted, Handle: setBootMode, Doc: "Choose between UEFI and BIOS boot"},
	{Method: "PUT", Path: "/nodes/{node_ident}/states/secure_boot", Least: baremetal.RoleOperator,
		Args:  args{nodeArg, rest.Mandatory("target", rest.Boolean)},
		Body:  rest.Members,
		Since: 76, Gate: since76, Late: true, Status: http.StatusAccepted, Handle: setSecureBoot, Doc: "Switch secure boot"},
	{Method: "GET", Path: "/nodes/{node_ident}/states/console", Args: args{nodeArg},
		Handle: showConsole, Doc: "Show how to reach a node's console"},
	{Method: "PUT", Path: "/nodes/{node_ident}/states/console", Args: args{nodeArg, rest.Mandatory("enabled", rest.Boolean)},
		Body:   rest.Members,
		Status: http.StatusAccepted, Handle: setConsole, Doc: "Start or stop a node's console"},
}

// stateFields are the fields of the node in GET states, in its order.
var stateFields = []string{"console_enabled", "last_error", "power_state", "provision_state", "target_power_state",
	"target_provision_state", "provision_updated_at", "raid_config", "target_raid_config", "boot_mode", "secure_boot"}

func showStates(c *call) ([]byte, error) {
	n, err := c.node()
	if err != nil {
		return nil, err
	}
	b := []byte{'{'}
	for _, name := range stateFields {
		for i := range c.nodes.Fields {
			if f := &c.nodes.Fields[i]; f.Name == name && f.Since <= c.Minor {
				b = f.Put(rest.AppendKey(b, name), c.Call, n)
			}
		}
	}
	return append(b, '}'), nil
}

// statesChanged points to where the outcome will show.
func (c *call) statesChanged() { c.Created("nodes/" + c.Args.Text("node_ident") + "/states") }

func setPower(c *call) ([]byte, error) {
	n, err := c.node()
	if err != nil {
		return nil, err
	}
	target := baremetal.PowerState(c.Args.Text("target"))
	timeout := c.Args.Number("timeout")
	soft := target == baremetal.SoftReboot || target == baremetal.SoftPowerOff
	switch {
	case (soft || timeout != 0) && c.Minor < 27:
		return nil, rest.NotAcceptable(0)
	case c.Args.Given("timeout") && timeout < 1:
		return nil, rest.Invalid("timeout has to be positive integer")
	}
	if err := conductor.MaySwitch(n, c.Args.Text("node_ident"), rest.Str(c.Args["target"])); err != nil {
		return nil, err
	}
	if err := c.conductor.SetPower(c.Context(), n.UUID, target, time.Duration(timeout)*time.Second); err != nil {
		return nil, err
	}
	c.statesChanged()
	return nil, nil
}

// verbSince is the microversion that brought a verb.
var verbSince = map[string]int{"manage": 4, "provide": 4, "inspect": 6, "abort": 13, "clean": 15, "adopt": 17,
	"rescue": 38, "unrescue": 38, "deploy": 73}

func provision(c *call) ([]byte, error) {
	n, err := c.node()
	if err != nil {
		return nil, err
	}
	target := c.Args.Text("target")
	if c.Minor < verbSince[target] {
		return nil, rest.NotAcceptable(0)
	}
	if err := conductor.MayProvision(n, rest.Str(c.Args["target"])); err != nil {
		return nil, err
	}
	if err := c.checkProvision(n, target); err != nil {
		return nil, err
	}
	err = c.conductor.Provision(c.Context(), n.UUID, conductor.ProvisionRequest{
		Target: target, ConfigDrive: c.Args["configdrive"], CleanSteps: objects(c.Args["clean_steps"]),
		DeploySteps: objects(c.Args["deploy_steps"]), RescuePassword: c.Args.Text("rescue_password"),
		ServiceSteps: objects(c.Args["service_steps"]), DisableRamdisk: c.Args.Flag("disable_ramdisk"),
	})
	if err != nil {
		return nil, err
	}
	c.statesChanged()
	return nil, nil
}
