package api

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"ironhook/baremetal"
	"ironhook/store"

	"github.com/google/uuid"
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
	p.UUID = cmp.Or(p.UUID, uuid.NewString())
	body := asObject(c.args["port"])
	err := c.store.Update(c.ctx, func(tx *store.Tx) error {
		n, err := nodeOf(tx, p.NodeUUID)
		if err != nil {
			return err
		}
		if err := checkPort(c, tx, p, body); err != nil {
			return err
		}
		if err := tx.Ports().Insert(p); err != nil {
			return err
		}
		return tx.Append(baremetal.Event{Node: n.UUID, MAC: p.Address, Kind: baremetal.EventNode, Detail: "port created"})
	})
	if err != nil {
		return nil, err
	}
	c.created("ports/" + p.UUID)
	return ports.show(c, p, nil)
}

// checkPort holds the rules between a port and its portgroup and network.
func checkPort(c *call, tx *store.Tx, p *port, body baremetal.Object) error {
	if c.minor < 64 && asObject(body["local_link_connection"])["network_type"] != nil {
		return notAcceptable(0)
	}
	if v, ok := body["physical_network"]; ok && v == "" {
		return invalid("A non-empty value is required when setting physical_network")
	}
	if p.IsSmartNIC {
		if len(smartNIC.breaches(document(orEmpty(p.LocalLinkConnection)), 0, nil)) > 0 {
			return invalid("Smart NIC port must have port_id and hostname in local_link_connection")
		}
	}
	if p.PortgroupUUID == "" {
		return nil
	}
	group, err := tx.Portgroups().Get(p.PortgroupUUID)
	if err != nil {
		return as(err, baremetal.ErrNotFound, http.StatusBadRequest)
	}
	if group.NodeUUID != p.NodeUUID {
		return invalid("Port can not be added to a portgroup belonging to a different node.")
	}
	if p.PXEEnabled && !group.StandalonePorts {
		return conflict("Port group %s doesn't support standalone ports. This port cannot be created as a member of that portgroup "+
			"as the port's 'pxe_enabled' field was set to True.", group.UUID)
	}
	return nil
}

// connected are the states in which a port's cabling may be described anew.
var connected = []baremetal.ProvisionState{baremetal.Enroll, baremetal.Inspecting, baremetal.InspectWait, baremetal.Manageable}

func patchPort(c *call) ([]byte, error) {
	ops, err := ports.operations(c)
	if err != nil {
		return nil, err
	}
	id := c.args.text("port_uuid")
	p, err := ports.get(c, id)
	if err != nil {
		return nil, err
	}
	if _, err := ports.apply(ops, p); err != nil {
		return nil, err
	}
	err = c.conductor.Edit(c.ctx, p.NodeUUID, func(tx *store.Tx, n *node) error {
		if p, err = tx.Ports().Get(id); err != nil {
			return err
		}
		changed, err := ports.apply(ops, p)
		if err != nil || len(changed) == 0 {
			return err
		}
		if err := mayChangePort(c, n, p, changed); err != nil {
			return err
		}
		if err := checkPort(c, tx, p, changedBody(ops)); err != nil {
			return err
		}
		if err := tx.Ports().Update(p); err != nil {
			return err
		}
		return tx.Append(baremetal.Event{Node: n.UUID, MAC: p.Address, Kind: baremetal.EventNode, Detail: "port changed: " + strings.Join(changed, ", ")})
	})
	if err != nil {
		return nil, as(err, baremetal.ErrNotFound, http.StatusBadRequest)
	}
	return ports.show(c, p, nil)
}

// changedBody is what the operations set at the root, as a body would.
func changedBody(ops []operation) baremetal.Object {
	body := baremetal.Object{}
	for _, op := range ops {
		if parts := op.parts(); len(parts) == 1 && op.op != "remove" {
			body[parts[0]] = op.value
		}
	}
	return body
}

func mayChangePort(c *call, n *node, p *port, changed []string) error {
	if n.ProvisionState == baremetal.Inspecting && c.minor >= 39 {
		return conflict(`Cannot update port "%s" on "%s" while it is in state "inspecting".`, p.UUID, n.UUID)
	}
	if slices.Contains(changed, "address") && !n.Maintenance && (n.ProvisionState == baremetal.Active || n.InstanceUUID != "") {
		return conflict("Cannot update hardware address for port %s as node %s is active or has instance UUID assigned", p.UUID, n.UUID)
	}
	if n.Maintenance || slices.Contains(connected, n.ProvisionState) {
		return nil
	}
	for _, name := range []string{"portgroup_uuid", "pxe_enabled", "local_link_connection", "physical_network"} {
		if slices.Contains(changed, name) {
			return conflict("Port %s can not have any connectivity attributes (portgroup_id, pxe_enabled, local_link_connection, physical_network) updated "+
				"unless node %s is in a enroll, inspecting, inspect wait, manageable state or in maintenance mode. The current state is %s.", p.UUID, n.UUID, n.ProvisionState)
		}
	}
	return nil
}

func deletePort(c *call) ([]byte, error) {
	id := c.args.text("port_uuid")
	p, err := ports.get(c, id)
	if err != nil {
		return nil, err
	}
	return nil, c.conductor.Edit(c.ctx, p.NodeUUID, func(tx *store.Tx, n *node) error {
		if n.InstanceUUID != "" && !n.Maintenance && n.ProvisionState == baremetal.Active && p.InternalInfo["tenant_vif_port_id"] != nil {
			return conflict("Cannot delete the port %s as node %s is active and has a VIF attached to it", p.UUID, n.UUID)
		}
		if err := tx.Ports().Delete(id); err != nil {
			return err
		}
		return tx.Append(baremetal.Event{Node: n.UUID, MAC: p.Address, Kind: baremetal.EventNode, Detail: "port deleted"})
	})
}
