package store

import "ironhook/baremetal"

var images = table[baremetal.Image]{
	name: "images", noun: "Image", key: "uuid", order: "id",
	columns: []column[baremetal.Image]{
		{"id", func(i *baremetal.Image) field { return id(&i.ID) }},
		{"uuid", func(i *baremetal.Image) field { return text(&i.UUID) }},
		{"name", func(i *baremetal.Image) field { return text(&i.Name) }},
		{"status", func(i *baremetal.Image) field { return text(&i.Status) }},
		{"disk_format", func(i *baremetal.Image) field { return null(&i.DiskFormat) }},
		{"container_format", func(i *baremetal.Image) field { return null(&i.ContainerFormat) }},
		{"visibility", func(i *baremetal.Image) field { return text(&i.Visibility) }},
		{"protected", func(i *baremetal.Image) field { return flag(&i.Protected) }},
		{"hidden", func(i *baremetal.Image) field { return flag(&i.Hidden) }},
		{"min_disk", func(i *baremetal.Image) field { return number(&i.MinDisk) }},
		{"min_ram", func(i *baremetal.Image) field { return number(&i.MinRAM) }},
		{"size", func(i *baremetal.Image) field { return number(&i.Size) }},
		{"virtual_size", func(i *baremetal.Image) field { return number(&i.VirtualSize) }},
		{"checksum", func(i *baremetal.Image) field { return null(&i.Checksum) }},
		{"hash_value", func(i *baremetal.Image) field { return null(&i.HashValue) }},
		{"owner", func(i *baremetal.Image) field { return null(&i.Owner) }},
		{"tags", func(i *baremetal.Image) field { return list(&i.Tags) }},
		{"properties", func(i *baremetal.Image) field { return object(&i.Properties) }},
		{"message", func(i *baremetal.Image) field { return null(&i.Message) }},
		{"created_at", func(i *baremetal.Image) field { return stamp(&i.CreatedAt) }},
		{"updated_at", func(i *baremetal.Image) field { return stamp(&i.UpdatedAt) }},
	},
	unique: []rule[baremetal.Image]{
		{"images.uuid", func(i *baremetal.Image) string { return "An image with UUID " + i.UUID + " already exists." }},
	},
	stamps: func(i *baremetal.Image) stamps { return stamps{&i.CreatedAt, &i.UpdatedAt} },
}

var volumes = table[baremetal.Volume]{
	name: "volumes", noun: "Volume", key: "uuid", order: "id",
	columns: []column[baremetal.Volume]{
		{"id", func(v *baremetal.Volume) field { return id(&v.ID) }},
		{"uuid", func(v *baremetal.Volume) field { return text(&v.UUID) }},
		{"name", func(v *baremetal.Volume) field { return text(&v.Name) }},
		{"description", func(v *baremetal.Volume) field { return null(&v.Description) }},
		{"status", func(v *baremetal.Volume) field { return text(&v.Status) }},
		{"size", func(v *baremetal.Volume) field { return number(&v.Size) }},
		{"bootable", func(v *baremetal.Volume) field { return flag(&v.Bootable) }},
		{"read_only", func(v *baremetal.Volume) field { return flag(&v.ReadOnly) }},
		{"image_uuid", func(v *baremetal.Volume) field { return null(&v.ImageUUID) }},
		{"snapshot_uuid", func(v *baremetal.Volume) field { return null(&v.SnapshotUUID) }},
		{"source_uuid", func(v *baremetal.Volume) field { return null(&v.SourceUUID) }},
		{"node_uuid", func(v *baremetal.Volume) field { return null(&v.NodeUUID) }},
		{"metadata", func(v *baremetal.Volume) field { return object(&v.Metadata) }},
		{"image_metadata", func(v *baremetal.Volume) field { return object(&v.ImageMetadata) }},
		{"message", func(v *baremetal.Volume) field { return null(&v.Message) }},
		{"created_at", func(v *baremetal.Volume) field { return stamp(&v.CreatedAt) }},
		{"updated_at", func(v *baremetal.Volume) field { return stamp(&v.UpdatedAt) }},
	},
	unique: []rule[baremetal.Volume]{
		{"volumes.uuid", func(v *baremetal.Volume) string { return "A volume with UUID " + v.UUID + " already exists." }},
	},
	stamps: func(v *baremetal.Volume) stamps { return stamps{&v.CreatedAt, &v.UpdatedAt} },
}

