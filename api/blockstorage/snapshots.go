package blockstorage

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/storage/pool"
	"ironhook/store"
)

// snapshotAttributes are what a reply says of a snapshot.
var snapshotAttributes = []attribute[*baremetal.Snapshot]{
	{"id", 0, every, func(_ *call, s *baremetal.Snapshot) any { return s.UUID }},
	{"name", 0, every, func(_ *call, s *baremetal.Snapshot) any { return rest.Text(s.Name) }},
	{"description", 0, every, func(_ *call, s *baremetal.Snapshot) any { return rest.Text(s.Description) }},
	{"volume_id", 0, every, func(_ *call, s *baremetal.Snapshot) any { return s.VolumeUUID }},
	{"status", 0, every, func(_ *call, s *baremetal.Snapshot) any { return s.Status }},
	{"size", 0, every, func(_ *call, s *baremetal.Snapshot) any { return pool.GiB(s.Size) }},
	{"metadata", 0, every, func(_ *call, s *baremetal.Snapshot) any { return notNil(s.Metadata) }},
	{"created_at", 0, every, func(_ *call, s *baremetal.Snapshot) any { return rest.Time(s.CreatedAt, timeLayout) }},
	{"updated_at", 0, every, func(_ *call, s *baremetal.Snapshot) any { return rest.Time(s.UpdatedAt, timeLayout) }},
	{"os-extended-snapshot-attributes:progress", 0, full, func(_ *call, s *baremetal.Snapshot) any { return progress(s) }},
	{"os-extended-snapshot-attributes:project_id", 0, full, func(c *call, _ *baremetal.Snapshot) any { return c.project() }},
	{"group_snapshot_id", 14, both, always[*baremetal.Snapshot](nil)},
	{"user_id", 41, both, always[*baremetal.Snapshot](anyUser)},
	{"consumes_quota", 65, both, always[*baremetal.Snapshot](true)},
}

func progress(s *baremetal.Snapshot) string {
	if s.Status == baremetal.VolumeAvailable {
		return "100%"
	}
	return "0%"
}

// snapshotList is how snapshots are listed.
var snapshotList = listing[*baremetal.Snapshot]{
	kind: "snapshots", links: true,
	id:   func(s *baremetal.Snapshot) string { return s.UUID },
	made: func(a, b *baremetal.Snapshot) int { return cmp.Compare(a.ID, b.ID) },
	missing: func(id string) error {
		return rest.Refuse(http.StatusNotFound, "Snapshot %.64s could not be found.", id)
	},
	filters: map[string]filter[*baremetal.Snapshot]{
		"id":                  {of: func(_ *call, s *baremetal.Snapshot) string { return s.UUID }},
		"name":                {of: func(_ *call, s *baremetal.Snapshot) string { return s.Name }},
		"display_name":        {of: func(_ *call, s *baremetal.Snapshot) string { return s.Name }},
		"description":         {of: func(_ *call, s *baremetal.Snapshot) string { return s.Description }},
		"display_description": {of: func(_ *call, s *baremetal.Snapshot) string { return s.Description }},
		"status":              {of: func(_ *call, s *baremetal.Snapshot) string { return string(s.Status) }},
		"volume_id":           {of: func(_ *call, s *baremetal.Snapshot) string { return s.VolumeUUID }},
		"volume_size":         {of: func(_ *call, s *baremetal.Snapshot) string { return strconv.FormatInt(pool.GiB(s.Size), 10) }},
		"progress":            {of: func(_ *call, s *baremetal.Snapshot) string { return progress(s) }},
		"availability_zone":   {of: func(*call, *baremetal.Snapshot) string { return zone }},
		"user_id":             {of: func(*call, *baremetal.Snapshot) string { return anyUser }},
		"project_id":          {of: func(c *call, _ *baremetal.Snapshot) string { return c.project() }},
		"consumes_quota":      byFlag(func(*baremetal.Snapshot) bool { return true }),
		"metadata":            byMetadata(func(s *baremetal.Snapshot) map[string]string { return s.Metadata }),
		"created_at":          byTime(func(s *baremetal.Snapshot) time.Time { return s.CreatedAt }),
		"updated_at":          byTime(func(s *baremetal.Snapshot) time.Time { return s.UpdatedAt }),
	},
	keys: map[string]func(a, b *baremetal.Snapshot) int{
		"id":   func(a, b *baremetal.Snapshot) int { return strings.Compare(a.UUID, b.UUID) },
		"name": snapshotsByName, "display_name": snapshotsByName,
		"display_description": func(a, b *baremetal.Snapshot) int { return strings.Compare(a.Description, b.Description) },
		"volume_id":           func(a, b *baremetal.Snapshot) int { return strings.Compare(a.VolumeUUID, b.VolumeUUID) },
		"volume_size":         func(a, b *baremetal.Snapshot) int { return cmp.Compare(pool.GiB(a.Size), pool.GiB(b.Size)) },
		"status":              func(a, b *baremetal.Snapshot) int { return cmp.Compare(a.Status, b.Status) },
		"progress":            func(a, b *baremetal.Snapshot) int { return strings.Compare(progress(a), progress(b)) },
		"updated_at":          func(a, b *baremetal.Snapshot) int { return a.UpdatedAt.Compare(b.UpdatedAt) },
		"user_id":             alike[*baremetal.Snapshot], "project_id": alike[*baremetal.Snapshot], "volume_type_id": alike[*baremetal.Snapshot],
	},
}

