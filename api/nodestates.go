package api

import (
	"net/http"
	"strings"
	"time"

	"ironhook/baremetal"
	"ironhook/conductor"
)

var (
	provisionArgs = []argument{nodeArg, mandatory("target", aString), optional("configdrive", typed("dict", "str")),
		optional("clean_steps", typed("list")), optional("deploy_steps", typed("list")),
		optional("rescue_password", aString), optional("disable_ramdisk", aBoolean)}
	since76 = faultf(http.StatusNotFound, "This endpoint is supported starting with the API version 1.76")
)

var nodeStateRoutes = []route{
	{method: "GET", path: "/nodes/{node_ident}/states", args: []argument{nodeArg}, handle: showStates, doc: "Show a node's states"},
	{method: "PUT", path: "/nodes/{node_ident}/states/power", args: []argument{nodeArg, mandatory("target", aString), optional("timeout", anInt)},
		body: "*", status: http.StatusAccepted, handle: setPower, doc: "Switch a node's power"},
	{method: "PUT", path: "/nodes/{node_ident}/states/provision", args: provisionArgs, body: "*", status: http.StatusAccepted,
		handle: provision, doc: "Move a node along its life"},
	{method: "PUT", path: "/nodes/{node_ident}/states/raid", args: []argument{nodeArg, mandatory("target_raid_config", strictly("dict"))},
		body: "target_raid_config", status: http.StatusNoContent, handle: setRAID, doc: "Set the RAID configuration that cleaning shall apply"},
	{method: "PUT", path: "/nodes/{node_ident}/states/boot_mode", args: []argument{nodeArg, mandatory("target", aString)}, body: "*",
		since: 76, gate: since76, late: true, status: http.StatusAccepted, handle: setBootMode, doc: "Choose between UEFI and BIOS boot"},
	{method: "PUT", path: "/nodes/{node_ident}/states/secure_boot", args: []argument{nodeArg, mandatory("target", aBoolean)}, body: "*",
		since: 76, gate: since76, late: true, status: http.StatusAccepted, handle: setSecureBoot, doc: "Switch secure boot"},
	{method: "GET", path: "/nodes/{node_ident}/states/console", args: []argument{nodeArg}, handle: showConsole, doc: "Show how to reach a node's console"},
	{method: "PUT", path: "/nodes/{node_ident}/states/console", args: []argument{nodeArg, mandatory("enabled", aBoolean)}, body: "*",
		status: http.StatusAccepted, handle: setConsole, doc: "Start or stop a node's console"},
}

// typed accepts null and values of some Python types, in Ironic's words.
func typed(names ...string) kind { return ofTypes(append([]string{"NoneType"}, names...)) }

// strictly is typed without null.
func strictly(names ...string) kind { return ofTypes(names) }

func ofTypes(names []string) kind {
	is := map[string]string{"NoneType": "null", "dict": "object", "str": "string", "list": "array"}
	words := make([]string, len(names))
	for i, name := range names {
		words[i] = "<class '" + name + "'>"
	}
	return kind{doc: is[names[len(names)-1]], parse: func(name string, v any) (any, error) {
		for _, n := range names {
			if isType(v, is[n]) {
				return v, nil
			}
		}
		return nil, invalid("Expected types %s for %s: %s", strings.Join(words, ", "), name, quoteAs(name, v))
	}}
}

// stateFields are what GET states shows of the node, in its order.
var stateFields = []string{"console_enabled", "last_error", "power_state", "provision_state", "target_power_state",
	"target_provision_state", "provision_updated_at", "raid_config", "target_raid_config", "boot_mode", "secure_boot"}

func showStates(c *call) ([]byte, error) {
	n, err := c.node()
	if err != nil {
		return nil, err
	}
	b := []byte{'{'}
	for _, name := range stateFields {
		for i := range nodes.fields {
			if f := &nodes.fields[i]; f.name == name && f.since <= c.minor {
				b = f.put(appendKey(b, name), c, n)
			}
		}
	}
	return append(b, '}'), nil
}

// statesChanged points to where the outcome will show.
func (c *call) statesChanged() { c.created("nodes/" + c.args.text("node_ident") + "/states") }

func setPower(c *call) ([]byte, error) {
	n, err := c.node()
	if err != nil {
		return nil, err
	}
	target := baremetal.PowerState(c.args.text("target"))
	timeout := c.args.number("timeout")
	soft := target == baremetal.SoftReboot || target == baremetal.SoftPowerOff
	switch {
	case (soft || timeout != 0) && c.minor < 27:
		return nil, notAcceptable(0)
	case c.args.given("timeout") && timeout < 1:
		return nil, invalid("timeout has to be positive integer")
	}
	if err := conductor.MaySwitch(n, c.args.text("node_ident"), str(c.args["target"])); err != nil {
		return nil, err
	}
	if err := c.conductor.SetPower(c.ctx, n.UUID, target, time.Duration(timeout)*time.Second); err != nil {
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
	target := c.args.text("target")
	if c.minor < verbSince[target] {
		return nil, notAcceptable(0)
	}
	if err := conductor.MayProvision(n, str(c.args["target"])); err != nil {
		return nil, err
	}
	if err := c.checkProvision(n, target); err != nil {
		return nil, err
	}
	err = c.conductor.Provision(c.ctx, n.UUID, conductor.ProvisionRequest{
		Target: target, ConfigDrive: c.args["configdrive"], CleanSteps: objects(c.args["clean_steps"]),
		DeploySteps: objects(c.args["deploy_steps"]), RescuePassword: c.args.text("rescue_password"),
	})
	if err != nil {
		return nil, err
	}
	c.statesChanged()
	return nil, nil
}

func objects(v any) []baremetal.Object {
	list, _ := v.([]any)
	out := make([]baremetal.Object, len(list))
	for i := range list {
		out[i] = asObject(list[i])
	}
	if len(out) == 0 {
		return nil
	}
	return out
}
