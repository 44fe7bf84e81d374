package store

import (
	"time"

	"ironhook/baremetal"
)

var images = newTable(table[baremetal.Image]{
	name: "images", noun: "Image", key: "uuid", order: "id",
	columns: []column[baremetal.Image]{
		id("id", func(i *baremetal.Image) *int64 { return &i.ID }),
		text("uuid", func(i *baremetal.Image) *string { return &i.UUID }),
		text("name", func(i *baremetal.Image) *string { return &i.Name }),
		text("status", func(i *baremetal.Image) *baremetal.ImageStatus { return &i.Status }),
		null("disk_format", func(i *baremetal.Image) *string { return &i.DiskFormat }),
		null("container_format", func(i *baremetal.Image) *string { return &i.ContainerFormat }),
		text("visibility", func(i *baremetal.Image) *string { return &i.Visibility }),
		flag("protected", func(i *baremetal.Image) *bool { return &i.Protected }),
		flag("hidden", func(i *baremetal.Image) *bool { return &i.Hidden }),
		number("min_disk", func(i *baremetal.Image) *int64 { return &i.MinDisk }),
		number("min_ram", func(i *baremetal.Image) *int64 { return &i.MinRAM }),
		number("size", func(i *baremetal.Image) *int64 { return &i.Size }),
		number("virtual_size", func(i *baremetal.Image) *int64 { return &i.VirtualSize }),
		null("checksum", func(i *baremetal.Image) *string { return &i.Checksum }),
		null("hash_value", func(i *baremetal.Image) *string { return &i.HashValue }),
		null("owner", func(i *baremetal.Image) *string { return &i.Owner }),
		list("tags", func(i *baremetal.Image) *[]string { return &i.Tags }),
		object("properties", func(i *baremetal.Image) *map[string]string { return &i.Properties }),
		null("message", func(i *baremetal.Image) *string { return &i.Message }),
		stamp("created_at", func(i *baremetal.Image) *time.Time { return &i.CreatedAt }),
		stamp("updated_at", func(i *baremetal.Image) *time.Time { return &i.UpdatedAt }),
	},
	unique: []rule[baremetal.Image]{
		{"images.uuid", func(i *baremetal.Image) string { return "An image with UUID " + i.UUID + " already exists." }},
	},
	stamps: func(i *baremetal.Image) stamps { return stamps{&i.CreatedAt, &i.UpdatedAt} },
})

var imports = newTable(table[baremetal.Import]{
	name: "imports", noun: "Import", key: "source", order: "rowid",
	columns: []column[baremetal.Import]{
		text("source", func(i *baremetal.Import) *string { return &i.Source }),
		text("image_uuid", func(i *baremetal.Import) *string { return &i.ImageUUID }),
		stamp("created_at", func(i *baremetal.Import) *time.Time { return &i.CreatedAt }),
	},
	stamps: func(i *baremetal.Import) stamps { return stamps{created: &i.CreatedAt} },
})

var volumes = newTable(table[baremetal.Volume]{
	name: "volumes", noun: "Volume", key: "uuid", order: "id",
	columns: []column[baremetal.Volume]{
		id("id", func(v *baremetal.Volume) *int64 { return &v.ID }),
		text("uuid", func(v *baremetal.Volume) *string { return &v.UUID }),
		text("name", func(v *baremetal.Volume) *string { return &v.Name }),
		null("description", func(v *baremetal.Volume) *string { return &v.Description }),
		text("status", func(v *baremetal.Volume) *baremetal.VolumeStatus { return &v.Status }),
		number("size", func(v *baremetal.Volume) *int64 { return &v.Size }),
		flag("bootable", func(v *baremetal.Volume) *bool { return &v.Bootable }),
		flag("read_only", func(v *baremetal.Volume) *bool { return &v.ReadOnly }),
		null("image_uuid", func(v *baremetal.Volume) *string { return &v.ImageUUID }),
		null("snapshot_uuid", func(v *baremetal.Volume) *string { return &v.SnapshotUUID }),
		null("source_uuid", func(v *baremetal.Volume) *string { return &v.SourceUUID }),
		null("node_uuid", func(v *baremetal.Volume) *string { return &v.NodeUUID }),
		object("metadata", func(v *baremetal.Volume) *map[string]string { return &v.Metadata }),
		object("image_metadata", func(v *baremetal.Volume) *map[string]string { return &v.ImageMetadata }),
		null("message", func(v *baremetal.Volume) *string { return &v.Message }),
		stamp("created_at", func(v *baremetal.Volume) *time.Time { return &v.CreatedAt }),
		stamp("updated_at", func(v *baremetal.Volume) *time.Time { return &v.UpdatedAt }),
		object("admin_metadata", func(v *baremetal.Volume) *map[string]string { return &v.AdminMetadata }),
	},
	unique: []rule[baremetal.Volume]{
		{"volumes.uuid", func(v *baremetal.Volume) string { return "A volume with UUID " + v.UUID + " already exists." }},
	},
	stamps: func(v *baremetal.Volume) stamps { return stamps{&v.CreatedAt, &v.UpdatedAt} },
})

