package api

import (
	"cmp"
	"net/http"
	"slices"

	"ironhook/baremetal"
	"ironhook/fleet"
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
	defaults: func(v *portgroup, body baremetal.Object) {
		if body["standalone_ports_supported"] == nil {
			v.StandalonePorts = true
		}
	},
	insert: func(c *call, v *portgroup) error { return c.fleet.CreatePortgroup(c.ctx, v) },
	update: func(c *call, ident string, p fleet.Patch[portgroup]) (*portgroup, error) {
		return c.fleet.UpdatePortgroup(c.ctx, ident, c.rules(), p)
	},
	delete: func(c *call, ident string) error { return c.fleet.DeletePortgroup(c.ctx, ident) },
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
