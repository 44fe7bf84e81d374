package api

import (
	"slices"

	"ironhook/baremetal"
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
	id: func(v *chassis) *string { return &v.UUID },
	updating: func(_ *call, _ *store.Tx, v *chassis, ops []operation) error {
		if slices.ContainsFunc(ops, func(o operation) bool { return o.touches("uuid") }) {
			return invalid("Cannot overwrite UUID for an existing Chassis.")
		}
		return nil
	},
	deleting: func(_ *call, tx *store.Tx, v *chassis) error {
		held, err := tx.Nodes().List(store.Query{Filters: store.Where("chassis_uuid", v.UUID).Filters, Columns: []string{"uuid"}, Limit: 1})
		if err == nil && len(held) > 0 {
			err = invalid("Cannot complete the requested action because chassis %s contains nodes.", v.UUID)
		}
		return err
	},
}

func chassisRoutes() []route {
	return slices.Concat(chassisKind.routes(), []route{
		{method: "GET", path: "/chassis/{chassis_uuid}/nodes", args: join([]argument{mandatory("chassis_uuid", aUUID)}, nodeFilterArgs[1:], fieldArgs),
			handle: listNodes, doc: "List the nodes of a chassis"},
		{method: "GET", path: "/chassis/{chassis_uuid}/nodes/detail", args: join([]argument{mandatory("chassis_uuid", aUUID)}, nodeFilterArgs[1:]),
			handle: listNodesInDetail, doc: "List the nodes of a chassis with all their fields"},
	})
}
