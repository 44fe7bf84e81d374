package api

import (
	"net/http"

	"ironhook/baremetal"
	"ironhook/store"
)

type port = baremetal.Port

func portUUID(p *port) string { return p.UUID }

var ports = newResource(resource[port]{
	plural: "ports", path: "ports", body: "port", ident: "port_uuid",
	rows: (*store.Tx).Ports, uuid: portUUID, strict: true,
	fields: []field[port]{
		ident("uuid", 1, brief|create, func(p *port) *string { return &p.UUID }),
		created(func(p *port) *timeOf { return &p.CreatedAt }),
		updated(func(p *port) *timeOf { return &p.UpdatedAt }),
		word("address", 1, brief|create|required|patch, func(p *port) *string { return &p.Address }).checked(&aMAC),
		object("extra", 1, create|patch, func(p *port) *baremetal.Object { return &p.Extra }),
		object("internal_info", 18, silent, func(p *port) *baremetal.Object { return &p.InternalInfo }),
		flag("is_smartnic", 53, create|patch, func(p *port) *bool { return &p.IsSmartNIC }),
		object("local_link_connection", 19, create|patch, func(p *port) *baremetal.Object { return &p.LocalLinkConnection }).
			with(&schema{types: []string{"null", "object"}}).checked(&aLocalLink),
		text("physical_network", 34, create|patch, func(p *port) *string { return &p.PhysicalNetwork }).max(64),
		flag("pxe_enabled", 19, create|patch, func(p *port) *bool { return &p.PXEEnabled }),
		nodeUUIDField(func(p *port) *string { return &p.NodeUUID }).quiet(),
		links("links", 1, implicit|always, "ports", portUUID, ""),
		ident("portgroup_uuid", 24, create|patch, func(p *port) *string { return &p.PortgroupUUID }),
	},
})

var (
	portFilterArgs = join([]argument{optional("node", anIdent), optional("node_uuid", aUUID), optional("address", aMAC)}, pageArgs,
		[]argument{optional("portgroup", anIdent), optional("shard", aList)})
	portArg       = mandatory("port_uuid", aUUID)
	portPatchArgs = []argument{portArg, mandatory("patch", aPatch)}
)

var portRoutes = []route{
	{method: "GET", path: "/ports", args: join(portFilterArgs, fieldArgs), handle: listPorts, doc: "List ports"},
	{method: "GET", path: "/ports/detail", args: portFilterArgs, handle: listPortsInDetail, doc: "List ports with all their fields"},
	{method: "POST", path: "/ports", args: []argument{mandatory("port", anyValue)}, body: "port", status: http.StatusCreated, handle: createPort, doc: "Create a port"},
	{method: "PATCH", path: "/ports", args: portPatchArgs, body: "patch", handle: patchPort},
	{method: "DELETE", path: "/ports", args: []argument{portArg}, status: http.StatusNoContent, handle: deletePort},
	{method: "GET", path: "/ports/{port_uuid}", args: []argument{portArg, optional("fields", aList)}, handle: showPort, doc: "Show a port"},
	{method: "POST", path: "/ports/{port_uuid}", args: []argument{mandatory("port_uuid", aString)}, handle: postToItem("port", "port_uuid")},
	{method: "PATCH", path: "/ports/{port_uuid}", args: portPatchArgs, body: "patch", handle: patchPort, doc: "Change a port by a JSON patch"},
	{method: "DELETE", path: "/ports/{port_uuid}", args: []argument{portArg}, status: http.StatusNoContent, handle: deletePort, doc: "Delete a port"},
	{method: "GET", path: "/ports/{port_uuid}/{fields}", args: []argument{portArg, optional("fields", aList)}, handle: showPort},

	{method: "GET", path: "/nodes/{node_ident}/ports", args: join([]argument{nodeArg}, portFilterArgs, fieldArgs), handle: listPorts, doc: "List the ports of a node"},
	{method: "GET", path: "/nodes/{node_ident}/ports/detail", args: join([]argument{nodeArg}, portFilterArgs), handle: listPortsInDetail, doc: "List the ports of a node with all their fields"},
	{method: "POST", path: "/nodes/{node_ident}/ports", args: []argument{nodeArg, mandatory("port", anyValue)}, body: "port", handle: notHere},
	{method: "GET", path: "/nodes/{node_ident}/ports/{port_uuid}", args: []argument{nodeArg, portArg, optional("fields", aList)}, handle: notHere},
	{method: "PATCH", path: "/nodes/{node_ident}/ports/{port_uuid}", args: join([]argument{nodeArg}, portPatchArgs), body: "patch", handle: notHere},
	{method: "DELETE", path: "/nodes/{node_ident}/ports/{port_uuid}", args: []argument{nodeArg, portArg}, handle: notHere},
}

func showPort(c *call) ([]byte, error) {
	p, err := ports.get(c, c.args.text("port_uuid"))
	if err != nil {
		return nil, err
	}
	if c.args.given("fields") && c.minor < 8 {
		return nil, notAcceptable(0)
	}
	if err := ports.acceptable(c, c.args.list("fields")); err != nil {
		return nil, err
	}
	return ports.show(c, p, c.args.list("fields"))
}

func createPort(c *call) ([]byte, error) {
	p := &port{PXEEnabled: true}
	if err := ports.fill(c, c.args["port"], p); err != nil {
		return nil, err
	}
	if err := c.fleet.CreatePort(c.ctx, c.rules(), p, asObject(c.args["port"])); err != nil {
		return nil, err
	}
	c.created("ports/" + p.UUID)
	return ports.show(c, p, nil)
}

func patchPort(c *call) ([]byte, error) {
	if _, err := ports.operations(c); err != nil { // before the port is looked for
		return nil, err
	}
	p, err := c.fleet.UpdatePort(c.ctx, c.args.text("port_uuid"), c.rules(), ports.change(c, nil))
	if err != nil {
		return nil, err
	}
	return ports.show(c, p, nil)
}

func deletePort(c *call) ([]byte, error) {
	return nil, c.fleet.DeletePort(c.ctx, c.args.text("port_uuid"))
}
