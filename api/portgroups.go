package api

import (
	"cmp"
	"net/http"
	"slices"

	"ironhook/baremetal"
	"ironhook/store"
)

type portgroup = baremetal.Portgroup

func portgroupUUID(v *portgroup) string { return v.UUID }

var portgroups = newResource(resource[portgroup]{
	plural: "portgroups", path: "portgroups", body: "portgroup", ident: "portgroup_ident",
	rows: (*store.Tx).Portgroups, uuid: portgroupUUID,
	brief: []string{"uuid", "address", "name"},
	fields: []field[portgroup]{
		ident("uuid", 23, brief|create, func(v *portgroup) *string { return &v.UUID }),
		created(func(v *portgroup) *timeOf { return &v.CreatedAt }),
		updated(func(v *portgroup) *timeOf { return &v.UpdatedAt }),
		text("address", 23, brief|create|patch, func(v *portgroup) *string { return &v.Address }).checked(&aMAC),
		object("extra", 23, create|patch, func(v *portgroup) *baremetal.Object { return &v.Extra }),
		object("internal_info", 23, 0, func(v *portgroup) *baremetal.Object { return &v.InternalInfo }),
		text("mode", 23, create|patch, func(v *portgroup) *string { return &v.Mode }).writable(26),
		text("name", 23, brief|create|patch, func(v *portgroup) *string { return &v.Name }),
		object("properties", 23, create|patch, func(v *portgroup) *baremetal.Object { return &v.Properties }).writable(26),
		flag("standalone_ports_supported", 23, create|patch, func(v *portgroup) *bool { return &v.StandalonePorts }),
		nodeUUIDField(func(v *portgroup) *string { return &v.NodeUUID }).quiet(),
		links("links", 23, implicit|always, "portgroups", portgroupUUID, ""),
		links("ports", 23, 0, "portgroups", portgroupUUID, "/ports"),
	},
})

var portgroupKind = collection[portgroup]{resource: portgroups, noun: "portgroup", since: 23, olderOne: lookup404, named: true, inDetail: true,
	filters: []argument{optional("node", anIdent), optional("address", aMAC)},
	id:      func(v *portgroup) *string { return &v.UUID },
	filter: func(c *call, tx *store.Tx, l *listing) error {
		l.where(c, "address", "address")
		ident := cmp.Or(c.args.text("node_ident"), c.args.text("node"))
		if ident == "" {
			return nil
		}
		n, err := c.findNode(tx, ident)
		if err != nil {
			return err
		}
		l.query.Filters = append(l.query.Filters, store.Where("node_uuid", n.UUID).Filters...)
		l.keep("node", ident)
		return nil
	},
	creating: func(_ *call, tx *store.Tx, v *portgroup, body baremetal.Object) error {
		if _, err := nodeOf(tx, v.NodeUUID); err != nil {
			return err
		}
		if v.Name != "" && !isName(v.Name) {
			return invalid("Cannot create portgroup with invalid name '%s'", v.Name)
		}
		v.Mode = cmp.Or(v.Mode, "active-backup")
		if body["standalone_ports_supported"] == nil {
			v.StandalonePorts = true
		}
		return nil
	},
	updating: updatePortgroup,
	deleting: func(_ *call, tx *store.Tx, v *portgroup) error {
		if full, err := hasPorts(tx, v); err != nil || !full {
			return err
		}
		return invalid("Cannot complete the requested action because portgroup %s contains ports.", v.UUID)
	},
}

func hasPorts(tx *store.Tx, v *portgroup) (bool, error) {
	members, err := tx.Ports().List(store.Query{Filters: store.Where("portgroup_uuid", v.UUID).Filters, Columns: []string{"uuid"}, Limit: 1})
	return len(members) > 0, err
}

func updatePortgroup(c *call, tx *store.Tx, v *portgroup, ops []operation) error {
	if v.Mode == "" {
		return invalid("'mode' is a mandatory attribute and can not be removed")
	}
	if v.Name != "" && !isName(v.Name) {
		return invalid("Portgroup %s: Cannot change name to invalid name '%s'", c.args.text("portgroup_ident"), v.Name)
	}
	n, err := nodeOf(tx, v.NodeUUID)
	switch {
	case err != nil:
		return err
	case n.Reservation != "":
		return conflict("Node %s is locked by host %s, please retry after the current operation is completed.", n.UUID, n.Reservation)
	case n.ProvisionState == baremetal.Inspecting && c.minor >= 39:
		return conflict(`Cannot update portgroup "%s" on node "%s" while it is in state "inspecting".`, v.UUID, n.UUID)
	case !slices.ContainsFunc(ops, func(o operation) bool { return o.touches("node_uuid") }):
		return nil
	case !n.Maintenance && !slices.Contains(connected, n.ProvisionState):
		return conflict("Portgroup %s can not be associated to node %s unless the node is in a enroll, inspecting, inspect wait, manageable state or in maintenance mode.", v.UUID, n.UUID)
	}
	if full, err := hasPorts(tx, v); err != nil || !full {
		return err
	}
	return invalid("Portgroup %s can not be associated with node %s because there are ports associated with this portgroup.", v.UUID, n.UUID)
}

var portgroupArg = mandatory("portgroup", anIdent)

func portgroupRoutes() []route {
	return slices.Concat(portgroupKind.routes(), []route{
		{method: "GET", path: "/portgroups/{portgroup}/ports", since: 24, gate: lookup404, args: join([]argument{portgroupArg}, portFilterArgs[:len(portFilterArgs)-2], fieldArgs),
			handle: listPorts, doc: "List the ports of a portgroup"},
		{method: "GET", path: "/portgroups/{portgroup}/ports/detail", since: 24, gate: lookup404, args: join([]argument{portgroupArg}, portFilterArgs[:len(portFilterArgs)-2]),
			handle: listPortsInDetail, doc: "List the ports of a portgroup with all their fields"},
		{method: "GET", path: "/nodes/{node_ident}/portgroups", since: 24, gate: lookup404, args: join([]argument{nodeArg}, portgroupKind.filters, pageArgs, fieldArgs),
			handle: portgroupKind.listHandler, doc: "List the portgroups of a node"},
		{method: "GET", path: "/nodes/{node_ident}/portgroups/detail", since: 24, gate: lookup404, args: join([]argument{nodeArg}, portgroupKind.filters, pageArgs),
			handle: portgroupKind.listDetail, doc: "List the portgroups of a node with all their fields"},
		{method: "GET", path: "/nodes/{node_ident}/portgroups/{portgroup}", since: 24, gate: lookup404, args: []argument{nodeArg, portgroupArg, optional("fields", aList)}, handle: notHere},
		{method: "POST", path: "/nodes/{node_ident}/portgroups", since: 24, gate: lookup404, args: []argument{nodeArg, mandatory("portgroup", anyValue)}, body: "portgroup",
			status: http.StatusCreated, handle: notHere},
	})
}
