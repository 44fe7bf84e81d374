package blockstorage

import (
	"maps"
	"strconv"
	"time"

	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/storage/pool"
)

// shown is a volume, who has it, and how it is looked at.
type shown struct {
	*baremetal.Volume
	uses []pool.Use
}

// view is which reply an attribute belongs to.
type view int

// The views. Cinder's administrative extensions add to what is asked for, and not to the
// answers that make or change something.
const (
	brief   view = 1 << iota // a list without detail
	changed                  // the answer to create and update
	full                     // show, and a list with detail

	both  = changed | full
	every = brief | both
)

// attribute is one member of a reply, since a microversion.
type attribute[T any] struct {
	name  string
	since int
	in    view
	of    func(*call, T) any
}

// render makes the reply of those attributes that the view and the microversion have.
func render[T any](c *call, attributes []attribute[T], in view, thing T) map[string]any {
	body := make(map[string]any, len(attributes))
	for _, a := range attributes {
		if a.in&in == 0 || a.since > c.minor {
			continue
		}
		if v := a.of(c, thing); v != absent {
			body[a.name] = v
		}
	}
	return body
}

// absent is the value of an attribute that is left out.
var absent any = struct{ absent bool }{true}

// always is an attribute of everything, as there is one of it or none.
func always[T any](v any) func(*call, T) any { return func(*call, T) any { return v } }

// volumeAttributes are what a reply says of a volume. Most that are null stand for what
// does not exist here; clients look for them.
var volumeAttributes = []attribute[shown]{
	{"id", 0, every, func(_ *call, v shown) any { return v.UUID }},
	{"name", 0, every, func(_ *call, v shown) any { return rest.Text(v.Name) }},
	{"links", 0, every, func(c *call, v shown) any { return c.links("volumes", v.UUID) }},
	{"status", 0, both, func(_ *call, v shown) any { return pool.Status(v.Volume, v.uses) }},
	{"size", 0, both, func(_ *call, v shown) any { return pool.GiB(v.Size) }},
	{"description", 0, both, func(_ *call, v shown) any { return rest.Text(v.Description) }},
	{"created_at", 0, both, func(_ *call, v shown) any { return rest.Time(v.CreatedAt, timeLayout) }},
	{"updated_at", 0, both, func(_ *call, v shown) any { return rest.Time(v.UpdatedAt, timeLayout) }},
	{"bootable", 0, both, func(_ *call, v shown) any { return strconv.FormatBool(v.Bootable) }},
	{"metadata", 0, both, func(_ *call, v shown) any { return v.metadata() }},
	{"snapshot_id", 0, both, func(_ *call, v shown) any { return rest.Text(v.SnapshotUUID) }},
	{"source_volid", 0, both, func(_ *call, v shown) any { return rest.Text(v.SourceUUID) }},
	{"attachments", 0, both, func(_ *call, v shown) any { return v.attachments() }},
	{"availability_zone", 0, both, always[shown](zone)},
	{"volume_type", 0, both, always[shown](typeName)},
	{"user_id", 0, both, always[shown](anyUser)},
	{"encrypted", 0, both, always[shown](false)},
	{"multiattach", 0, both, always[shown](false)},
	{"replication_status", 0, both, always[shown](nil)},
	{"consistencygroup_id", 0, both, always[shown](nil)},
	{"migration_status", 0, both, always[shown](nil)},
	{"group_id", 13, both, always[shown](nil)},
	{"provider_id", 21, both, always[shown](nil)},
	{"shared_targets", 48, both, always[shown](false)},
	{"service_uuid", 48, both, always[shown](serviceID)},
	{"cluster_name", 61, both, always[shown](nil)},
	{"volume_type_id", 63, both, always[shown](typeID)},
	{"consumes_quota", 65, both, always[shown](true)},
	{"os-vol-tenant-attr:tenant_id", 0, full, func(c *call, _ shown) any { return c.project() }},
	{"os-vol-host-attr:host", 0, full, func(c *call, _ shown) any { return c.poolName() }},
	{"os-vol-mig-status-attr:migstat", 0, full, always[shown](nil)},
	{"os-vol-mig-status-attr:name_id", 0, full, always[shown](nil)},
	{"volume_image_metadata", 0, full, func(_ *call, v shown) any { return unlessEmpty(v.ImageMetadata) }},
	{"ironhook_message", 0, full, func(_ *call, v shown) any {
		if v.Message == "" {
			return absent
		}
		return v.Message
	}},
}

func unlessEmpty(m map[string]string) any {
	if len(m) == 0 {
		return absent
	}
	return m
}

// fresh is a volume in the answer that made it: its making is for the client to wait for,
// and only then it boots.
func fresh(v *baremetal.Volume) shown {
	made := *v
	made.Status, made.UpdatedAt = baremetal.VolumeCreating, time.Time{}
	made.Bootable = v.Bootable && v.ImageUUID == ""
	return shown{&made, nil}
}

// metadata is what the client has written, and what the verbs of attaching leave beside.
func (v shown) metadata() map[string]string {
	m := make(map[string]string, len(v.Metadata)+len(v.AdminMetadata))
	maps.Copy(m, v.Metadata)
	maps.Copy(m, v.AdminMetadata)
	return m
}

// attachments are the users of the volume that have attached it; one that is about to has
// none yet in Cinder's eyes.
func (v shown) attachments() []any {
	list := []any{}
	for _, u := range v.uses {
		a := describe(u)
		if a.status != pool.AttachmentAttached && a.status != pool.AttachmentDetaching {
			continue
		}
		list = append(list, map[string]any{"id": v.UUID, "volume_id": v.UUID, "attachment_id": u.UUID, "server_id": rest.Text(a.instance),
			"host_name": rest.Text(a.host), "device": rest.Text(u.Mountpoint), "attached_at": rest.Time(a.since, timeLayout)})
	}
	return list
}

func (c *call) links(kind, uuid string) []any {
	return []any{
		map[string]string{"rel": "self", "href": c.link("v3/", kind+"/"+uuid)},
		map[string]string{"rel": "bookmark", "href": c.link("", kind+"/"+uuid)},
	}
}

func notNil(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}

func describe(u pool.Use) described {
	a := u.Attachment
	if a == nil {
		return described{u.Node, u.Name, pool.AttachmentAttached, u.Since, mode(u.ReadOnly)}
	}
	d := described{instance: a.Instance, host: a.Host, status: a.Status, mode: "null"}
	switch connected := u.Grant != nil || a.Mountpoint != ""; {
	case connected && a.UpdatedAt.IsZero():
		d.since, d.mode = a.CreatedAt, mode(a.ReadOnly)
	case connected:
		d.since, d.mode = a.UpdatedAt, mode(a.ReadOnly)
	case a.ReadOnly:
		d.mode = mode(true)
	}
	return d
}