var snapshots = table[baremetal.Snapshot]{
	name: "snapshots", noun: "Snapshot", key: "uuid", order: "id",
	columns: []column[baremetal.Snapshot]{
		{"id", func(s *baremetal.Snapshot) field { return id(&s.ID) }},
		{"uuid", func(s *baremetal.Snapshot) field { return text(&s.UUID) }},
		{"name", func(s *baremetal.Snapshot) field { return text(&s.Name) }},
		{"description", func(s *baremetal.Snapshot) field { return null(&s.Description) }},
		{"volume_uuid", func(s *baremetal.Snapshot) field { return text(&s.VolumeUUID) }},
		{"status", func(s *baremetal.Snapshot) field { return text(&s.Status) }},
		{"size", func(s *baremetal.Snapshot) field { return number(&s.Size) }},
		{"metadata", func(s *baremetal.Snapshot) field { return object(&s.Metadata) }},
		{"created_at", func(s *baremetal.Snapshot) field { return stamp(&s.CreatedAt) }},
		{"updated_at", func(s *baremetal.Snapshot) field { return stamp(&s.UpdatedAt) }},
	},
	unique: []rule[baremetal.Snapshot]{
		{"snapshots.uuid", func(s *baremetal.Snapshot) string { return "A snapshot with UUID " + s.UUID + " already exists." }},
	},
	stamps: func(s *baremetal.Snapshot) stamps { return stamps{&s.CreatedAt, &s.UpdatedAt} },
}

var attachments = table[baremetal.Attachment]{
	name: "attachments", noun: "Attachment", key: "uuid", alias: "iqn", order: "rowid",
	columns: []column[baremetal.Attachment]{
		{"uuid", func(a *baremetal.Attachment) field { return text(&a.UUID) }},
		{"volume_uuid", func(a *baremetal.Attachment) field { return text(&a.VolumeUUID) }},
		{"instance", func(a *baremetal.Attachment) field { return null(&a.Instance) }},
		{"host", func(a *baremetal.Attachment) field { return null(&a.Host) }},
		{"mountpoint", func(a *baremetal.Attachment) field { return null(&a.Mountpoint) }},
		{"read_only", func(a *baremetal.Attachment) field { return flag(&a.ReadOnly) }},
		{"status", func(a *baremetal.Attachment) field { return text(&a.Status) }},
		{"iqn", func(a *baremetal.Attachment) field { return text(&a.IQN) }},
		{"initiator", func(a *baremetal.Attachment) field { return null(&a.Initiator) }},
		{"user", func(a *baremetal.Attachment) field { return text(&a.User) }},
		{"secret", func(a *baremetal.Attachment) field { return text(&a.Secret) }},
		{"created_at", func(a *baremetal.Attachment) field { return stamp(&a.CreatedAt) }},
		{"updated_at", func(a *baremetal.Attachment) field { return stamp(&a.UpdatedAt) }},
	},
	stamps: func(a *baremetal.Attachment) stamps { return stamps{&a.CreatedAt, &a.UpdatedAt} },
}

// Images are identified by UUID: their names need not be unique.
func (tx *Tx) Images() Set[baremetal.Image] { return Set[baremetal.Image]{tx, &images} }

// Volumes are identified by UUID: their names need not be unique.
func (tx *Tx) Volumes() Set[baremetal.Volume] { return Set[baremetal.Volume]{tx, &volumes} }

// Snapshots are identified by UUID: their names need not be unique.
func (tx *Tx) Snapshots() Set[baremetal.Snapshot] { return Set[baremetal.Snapshot]{tx, &snapshots} }

// Attachments are identified by UUID or by their IQN.
func (tx *Tx) Attachments() Set[baremetal.Attachment] {
	return Set[baremetal.Attachment]{tx, &attachments}
}
