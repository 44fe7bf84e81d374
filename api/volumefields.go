package api

import (
	"ironhook/baremetal"
	"ironhook/store"
)

type (
	connector = baremetal.VolumeConnector
	target    = baremetal.VolumeTarget
)

func connectorUUID(v *connector) string { return v.UUID }
func targetUUID(v *target) string       { return v.UUID }

var connectors = newResource(resource[connector]{
	plural: "connectors", path: "volume/connectors", body: "connector", ident: "connector_uuid",
	rows: (*store.Tx).Connectors, uuid: connectorUUID,
	brief: []string{"uuid", "node_uuid", "type", "connector_id"},
	fields: []field[connector]{
		ident("uuid", 32, brief|create, func(v *connector) *string { return &v.UUID }),
		created(func(v *connector) *timeOf { return &v.CreatedAt }),
		updated(func(v *connector) *timeOf { return &v.UpdatedAt }),
		word("connector_id", 32, brief|create|required|patch, func(v *connector) *string { return &v.ConnectorID }),
		object("extra", 32, create|patch, func(v *connector) *baremetal.Object { return &v.Extra }),
		word("type", 32, brief|create|required|patch, func(v *connector) *string { return &v.Type }),
		links("links", 32, always, "volume/connectors", connectorUUID, ""),
		nodeUUIDField(func(v *connector) *string { return &v.NodeUUID }),
	},
})

var targets = newResource(resource[target]{
	plural: "targets", path: "volume/targets", body: "target", ident: "target_uuid",
	rows: (*store.Tx).Targets, uuid: targetUUID, completed: "properties", complete: connect,
	brief: []string{"uuid", "node_uuid", "volume_type", "boot_index", "volume_id"},
	fields: []field[target]{
		ident("uuid", 32, brief|create, func(v *target) *string { return &v.UUID }),
		created(func(v *target) *timeOf { return &v.CreatedAt }),
		updated(func(v *target) *timeOf { return &v.UpdatedAt }),
		number("boot_index", 32, brief|create|required|patch, func(v *target) *int64 { return &v.BootIndex }),
		object("extra", 32, create|patch, func(v *target) *baremetal.Object { return &v.Extra }),
		secret("properties", 32, create|patch, baremetal.VolumeSecrets, func(v *target) *baremetal.Object { return &v.Properties }),
		word("volume_id", 32, brief|create|required|patch, func(v *target) *string { return &v.VolumeID }),
		word("volume_type", 32, brief|create|required|patch, func(v *target) *string { return &v.VolumeType }),
		links("links", 32, always, "volume/targets", targetUUID, ""),
		nodeUUIDField(func(v *target) *string { return &v.NodeUUID }),
	},
})

// connect renders into the properties of attached targets how their nodes log in; q is
// which grants to read.
func connect(tx *store.Tx, q store.Query) (func(*target), error) {
	grants := map[string]*baremetal.Grant{}
	list, err := tx.Grants().List(q)
	for _, g := range list {
		grants[g.Target] = g
	}
	return func(t *target) { *t = *t.Connected(grants[t.UUID]) }, err
}

// nodeUUIDField is the node a resource belongs to.
func nodeUUIDField[T any](at func(*T) *string) field[T] {
	return ident("node_uuid", 1, brief|create|required|patch, at).notSorted()
}