var snapshots = newTable(table[baremetal.Snapshot]{
	name: "snapshots", noun: "Snapshot", key: "uuid", order: "id",
	columns: []column[baremetal.Snapshot]{
		id("id", func(s *baremetal.Snapshot) *int64 { return &s.ID }),
		text("uuid", func(s *baremetal.Snapshot) *string { return &s.UUID }),
		text("name", func(s *baremetal.Snapshot) *string { return &s.Name }),
		null("description", func(s *baremetal.Snapshot) *string { return &s.Description }),
		text("volume_uuid", func(s *baremetal.Snapshot) *string { return &s.VolumeUUID }),
		text("status", func(s *baremetal.Snapshot) *baremetal.VolumeStatus { return &s.Status }),
		number("size", func(s *baremetal.Snapshot) *int64 { return &s.Size }),
		object("metadata", func(s *baremetal.Snapshot) *map[string]string { return &s.Metadata }),
		stamp("created_at", func(s *baremetal.Snapshot) *time.Time { return &s.CreatedAt }),
		stamp("updated_at", func(s *baremetal.Snapshot) *time.Time { return &s.UpdatedAt }),
	},
	unique: []rule[baremetal.Snapshot]{
		{"snapshots.uuid", func(s *baremetal.Snapshot) string { return "A snapshot with UUID " + s.UUID + " already exists." }},
	},
	stamps: func(s *baremetal.Snapshot) stamps { return stamps{&s.CreatedAt, &s.UpdatedAt} },
})

var attachments = newTable(table[baremetal.Attachment]{
	name: "attachments", noun: "Attachment", key: "uuid", order: "rowid",
	columns: []column[baremetal.Attachment]{
		text("uuid", func(a *baremetal.Attachment) *string { return &a.UUID }),
		text("volume_uuid", func(a *baremetal.Attachment) *string { return &a.VolumeUUID }),
		null("instance", func(a *baremetal.Attachment) *string { return &a.Instance }),
		null("host", func(a *baremetal.Attachment) *string { return &a.Host }),
		null("mountpoint", func(a *baremetal.Attachment) *string { return &a.Mountpoint }),
		flag("read_only", func(a *baremetal.Attachment) *bool { return &a.ReadOnly }),
		text("status", func(a *baremetal.Attachment) *string { return &a.Status }),
		stamp("created_at", func(a *baremetal.Attachment) *time.Time { return &a.CreatedAt }),
		stamp("updated_at", func(a *baremetal.Attachment) *time.Time { return &a.UpdatedAt }),
	},
	stamps: func(a *baremetal.Attachment) stamps { return stamps{&a.CreatedAt, &a.UpdatedAt} },
})

// Images are identified by UUID: their names need not be unique.
func (tx *Tx) Images() Set[baremetal.Image] { return Set[baremetal.Image]{tx, images} }

// Imports are identified by the key of their source.
func (tx *Tx) Imports() Set[baremetal.Import] { return Set[baremetal.Import]{tx, imports} }

// Volumes are identified by UUID: their names need not be unique.
func (tx *Tx) Volumes() Set[baremetal.Volume] { return Set[baremetal.Volume]{tx, volumes} }

// Snapshots are identified by UUID: their names need not be unique.
func (tx *Tx) Snapshots() Set[baremetal.Snapshot] { return Set[baremetal.Snapshot]{tx, snapshots} }

// Attachments are identified by UUID or by their IQN.
func (tx *Tx) Attachments() Set[baremetal.Attachment] {
	return Set[baremetal.Attachment]{tx, attachments}
}
