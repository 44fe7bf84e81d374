package blockstorage

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"ironhook/api/wire"
	"ironhook/baremetal"
	"ironhook/storage/pool"
	"ironhook/store"
)

const (
	timeLayout = "2006-01-02T15:04:05.000000"
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
		map[string]string{"rel": "bookmark", "href": wire.Base(c.r) + "/volume/" + c.arg("project") + "/" + kind + "/" + uuid},
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
		"id": v.UUID, "name": v.Name, "description": wire.Text(v.Description), "status": pool.Status(v, uses),
		"size": pool.GiB(v.Size), "bootable": strconv.FormatBool(v.Bootable), "metadata": notNil(v.Metadata),
		"snapshot_id": wire.Text(v.SnapshotUUID), "source_volid": wire.Text(v.SourceUUID), "attachments": attachments,
		"created_at": wire.Time(v.CreatedAt, timeLayout), "updated_at": wire.Time(v.UpdatedAt, timeLayout),
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

// sortKeys are what lists can be sorted by, as columns; "" is the order of creation.
var sortKeys = map[string]string{"id": "uuid", "name": "name", "status": "status", "size": "size", "created_at": "", "updated_at": "updated_at", "bootable": "bootable"}

// query reads the order and the filters of a list; newest first unless told otherwise.
func (c *call) query(columns ...string) (q store.Query, err error) {
	given := c.r.URL.Query()
	key, direction := given.Get("sort_key"), given.Get("sort_dir")
	if sort := given.Get("sort"); sort != "" {
		sort, _, _ = strings.Cut(sort, ",")
		key, direction, _ = strings.Cut(sort, ":")
	}
	q.Desc = direction != "asc"
	if key != "" {
		column, ok := sortKeys[key]
		if !ok {
			return q, baremetal.Errorf(baremetal.ErrInvalid, "Sort key %.64s is not one of %v.", key, slices.Sorted(maps.Keys(sortKeys)))
		}
		q.SortKey = column
	}
	for _, column := range columns {
		name, operator, _ := strings.Cut(column, "~")
		if values, ok := given[name+operator]; ok {
			f := store.Filter{Column: name, Value: values[0]}
			if operator != "" {
				f.Match = store.Contains
			}
			q.Filters = append(q.Filters, f)
		}
	}
	return q, nil
}

func listVolumes(detail bool) handler {
	return func(c *call) (int, any, error) {
		q, err := c.query("name", "name~")
		if err != nil {
			return 0, nil, err
		}
		var rows []*baremetal.Volume
		var uses map[string][]pool.Use
		err = c.Store.View(c.r.Context(), func(tx *store.Tx) error {
			if rows, err = tx.Volumes().List(q); err != nil {
				return err
			}
			uses, err = pool.AllUsers(tx)
			return err
		})
		if err != nil {
			return 0, nil, err
		}
		rows = slices.DeleteFunc(rows, func(v *baremetal.Volume) bool { return !c.wanted(v, uses[v.UUID]) })
		return page(c, "volumes", rows, func(v *baremetal.Volume) string { return v.UUID }, func(v *baremetal.Volume) any {
			if detail {
				return c.detailed(v, uses[v.UUID])
			}
			return c.brief(v)
		})
	}
}

// wanted applies the filters that the store cannot: what a volume is in the eyes of
// clients.
func (c *call) wanted(v *baremetal.Volume, uses []pool.Use) bool {
	given := c.r.URL.Query()
	if status := given.Get("status"); status != "" && status != string(pool.Status(v, uses)) {
		return false
	}
	if bootable := given.Get("bootable"); bootable != "" && !strings.EqualFold(bootable, strconv.FormatBool(v.Bootable)) {
		return false
	}
	return hasMetadata(v.Metadata, given.Get("metadata"))
}

// hasMetadata applies a filter such as {'key': 'value'}, which clients send as Python
// writes it.
func hasMetadata(have map[string]string, filter string) bool {
	if filter == "" {
		return true
	}
	var want map[string]string
	if json.Unmarshal([]byte(filter), &want) != nil && json.Unmarshal([]byte(strings.ReplaceAll(filter, "'", `"`)), &want) != nil {
		return false
	}
	for k, v := range want {
		if have[k] != v {
			return false
		}
	}
	return true
}

// page answers with a page of a list, and a link to the next.
func page[T any](c *call, kind string, rows []T, uuid func(T) string, view func(T) any) (int, any, error) {
	limit, err := wire.Limit(c.r)
	if err != nil {
		return 0, nil, err
	}
	total := len(rows)
	rows, more, err := wire.Page(rows, uuid, c.r.URL.Query().Get("marker"), limit, maxPage)
	if err != nil {
		return 0, nil, err
	}
	list := make([]any, len(rows))
	for i, row := range rows {
		list[i] = view(row)
	}
	body := map[string]any{kind: list}
	if more {
		next := maps.Clone(c.r.URL.Query())
		next.Set("marker", uuid(rows[len(rows)-1]))
		body[kind+"_links"] = []any{map[string]string{"rel": "next", "href": wire.Base(c.r) + c.r.URL.Path + "?" + url.Values(next).Encode()}}
	}
	if c.minor >= 45 && strings.EqualFold(c.r.URL.Query().Get("with_count"), "true") {
		body["count"] = total
	}
	return http.StatusOK, body, nil
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

// whole is an integer that clients send as a number, as a string, or as null.
type whole int64

func (n *whole) UnmarshalJSON(b []byte) error {
	text := strings.Trim(string(b), `"`)
	if text == "null" {
		return nil
	}
	v, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return baremetal.Errorf(baremetal.ErrInvalid, "%.32s is not an integer.", text)
	}
	*n = whole(v)
	return nil
}

// newVolume is the body of POST /volumes.
type newVolume struct {
	Volume struct {
		Size        whole
		Name        string
		Description string
		Image       string            `json:"imageRef"`
		Snapshot    string            `json:"snapshot_id"`
		Source      string            `json:"source_volid"`
		Type        string            `json:"volume_type"`
		Zone        string            `json:"availability_zone"`
		Backup      string            `json:"backup_id"`
		Group       string            `json:"group_id"`
		Consistency string            `json:"consistencygroup_id"`
		Metadata    map[string]string `json:"metadata"`
	} `json:"volume"`
}

func createVolume(c *call) (int, any, error) {
	var body newVolume
	if err := wire.Read(c.r, &body); err != nil {
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

func (n *newVolume) check() error {
	in := &n.Volume
	sources := 0
	for _, s := range []string{in.Image, in.Snapshot, in.Source} {
		if s != "" {
			sources++
		}
	}
	for what, given := range map[string]string{"backup_id": in.Backup, "group_id": in.Group, "consistencygroup_id": in.Consistency} {
		if given != "" {
			return baremetal.Errorf(baremetal.ErrInvalid, "%s is not supported here.", what)
		}
	}
	switch {
	case sources > 1:
		return baremetal.Errorf(baremetal.ErrInvalid, "A volume can begin as an image, a snapshot or a volume, but only one of them.")
	case in.Size < 0 || in.Size > maxGiB || in.Size == 0 && sources == 0:
		return baremetal.Errorf(baremetal.ErrInvalid, "Volume size '%d' must be an integer, greater than 0 and at most %d.", in.Size, maxGiB)
	case in.Type != "" && in.Type != typeName && in.Type != typeID:
		return wire.Refuse(http.StatusNotFound, "Volume type with name %.64s could not be found.", in.Type)
	case in.Zone != "" && in.Zone != zone:
		return baremetal.Errorf(baremetal.ErrInvalid, "Availability zone '%.64s' is invalid.", in.Zone)
	}
	return checkTexts(in.Name, in.Description, in.Metadata)
}

// checkTexts holds what people write to Cinder's limits.
func checkTexts(name, description string, metadata map[string]string) error {
	if utf8.RuneCountInString(name) > maxText || utf8.RuneCountInString(description) > maxText {
		return baremetal.Errorf(baremetal.ErrInvalid, "A name or description has more than %d characters.", maxText)
	}
	if len(metadata) > maxKeys {
		return baremetal.Errorf(baremetal.ErrInvalid, "More than %d metadata items.", maxKeys)
	}
	for k, v := range metadata {
		if k == "" || utf8.RuneCountInString(k) > maxText || utf8.RuneCountInString(v) > maxText {
			return baremetal.Errorf(baremetal.ErrInvalid, "Metadata property %.32q: keys have 1 to %d characters, values at most as many.", k, maxText)
		}
	}
	return nil
}

// description is the body of PUT /volumes/{id} and /snapshots/{id}, with the names
// that older clients use.
type description struct {
	Name               *string           `json:"name"`
	Description        *string           `json:"description"`
	DisplayName        *string           `json:"display_name"`
	DisplayDescription *string           `json:"display_description"`
	Metadata           map[string]string `json:"metadata"`
}

// apply changes what was given.
func (d *description) apply(name, text *string, metadata *map[string]string) error {
	for _, from := range []*string{d.DisplayName, d.Name} {
		if from != nil {
			*name = strings.TrimSpace(*from)
		}
	}
	for _, from := range []*string{d.DisplayDescription, d.Description} {
		if from != nil {
			*text = strings.TrimSpace(*from)
		}
	}
	if d.Metadata != nil {
		*metadata = d.Metadata
	}
	return checkTexts(*name, *text, *metadata)
}

func updateVolume(c *call) (int, any, error) {
	var body struct{ Volume description }
	if err := wire.Read(c.r, &body); err != nil {
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
