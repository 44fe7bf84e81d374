package blockstorage

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"
	"time"

	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/storage/pool"
	"ironhook/store"
)

const (
	timeLayout = rest.CinderTime
	gib        = 1 << 30
	maxGiB     = 16 << 10 // package volume's limit in GiB
	maxText    = 255      // letters of a name, a description, a metadata value
	maxKeys    = 128      // of metadata
	zone       = "nova"   // the one availability zone, by Cinder's own default name
)

// volumeList is how volumes are listed.
var volumeList = listing[shown]{
	kind: "volumes", links: true,
	id:      func(v shown) string { return v.UUID },
	made:    func(a, b shown) int { return cmp.Compare(a.ID, b.ID) },
	missing: func(id string) error { return rest.Refuse(http.StatusNotFound, "Volume %.64s could not be found.", id) },
	filters: volumeFilters, keys: volumeKeys,
}

var volumeFilters = map[string]filter[shown]{
	"id":                  {of: func(_ *call, v shown) string { return v.UUID }},
	"name":                {of: func(_ *call, v shown) string { return v.Name }},
	"display_name":        {of: func(_ *call, v shown) string { return v.Name }},
	"description":         {of: func(_ *call, v shown) string { return v.Description }},
	"display_description": {of: func(_ *call, v shown) string { return v.Description }},
	"status":              {of: func(_ *call, v shown) string { return string(pool.Status(v.Volume, v.uses)) }},
	"size":                {of: func(_ *call, v shown) string { return strconv.FormatInt(pool.GiB(v.Size), 10) }},
	"snapshot_id":         {of: func(_ *call, v shown) string { return v.SnapshotUUID }},
	"source_volid":        {of: func(_ *call, v shown) string { return v.SourceUUID }},
	"attach_status":       {of: func(_ *call, v shown) string { return v.attachStatus() }},
	"availability_zone":   {of: func(*call, shown) string { return zone }},
	"host":                {of: func(c *call, _ shown) string { return c.poolName() }},
	"volume_type_id":      {of: func(*call, shown) string { return typeID }},
	"user_id":             {of: func(*call, shown) string { return anyUser }},
	"project_id":          {of: func(c *call, _ shown) string { return c.project() }},
	"service_uuid":        {of: func(*call, shown) string { return serviceID }},
	"group_id":            {of: none}, "consistencygroup_id": {of: none}, "migration_status": {of: none}, "replication_status": {of: none},
	"cluster_name": {of: none}, "provider_id": {of: none}, "encryption_key_id": {of: none},
	"bootable":        byFlag(func(v shown) bool { return v.Bootable }),
	"multiattach":     byFlag(func(shown) bool { return false }),
	"consumes_quota":  byFlag(func(shown) bool { return true }),
	"metadata":        byMetadata(func(v shown) map[string]string { return v.Metadata }),
	"glance_metadata": byMetadata(func(v shown) map[string]string { return v.ImageMetadata }),
	"created_at":      byTime(func(v shown) time.Time { return v.CreatedAt }),
	"updated_at":      byTime(func(v shown) time.Time { return v.UpdatedAt }),
}

func none(*call, shown) string { return "" }

// alike is the order of what has no value here, or the same.
func alike[T any](T, T) int { return 0 }

