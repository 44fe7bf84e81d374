package baremetalapi

import (
	"net/http"

	"ironhook/api/rest"
	"ironhook/baremetal"
)

var bootDeviceArgs = args{nodeArg, rest.Mandatory("boot_device", rest.String), rest.Optional("persistent", rest.Boolean)}

var nodeManagementRoutes = []route{
	{Method: "GET", Path: "/nodes/validate", Args: args{rest.Optional("node", rest.Ident), rest.Optional("node_uuid", rest.UUID)},
		Handle: validateQuery,
		Doc:    "Tell which interfaces of a node are ready"},
	{Method: "GET", Path: "/nodes/{node_ident}/validate", Args: args{nodeArg},
		Handle: validateNode, Doc: "Tell which interfaces of a node are ready"},
	{Method: "PUT", Path: "/nodes/{node_ident}/maintenance", Least: baremetal.RoleOperator,
		Args: args{nodeArg, rest.Optional("reason", rest.String)}, Body: rest.Members,
		Status: http.StatusAccepted, Handle: func(c *call) ([]byte, error) { return setMaintenance(c, true) },
		Doc: "Put a node into maintenance"},
	{Method: "DELETE", Path: "/nodes/{node_ident}/maintenance", Least: baremetal.RoleOperator, Args: args{nodeArg},
		Status: http.StatusAccepted,
		Handle: func(c *call) ([]byte, error) { return setMaintenance(c, false) }, Doc: "Take a node out of maintenance"},
	{Path: "/nodes/{node_ident}/management"}, {Path: "/nodes/{node_ident}/management/{part}"},
	{Method: "GET", Path: "/nodes/{node_ident}/management/boot_device", Args: args{nodeArg},
		Handle: showBootDevice, Doc: "Ask what a node boots from"},
	{Method: "PUT", Path: "/nodes/{node_ident}/management/boot_device", Least: baremetal.RoleOperator, Args: bootDeviceArgs,
		Body:   rest.Members,
		Status: http.StatusNoContent,
		Handle: setBootDevice, Doc: "Choose what a node boots from"},
	{Method: "GET", Path: "/nodes/{node_ident}/management/boot_device/supported", Args: args{nodeArg}, Handle: showBootDevices,
		Doc: "List what a node can boot from"},
	{Method: "PUT", Path: "/nodes/{node_ident}/management/inject_nmi", Least: baremetal.RoleOperator, Args: args{nodeArg}, Body: rest.Members,
		Since:  29,
		Status: http.StatusNoContent, Handle: injectNMI, Doc: "Make a node's operating system dump itself"},
}

func validateQuery(c *call) ([]byte, error) {
	ident := c.Args.Text("node")
	if ident == "" {
		ident = c.Args.Text("node_uuid")
	}
	if ident == "" {
		return nil, rest.Invalid("Expected a logical name or UUID but received None.")
	}
	if c.Minor < 5 && !baremetal.IsUUID(ident) {
		return nil, rest.NotAcceptable(0)
	}
	c.Args["node_ident"] = ident
	return validateNode(c)
}

func validateNode(c *call) ([]byte, error) {
	n, err := c.node("uuid")
	if err != nil {
		return nil, err
	}
	reports, err := c.conductor.Validate(c.Context(), n.UUID)
	if err != nil {
		return nil, err
	}
	b := []byte{'{'}
	for _, r := range reports {
		b = rest.AppendKey(b, r.Kind)
		if r.OK {
			b = append(b, `{"result":true}`...)
			continue
		}
		b = append(rest.AppendString(append(b, `{"result":false,"reason":`...), r.Reason), '}')
	}
	return append(b, '}'), nil
}

func setMaintenance(c *call, on bool) ([]byte, error) {
	n, err := c.node("uuid")
	if err != nil {
		return nil, err
	}
	return nil, c.fleet.SetMaintenance(c.Context(), n.UUID, on, c.Args.Text("reason"))
}

func showBootDevice(c *call) ([]byte, error) {
	n, err := c.node("uuid")
	if err != nil {
		return nil, err
	}
	device, persistent, err := c.conductor.BootDevice(c.Context(), n.UUID)
	if err != nil {
		return nil, err
	}
	if device == "" {
		return []byte(`{"boot_device":null,"persistent":null}`), nil
	}
	return rest.Encode(map[string]any{"boot_device": device, "persistent": persistent}), nil
}

func showBootDevices(c *call) ([]byte, error) {
	n, err := c.node("uuid")
	if err != nil {
		return nil, err
	}
	devices, err := c.conductor.BootDevices(c.Context(), n.UUID)
	if err != nil {
		return nil, err
	}
	return append(rest.AppendStrings(rest.AppendKey([]byte{'{'}, "supported_boot_devices"), devices), '}'), nil
}

func setBootDevice(c *call) ([]byte, error) {
	n, err := c.node("uuid")
	if err != nil {
		return nil, err
	}
	if !c.Args.Given("boot_device") {
		return nil, rest.Invalid("Invalid boot device None specified.")
	}
	return nil, c.conductor.SetBootDevice(c.Context(), n.UUID, c.Args.Text("boot_device"), c.Args.Flag("persistent"))
}

func injectNMI(c *call) ([]byte, error) {
	n, err := c.node("uuid")
	if err != nil {
		return nil, err
	}
	return nil, c.conductor.InjectNMI(c.Context(), n.UUID)
}
