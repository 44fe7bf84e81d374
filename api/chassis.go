package api

import (
	"slices"

	"ironhook/baremetal"
	"ironhook/fleet"
	"ironhook/store"
)

type chassis = baremetal.Chassis

func chassisUUID(v *chassis) string { return v.UUID }

var chassisResource = newResource(resource[chassis]{
	plural: "chassis", path: "chassis", body: "chassis", ident: "chassis_uuid",
	rows: (*store.Tx).Chassis, uuid: chassisUUID, allowed: []string{"uuid", "extra", "description"},
	fields: []field[chassis]{
		ident("uuid", 1, brief|create|patch, func(v *chassis) *string { return &v.UUID }),
		created(func(v *chassis) *timeOf { return &v.CreatedAt }),
		updated(func(v *chassis) *timeOf { return &v.UpdatedAt }),
		text("description", 1, brief|create|patch, func(v *chassis) *string { return &v.Description }).max(255),
		object("extra", 1, create|patch, func(v *chassis) *baremetal.Object { return &v.Extra }),
		links("links", 1, always, "chassis", chassisUUID, ""),
		derived("nodes", 1, 0, func(b []byte, c *call, v *chassis) []byte {
			// A list in a list: so it is in Ironic, and no client reads it.
			return append(appendLinks(append(b, '['), c.base, "chassis/", v.UUID, "/nodes"), ']')
		}),
	},
})

var chassisKind = collection[chassis]{resource: chassisResource, noun: "chassis", inDetail: true,
	insert: func(c *call, v *chassis) error { return c.fleet.CreateChassis(c.ctx, v) },
	update: func(c *call, ident string, p fleet.Patch[chassis]) (*chassis, error) {
		return c.fleet.UpdateChassis(c.ctx, ident, p)
	},
	delete: func(c *call, ident string) error { return c.fleet.DeleteChassis(c.ctx, ident) },
}

func chassisRoutes() []route {
	return slices.Concat(chassisKind.routes(), []route{
		{method: "GET", path: "/chassis/{chassis_uuid}/nodes", args: join([]argument{mandatory("chassis_uuid", aUUID)}, nodeFilterArgs[1:], fieldArgs),
			handle: listNodes, doc: "List the nodes of a chassis"},
		{method: "GET", path: "/chassis/{chassis_uuid}/nodes/detail", args: join([]argument{mandatory("chassis_uuid", aUUID)}, nodeFilterArgs[1:]),
			handle: listNodesInDetail, doc: "List the nodes of a chassis with all their fields"},
	})
}