var volumeKeys = map[string]func(a, b shown) int{
	"id":   func(a, b shown) int { return strings.Compare(a.UUID, b.UUID) },
	"name": byName, "display_name": byName,
	"display_description": func(a, b shown) int { return strings.Compare(a.Description, b.Description) },
	"size":                func(a, b shown) int { return cmp.Compare(pool.GiB(a.Size), pool.GiB(b.Size)) },
	"status": func(a, b shown) int {
		return cmp.Compare(pool.Status(a.Volume, a.uses), pool.Status(b.Volume, b.uses))
	},
	"attach_status": func(a, b shown) int { return strings.Compare(a.attachStatus(), b.attachStatus()) },
	"updated_at":    func(a, b shown) int { return a.UpdatedAt.Compare(b.UpdatedAt) },
	"bootable": func(a, b shown) int {
		return strings.Compare(strconv.FormatBool(a.Bootable), strconv.FormatBool(b.Bootable))
	},
	"snapshot_id":       func(a, b shown) int { return strings.Compare(a.SnapshotUUID, b.SnapshotUUID) },
	"source_volid":      func(a, b shown) int { return strings.Compare(a.SourceUUID, b.SourceUUID) },
	"availability_zone": alike[shown], "host": alike[shown], "user_id": alike[shown], "project_id": alike[shown],
	"volume_type_id": alike[shown],
	"multiattach":    alike[shown], "migration_status": alike[shown], "replication_status": alike[shown], "group_id": alike[shown],
	"consistencygroup_id": alike[shown], "cluster_name": alike[shown], "provider_id": alike[shown],
}

func byName(a, b shown) int { return strings.Compare(a.Name, b.Name) }

// attachStatus is Cinder's other status of a volume.
func (v shown) attachStatus() string {
	if len(v.attachments()) > 0 {
		return pool.AttachmentAttached
	}
	return "detached"
}

func listVolumes(in view) handler {
	return func(c *call) (int, any, error) {
		rows, err := c.allVolumes()
		if err != nil {
			return 0, nil, err
		}
		return volumeList.page(c, rows, func(v shown) any { return render(c, volumeAttributes, in, v) })
	}
}

func (c *call) allVolumes() (rows []shown, err error) {
	err = c.Store.View(c.r.Context(), func(tx *store.Tx) error {
		list, err := tx.Volumes().List(store.Query{})
		if err != nil {
			return err
		}
		uses, err := pool.AllUsers(tx)
		for _, v := range list {
			rows = append(rows, shown{v, uses[v.UUID]})
		}
		return err
	})
	return rows, err
}

func (c *call) volume(in view) (int, any, error) {
	v, uses, err := c.Pool.Volume(c.r.Context(), c.arg("id"))
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, c.volumeBody(in, shown{v, uses}), nil
}

func showVolume(c *call) (int, any, error) { return c.volume(full) }

func updateVolume(c *call) (int, any, error) {
	in, err := c.body("volume", volumeChange)
	if err != nil {
		return 0, nil, err
	}
	_, err = c.Pool.UpdateVolume(c.r.Context(), c.arg("id"), func(_ *store.Tx, v *baremetal.Volume) error {
		in.describe(&v.Name, &v.Description)
		if in.has("metadata") {
			v.Metadata = value[map[string]string](in, "metadata")
		}
		return nil
	})
	if err != nil {
		return 0, nil, err
	}
	return c.volume(changed)
}

// sinceForce is the microversion of force in DELETE.
const sinceForce = 23

// deleteVolume removes a volume, with its snapshots (cascade) or by force.
func deleteVolume(c *call) (int, any, error) {
	q, err := parseQuery(c)
	if err != nil {
		return 0, nil, err
	}
	if c.minor >= sinceForce && flags[strings.ToLower(q.get("force"))] {
		return forceDelete(c, nil)
	}
	return http.StatusAccepted, nil, c.Pool.DeleteVolume(c.r.Context(), c.arg("id"), flags[strings.ToLower(q.get("cascade"))])
}

// sinceDistinct is the microversion from which on a summary lists metadata.
const sinceDistinct = 36

func summary(c *call) (int, any, error) {
	rows, err := c.allVolumes()
	if err != nil {
		return 0, nil, err
	}
	q, err := parseQuery(c)
	if err != nil {
		return 0, nil, err
	}
	rows, err = volumeList.choose(c, q, rows)
	if err != nil {
		return 0, nil, err
	}
	total, metadata := int64(0), map[string][]string{}
	for _, v := range rows {
		total += pool.GiB(v.Size)
		addDistinct(metadata, v.Metadata)
	}
	body := map[string]any{"total_count": len(rows), "total_size": total}
	if c.minor >= sinceDistinct {
		body["metadata"] = metadata
	}
	return http.StatusOK, map[string]any{"volume-summary": body}, nil
}