func snapshotsByName(a, b *baremetal.Snapshot) int { return strings.Compare(a.Name, b.Name) }

func listSnapshots(in view) handler {
	return func(c *call) (int, any, error) {
		var rows []*baremetal.Snapshot
		err := c.Store.View(c.r.Context(), func(tx *store.Tx) (err error) {
			rows, err = tx.Snapshots().List(store.Query{})
			return err
		})
		if err != nil {
			return 0, nil, err
		}
		return snapshotList.page(c, rows, func(s *baremetal.Snapshot) any { return render(c, snapshotAttributes, in, s) })
	}
}

func (c *call) snapshotBody(in view, s *baremetal.Snapshot) any {
	return map[string]any{"snapshot": render(c, snapshotAttributes, in, s)}
}

func showSnapshot(c *call) (int, any, error) {
	s, err := c.Pool.Snapshot(c.r.Context(), c.arg("id"))
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, c.snapshotBody(full, s), nil
}

// sinceInUse is the microversion from which on a snapshot of a volume in use needs no
// force, and may not be told to do without.
const sinceInUse = 66

func createSnapshot(c *call) (int, any, error) {
	in, err := c.body("snapshot", newSnapshot)
	if err != nil {
		return 0, nil, err
	}
	force := value[bool](in, "force")
	if c.minor >= sinceInUse && in.has("force") && !force {
		return 0, nil, baremetal.Errorf(baremetal.ErrInvalid,
			"Since microversion 3.%d the 'force' flag is invalid for this request; leave it out.", sinceInUse)
	}
	s := &baremetal.Snapshot{VolumeUUID: value[string](in, "volume_id"), Metadata: value[map[string]string](in, "metadata")}
	in.describe(&s.Name, &s.Description)
	if err := c.Pool.CreateSnapshot(c.r.Context(), s, force || c.minor >= sinceInUse); err != nil {
		return 0, nil, err
	}
	made := *s
	made.Status, made.UpdatedAt = baremetal.VolumeCreating, time.Time{}
	return http.StatusAccepted, c.snapshotBody(changed, &made), nil
}

func updateSnapshot(c *call) (int, any, error) {
	in, err := c.body("snapshot", snapshotChange)
	if err != nil {
		return 0, nil, err
	}
	s, err := c.Pool.UpdateSnapshot(c.r.Context(), c.arg("id"), func(s *baremetal.Snapshot) error {
		in.describe(&s.Name, &s.Description)
		return nil
	})
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, c.snapshotBody(changed, s), nil
}

func deleteSnapshot(c *call) (int, any, error) {
	return http.StatusAccepted, nil, c.Pool.DeleteSnapshot(c.r.Context(), c.arg("id"))
}

// snapshotActions are what POST /snapshots/{id}/action can do.
var snapshotActions = map[string]action{
	"os-force_delete":           {do: func(c *call, _ values) (int, any, error) { return deleteSnapshot(c) }},
	"os-reset_status":           {args: snapshotResetArgs, do: resetSnapshot},
	"os-update_snapshot_status": {args: snapshotStatusArgs, do: updateSnapshotStatus},
}

// resetSnapshot declares what an operator says. creating is harmless: what has bytes is
// available again when the appliance starts. deleting is not.
func resetSnapshot(c *call, in values) (int, any, error) {
	to := baremetal.VolumeStatus(strings.ToLower(value[string](in, "status")))
	if to != baremetal.VolumeCreating {
		var err error
		if to, err = resettable(string(to)); err != nil {
			return 0, nil, err
		}
	}
	return c.setSnapshot(to, baremetal.VolumeAvailable, baremetal.VolumeError, baremetal.VolumeCreating)
}

// updateSnapshotStatus ends a creation that another made, as Nova does.
func updateSnapshotStatus(c *call, in values) (int, any, error) {
	to, err := resettable(value[string](in, "status"))
	if err != nil {
		return 0, nil, err
	}
	return c.setSnapshot(to, baremetal.VolumeCreating)
}

// setSnapshot writes the status of a snapshot that has one of those of from.
func (c *call) setSnapshot(to baremetal.VolumeStatus, from ...baremetal.VolumeStatus) (int, any, error) {
	_, err := c.Pool.UpdateSnapshot(c.r.Context(), c.arg("id"), func(s *baremetal.Snapshot) error {
		if !slices.Contains(from, s.Status) {
			return baremetal.Errorf(baremetal.ErrConflict, "Snapshot %s is %s; its status must be one of %v.", s.UUID, s.Status, from)
		}
		s.Status = to
		return nil
	})
	return http.StatusAccepted, nil, err
}

func snapshotAction(c *call) (int, any, error) { return act(c, snapshotActions) }
