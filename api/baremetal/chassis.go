package baremetalapi

import (
	"slices"
	"time"

	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/fleet"
	"ironhook/store"
)

type chassis = baremetal.Chassis

func chassisUUID(v *chassis) string { return v.UUID }

var chassisTable = table[chassis]{rows: (*store.Tx).Chassis, Resource: rest.NewResource(rest.Resource[chassis]{
	Plural: "chassis", Path: "chassis", Body: "chassis", Ident: "chassis_uuid",
	UUID: chassisUUID, Allowed: []string{"uuid", "extra", "description"},
	Fields: []rest.Field[chassis]{
		rest.UUIDField("uuid", 1, rest.Brief|rest.Create|rest.Update, func(v *chassis) *string { return &v.UUID }),
		rest.Created(func(v *chassis) *time.Time { return &v.CreatedAt }),
		rest.Updated(func(v *chassis) *time.Time { return &v.UpdatedAt }),
		rest.TextField("description", 1, rest.Brief|rest.Create|rest.Update, func(v *chassis) *string { return &v.Description }).Max(255),
		rest.ObjectField("extra", 1, rest.Create|rest.Update, func(v *chassis) *baremetal.Object { return &v.Extra }),
		rest.LinksField("links", 1, rest.Always, "chassis", chassisUUID, ""),
		rest.DerivedField("nodes", 1, 0, func(b []byte, c *rest.Call, v *chassis) []byte {
			// A list in a list: so it is in Ironic, and no client reads it.
			return append(rest.AppendLinks(append(b, '['), c.Base, "chassis/", v.UUID, "/nodes"), ']')
		}),
	},
})}

var chassisKind = collection[chassis]{table: chassisTable, noun: "chassis", inDetail: true,
	insert: func(c *call, v *chassis) error { return c.fleet.CreateChassis(c.Context(), v) },
	update: func(c *call, ident string, p fleet.Patch[chassis]) (*chassis, error) {
		return c.fleet.UpdateChassis(c.Context(), ident, p)
	},
	delete: func(c *call, ident string) error { return c.fleet.DeleteChassis(c.Context(), ident) },
}

func chassisRoutes() []route {
	return slices.Concat(chassisKind.routes(), []route{
		{Method: "GET", Path: "/chassis/{chassis_uuid}/nodes",
			Args:   rest.Join(args{rest.Mandatory("chassis_uuid", rest.UUID)}, nodeFilterArgs[1:], rest.FieldArgs),
			Handle: listNodes, Doc: "List the nodes of a chassis"},
		{Method: "GET", Path: "/chassis/{chassis_uuid}/nodes/detail",
			Args:   rest.Join(args{rest.Mandatory("chassis_uuid", rest.UUID)}, nodeFilterArgs[1:]),
			Handle: listNodesInDetail, Doc: "List the nodes of a chassis with all their fields"},
	})
}
