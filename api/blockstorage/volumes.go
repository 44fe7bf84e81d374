package blockstorage

import (
	"net/http"
	"strconv"
	"strings"

	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/storage/pool"
	"ironhook/store"
)

const (
	timeLayout = rest.CinderTime
	gib        = 1 << 30
	maxGiB     = 16 << 10 // package volume's limit in GiB
	maxPage    = 1000     // Cinder's osapi_max_limit
	maxText    = 255      // letters of a name, a description, a metadata value
	maxKeys    = 128      // of metadata
	zone       = "nova"   // the one availability zone, by Cinder's own default name
)

// brief is a volume in a list without detail.
func (c *call) brief(v *baremetal.Volume) map[string]any {
	return map[string]any{"id": v.UUID, "name": v.Name, "links": c.links("volumes", v.UUID)}
}

func (c *call) links(kind, uuid string) []any {
	return []any{
		map[string]string{"rel": "self", "href": c.base() + "/" + kind + "/" + uuid},
		map[string]string{"rel": "bookmark", "href": rest.Base(c.r) + "/volume/" + c.arg("project") + "/" + kind + "/" + uuid},
	}
}

// detailed is a volume with everything that is known of it. Most keys that are null
// stand for what does not exist here; clients look for them.
func (c *call) detailed(v *baremetal.Volume, uses []pool.Use) map[string]any {
	attachments := []any{}
	for _, u := range uses {
		attachments = append(attachments, shortAttachment(v.UUID, u))
	}
	body := map[string]any{
		"id": v.UUID, "name": v.Name, "description": rest.Text(v.Description), "status": pool.Status(v, uses),
		"size": pool.GiB(v.Size), "bootable": strconv.FormatBool(v.Bootable), "metadata": notNil(v.Metadata),
		"snapshot_id": rest.Text(v.SnapshotUUID), "source_volid": rest.Text(v.SourceUUID), "attachments": attachments,
		"created_at": rest.Time(v.CreatedAt, timeLayout), "updated_at": rest.Time(v.UpdatedAt, timeLayout),
		"availability_zone": zone, "volume_type": typeName, "encrypted": false, "multiattach": v.ReadOnly,
		"user_id": nil, "consistencygroup_id": nil, "replication_status": nil, "migration_status": nil,
		"os-vol-tenant-attr:tenant_id": c.arg("project"), "os-vol-host-attr:host": c.Host + "@" + typeName + "#" + typeName,
		"os-vol-mig-status-attr:migstat": nil, "os-vol-mig-status-attr:name_id": nil,
		"links": c.links("volumes", v.UUID),
	}
	if len(v.ImageMetadata) > 0 {
		body["volume_image_metadata"] = v.ImageMetadata
	}
	if v.Message != "" {
		body["ironhook_message"] = v.Message
	}
	c.newer(body, map[string]newField{
		"group_id": {13, nil}, "provider_id": {21, nil}, "shared_targets": {48, false}, "service_uuid": {48, nil},
		"cluster_name": {61, nil}, "volume_type_id": {63, typeID}, "consumes_quota": {65, true},
	})
	return body
}

// newField is a field that a microversion brought.
type newField struct {
	since int
	value any
}

func (c *call) newer(body map[string]any, fields map[string]newField) {
	for name, f := range fields {
		if c.minor >= f.since {
			body[name] = f.value
		}
	}
}

func notNil(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}

func (c *call) volumeBody(v *baremetal.Volume, uses []pool.Use) any {
	return map[string]any{"volume": c.detailed(v, uses)}
}

func showVolume(c *call) (int, any, error) {
	v, uses, err := c.Pool.Volume(c.r.Context(), c.arg("id"))
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, c.volumeBody(v, uses), nil
}

func createVolume(c *call) (int, any, error) {
	var body newVolume
	if err := rest.Read(c.r, &body); err != nil {
		return 0, nil, err
	}
	if err := body.check(); err != nil {
		return 0, nil, err
	}
	in := &body.Volume
	v, err := c.Pool.CreateVolume(c.r.Context(), pool.NewVolume{Name: in.Name, Description: in.Description, Size: int64(in.Size) * gib,
		Image: in.Image, Snapshot: in.Snapshot, Source: in.Source, Metadata: in.Metadata})
	if err != nil {
		return 0, nil, err
	}
	return http.StatusAccepted, c.volumeBody(v, nil), nil
}

func updateVolume(c *call) (int, any, error) {
	var body struct{ Volume description }
	if err := rest.Read(c.r, &body); err != nil {
		return 0, nil, err
	}
	_, err := c.Pool.UpdateVolume(c.r.Context(), c.arg("id"), func(_ *store.Tx, v *baremetal.Volume) error {
		return body.Volume.apply(&v.Name, &v.Description, &v.Metadata)
	})
	if err != nil {
		return 0, nil, err
	}
	return showVolume(c)
}

func deleteVolume(c *call) (int, any, error) {
	cascade := strings.EqualFold(c.r.URL.Query().Get("cascade"), "true")
	return http.StatusAccepted, nil, c.Pool.DeleteVolume(c.r.Context(), c.arg("id"), cascade)
}

func summary(c *call) (int, any, error) {
	var rows []*baremetal.Volume
	err := c.Store.View(c.r.Context(), func(tx *store.Tx) (err error) {
		rows, err = tx.Volumes().List(store.Query{Columns: []string{"size"}})
		return err
	})
	total := int64(0)
	for _, v := range rows {
		total += pool.GiB(v.Size)
	}
	return http.StatusOK, map[string]any{"volume-summary": map[string]any{"total_count": len(rows), "total_size": total, "metadata": map[string]any{}}}, err
}
