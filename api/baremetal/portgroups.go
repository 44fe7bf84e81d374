package baremetalapi

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"time"

	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/fleet"
	"ironhook/store"
)

type portgroup = baremetal.Portgroup

func portgroupUUID(v *portgroup) string { return v.UUID }

var portgroups = table[portgroup]{rows: (*store.Tx).Portgroups, Resource: rest.NewResource(rest.Resource[portgroup]{
	Plural: "portgroups", Path: "portgroups", Body: "portgroup", Ident: "portgroup_ident",
	UUID:  portgroupUUID,
	Brief: []string{"uuid", "address", "name"},
	Fields: []rest.Field[portgroup]{
		rest.UUIDField("uuid", 23, rest.Brief|rest.Create, func(v *portgroup) *string { return &v.UUID }),
		rest.Created(func(v *portgroup) *time.Time { return &v.CreatedAt }),
		rest.Updated(func(v *portgroup) *time.Time { return &v.UpdatedAt }),
		rest.TextField("address", 23, rest.Brief|rest.Create|rest.Update, func(v *portgroup) *string { return &v.Address }).Checked(&rest.MAC),
		rest.ObjectField("extra", 23, rest.Create|rest.Update, func(v *portgroup) *baremetal.Object { return &v.Extra }),
		rest.ObjectField("internal_info", 23, 0, func(v *portgroup) *baremetal.Object { return &v.InternalInfo }),
		rest.TextField("mode", 23, rest.Create|rest.Update, func(v *portgroup) *string { return &v.Mode }).Writable(26),
		rest.TextField("name", 23, rest.Brief|rest.Create|rest.Update, func(v *portgroup) *string { return &v.Name }),
		rest.ObjectField("properties", 23, rest.Create|rest.Update, func(v *portgroup) *baremetal.Object { return &v.Properties }).Writable(26),
		rest.FlagField("standalone_ports_supported", 23, rest.Create|rest.Update, func(v *portgroup) *bool { return &v.StandalonePorts }),
		nodeUUIDField(func(v *portgroup) *string { return &v.NodeUUID }).Quiet(),
		rest.OptionalField("physical_network", 102, rest.Create|rest.Update|rest.Silent,
			func(v *portgroup) **string { return &v.PhysicalNetwork }).Max(64),
		rest.OptionalField("category", 103, rest.Create|rest.Update|rest.Silent, func(v *portgroup) **string { return &v.Category }).Max(80),
		rest.DerivedField("dynamic_portgroup", 111, 0,
			func(b []byte, _ *rest.Call, v *portgroup) []byte { return strconv.AppendBool(b, v.Dynamic) }).
			In("dynamic_portgroup"),
		rest.LinksField("links", 23, rest.Implicit|rest.Always, "portgroups", portgroupUUID, ""),
		rest.LinksField("ports", 23, 0, "portgroups", portgroupUUID, "/ports"),
	},
})}

// aMAC is a MAC address that Ironic checks by a schema.
var aMAC = rest.Kind{Doc: rest.MAC.Doc, Parse: func(name string, v any) (any, error) {
	parsed, err := rest.MAC.Parse(name, v)
	if err != nil {
		err = rest.Invalid("Schema error: %s is not a 'mac-address'", rest.Quote(v))
	}
	return parsed, err
}}

var portgroupKind = collection[portgroup]{table: portgroups, noun: "portgroup", since: 23,
	olderOne: rest.ErrNoRoute, named: true, inDetail: true,
	filters: args{rest.Optional("node", rest.Ident), rest.Optional("address", aMAC),
		rest.Optional("conductor_groups", rest.Words), rest.Optional("shard", rest.Words).From(106)},
	filter: func(c *call, tx *store.Tx, l *listing) error {
		if err := c.Knows(args{rest.Optional("shard", rest.Words).From(106)}); err != nil {
			return err
		}
		ident := cmp.Or(c.Args.Text("node_ident"), c.Args.Text("node"))
		ways := 0
		for _, given := range []bool{ident != "", c.Args.Given("address"), len(c.Args.List("shard")) > 0,
			len(c.Args.List("conductor_groups")) > 0} {
			if given {
				ways++
			}
		}
		if ways > 1 {
			return rest.Invalid("Filtering by node, address, or shard simultaneously is not supported.")
		}
		l.where(c, "address", "address")
		if ident == "" {
			return c.filterByNodes(tx, l)
		}
		n, err := c.findNode(tx, ident)
		if err != nil {
			return err
		}
		l.match("node_uuid", n.UUID)
		l.Keep("node", ident)
		return nil
	},
	defaults: func(v *portgroup, body baremetal.Object) {
		if body["standalone_ports_supported"] == nil {
			v.StandalonePorts = true
		}
	},
	insert: func(c *call, v *portgroup) error { return c.fleet.CreatePortgroup(c.Context(), v) },
	update: func(c *call, ident string, p fleet.Patch[portgroup]) (*portgroup, error) {
		return c.fleet.UpdatePortgroup(c.Context(), ident, c.rules(), p)
	},
	delete: func(c *call, ident string) error { return c.fleet.DeletePortgroup(c.Context(), ident) },
}

var portgroupArg = rest.Mandatory("portgroup", rest.Ident)

func portgroupRoutes() []route {
	return slices.Concat(portgroupKind.routes(), []route{
		{Method: "GET", Path: "/portgroups/{portgroup}/ports", Since: 24, Gate: rest.ErrNoRoute,
			Args:   rest.Join(args{portgroupArg}, portFilterArgs[:len(portFilterArgs)-2], rest.FieldArgs),
			Handle: listPorts, Doc: "List the ports of a portgroup"},
		{Method: "GET", Path: "/portgroups/{portgroup}/ports/detail", Since: 24, Gate: rest.ErrNoRoute,
			Args:   rest.Join(args{portgroupArg}, portFilterArgs[:len(portFilterArgs)-2]),
			Handle: listPortsInDetail, Doc: "List the ports of a portgroup with all their fields"},
		{Method: "GET", Path: "/nodes/{node_ident}/portgroups", Since: 24, Gate: rest.ErrNoRoute,
			Args:   rest.Join(args{nodeArg}, portgroupKind.filters, pageArgs, rest.FieldArgs),
			Handle: portgroupKind.listHandler, Doc: "List the portgroups of a node"},
		{Method: "GET", Path: "/nodes/{node_ident}/portgroups/detail", Since: 24, Gate: rest.ErrNoRoute,
			Args:   rest.Join(args{nodeArg}, portgroupKind.filters, pageArgs),
			Handle: portgroupKind.listDetail, Doc: "List the portgroups of a node with all their fields"},
		{Method: "GET", Path: "/nodes/{node_ident}/portgroups/{portgroup}", Since: 24, Gate: rest.ErrNoRoute,
			Args: args{nodeArg, portgroupArg, rest.Optional("fields", rest.Words)}, Handle: notHere},
		{Method: "POST", Path: "/nodes/{node_ident}/portgroups", Since: 24, Gate: rest.ErrNoRoute,
			Args: args{nodeArg, rest.Mandatory("portgroup", rest.Any)}, Body: "portgroup",
			Status: http.StatusCreated, Handle: notHere},
	})
}
