package baremetalapi

import (
	"time"

	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/fleet"
	"ironhook/store"
)

type (
	connector = baremetal.VolumeConnector
	target    = baremetal.VolumeTarget
)

func connectorUUID(v *connector) string { return v.UUID }
func targetUUID(v *target) string       { return v.UUID }

var connectors = table[connector]{rows: (*store.Tx).Connectors, Resource: rest.NewResource(rest.Resource[connector]{
	Plural: "connectors", Path: "volume/connectors", Body: "connector", Ident: "connector_uuid",
	UUID:  connectorUUID,
	Brief: []string{"uuid", "node_uuid", "type", "connector_id"},
	Fields: []rest.Field[connector]{
		rest.UUIDField("uuid", 32, rest.Brief|rest.Create, func(v *connector) *string { return &v.UUID }),
		rest.Created(func(v *connector) *time.Time { return &v.CreatedAt }),
		rest.Updated(func(v *connector) *time.Time { return &v.UpdatedAt }),
		rest.WordField("connector_id", 32, rest.Brief|rest.Create|rest.Required|rest.Update,
			func(v *connector) *string { return &v.ConnectorID }),
		rest.ObjectField("extra", 32, rest.Create|rest.Update, func(v *connector) *baremetal.Object { return &v.Extra }),
		rest.WordField("type", 32, rest.Brief|rest.Create|rest.Required|rest.Update, func(v *connector) *string { return &v.Type }),
		rest.LinksField("links", 32, rest.Always, "volume/connectors", connectorUUID, ""),
		nodeUUIDField(func(v *connector) *string { return &v.NodeUUID }),
	},
})}

var targets = table[target]{rows: (*store.Tx).Targets, completed: "properties", complete: fleet.Connect,
	Resource: rest.NewResource(rest.Resource[target]{
		Plural: "targets", Path: "volume/targets", Body: "target", Ident: "target_uuid",
		UUID:  targetUUID,
		Brief: []string{"uuid", "node_uuid", "volume_type", "boot_index", "volume_id"},
		Fields: []rest.Field[target]{
			rest.UUIDField("uuid", 32, rest.Brief|rest.Create, func(v *target) *string { return &v.UUID }),
			rest.Created(func(v *target) *time.Time { return &v.CreatedAt }),
			rest.Updated(func(v *target) *time.Time { return &v.UpdatedAt }),
			rest.NumberField("boot_index", 32, rest.Brief|rest.Create|rest.Required|rest.Update, func(v *target) *int64 { return &v.BootIndex }),
			rest.ObjectField("extra", 32, rest.Create|rest.Update, func(v *target) *baremetal.Object { return &v.Extra }),
			rest.SecretField("properties", 32, rest.Create|rest.Update, baremetal.VolumeSecrets,
				func(v *target) *baremetal.Object { return &v.Properties }),
			rest.WordField("volume_id", 32, rest.Brief|rest.Create|rest.Required|rest.Update, func(v *target) *string { return &v.VolumeID }),
			rest.WordField("volume_type", 32, rest.Brief|rest.Create|rest.Required|rest.Update, func(v *target) *string { return &v.VolumeType }),
			rest.LinksField("links", 32, rest.Always, "volume/targets", targetUUID, ""),
			nodeUUIDField(func(v *target) *string { return &v.NodeUUID }),
		},
	})}

// nodeUUIDField is the node a resource belongs to.
func nodeUUIDField[T any](at func(*T) *string) rest.Field[T] {
	return rest.UUIDField("node_uuid", 1, rest.Brief|rest.Create|rest.Required|rest.Update, at).NotSorted()
}
