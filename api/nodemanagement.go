package api

import (
	"net/http"

	"ironhook/baremetal"
)

var bootDeviceArgs = []argument{nodeArg, mandatory("boot_device", aString), optional("persistent", aBoolean)}

var nodeManagementRoutes = []route{
	{method: "GET", path: "/nodes/validate", args: []argument{optional("node", anIdent), optional("node_uuid", aUUID)}, handle: validateQuery,
		doc: "Tell which interfaces of a node are ready"},
	{method: "GET", path: "/nodes/{node_ident}/validate", args: []argument{nodeArg}, handle: validateNode, doc: "Tell which interfaces of a node are ready"},
	{method: "PUT", path: "/nodes/{node_ident}/maintenance", args: []argument{nodeArg, optional("reason", aString)}, body: "*",
		status: http.StatusAccepted, handle: func(c *call) ([]byte, error) { return setMaintenance(c, true) }, doc: "Put a node into maintenance"},
	{method: "DELETE", path: "/nodes/{node_ident}/maintenance", args: []argument{nodeArg}, status: http.StatusAccepted,
		handle: func(c *call) ([]byte, error) { return setMaintenance(c, false) }, doc: "Take a node out of maintenance"},
	{path: "/nodes/{node_ident}/management"}, {path: "/nodes/{node_ident}/management/{part}"},
	{method: "GET", path: "/nodes/{node_ident}/management/boot_device", args: []argument{nodeArg}, handle: showBootDevice, doc: "Ask what a node boots from"},
	{method: "PUT", path: "/nodes/{node_ident}/management/boot_device", args: bootDeviceArgs, body: "*", status: http.StatusNoContent,
		handle: setBootDevice, doc: "Choose what a node boots from"},
	{method: "GET", path: "/nodes/{node_ident}/management/boot_device/supported", args: []argument{nodeArg}, handle: showBootDevices,
		doc: "List what a node can boot from"},
	{method: "PUT", path: "/nodes/{node_ident}/management/inject_nmi", args: []argument{nodeArg}, body: "*", since: 29,
		status: http.StatusNoContent, handle: injectNMI, doc: "Make a node's operating system dump itself"},
}

func validateQuery(c *call) ([]byte, error) {
	ident := c.args.text("node")
	if ident == "" {
		ident = c.args.text("node_uuid")
	}
	if ident == "" {
		return nil, invalid("Expected a logical name or UUID but received None.")
	}
	if c.minor < 5 && !baremetal.IsUUID(ident) {
		return nil, notAcceptable(0)
	}
	c.args["node_ident"] = ident
	return validateNode(c)
}

func validateNode(c *call) ([]byte, error) {
	n, err := c.node()
	if err != nil {
		return nil, err
	}
	reports, err := c.conductor.Validate(c.ctx, n.UUID)
	if err != nil {
		return nil, err
	}
	b := []byte{'{'}
	for _, r := range reports {
		b = appendKey(b, r.Kind)
		if r.OK {
			b = append(b, `{"result":true}`...)
			continue
		}
		b = append(appendString(append(b, `{"result":false,"reason":`...), r.Reason), '}')
	}
	return append(b, '}'), nil
}

func setMaintenance(c *call, on bool) ([]byte, error) {
	n, err := c.node()
	if err != nil {
		return nil, err
	}
	return nil, c.fleet.SetMaintenance(c.ctx, n.UUID, on, c.args.text("reason"))
}

func showBootDevice(c *call) ([]byte, error) {
	n, err := c.node()
	if err != nil {
		return nil, err
	}
	device, persistent, err := c.conductor.BootDevice(c.ctx, n.UUID)
	if err != nil {
		return nil, err
	}
	if device == "" {
		return []byte(`{"boot_device":null,"persistent":null}`), nil
	}
	return encode(map[string]any{"boot_device": device, "persistent": persistent}), nil
}

func showBootDevices(c *call) ([]byte, error) {
	n, err := c.node()
	if err != nil {
		return nil, err
	}
	devices, err := c.conductor.BootDevices(c.ctx, n.UUID)
	if err != nil {
		return nil, err
	}
	return append(appendStrings(appendKey([]byte{'{'}, "supported_boot_devices"), devices), '}'), nil
}

func setBootDevice(c *call) ([]byte, error) {
	n, err := c.node()
	if err != nil {
		return nil, err
	}
	if !c.args.given("boot_device") {
		return nil, invalid("Invalid boot device None specified.")
	}
	return nil, c.conductor.SetBootDevice(c.ctx, n.UUID, c.args.text("boot_device"), c.args.flag("persistent"))
}

func injectNMI(c *call) ([]byte, error) {
	n, err := c.node()
	if err != nil {
		return nil, err
	}
	return nil, c.conductor.InjectNMI(c.ctx, n.UUID)
}
