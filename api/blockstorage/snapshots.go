package blockstorage

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/storage/pool"
	"ironhook/store"
)

func (c *call) snapshot(s *baremetal.Snapshot) map[string]any {
	body := map[string]any{
		"id": s.UUID, "name": s.Name, "description": rest.Text(s.Description), "volume_id": s.VolumeUUID,
		"status": s.Status, "size": pool.GiB(s.Size), "metadata": notNil(s.Metadata),
		"created_at": rest.Time(s.CreatedAt, timeLayout), "updated_at": rest.Time(s.UpdatedAt, timeLayout),
		"os-extended-snapshot-attributes:progress":   map[bool]string{true: "100%", false: "0%"}[s.Status == baremetal.VolumeAvailable],
		"os-extended-snapshot-attributes:project_id": c.arg("project"),
	}
	c.newer(body, map[string]newField{"group_snapshot_id": {14, nil}, "user_id": {41, nil}, "consumes_quota": {65, true}})
	return body
}

func listSnapshots(bool) handler {
	return func(c *call) (int, any, error) {
		given := c.r.URL.Query()
		q, err := c.query("name", "name~", "status")
		if err != nil {
			return 0, nil, err
		}
		if volume := given.Get("volume_id"); volume != "" {
			q.Filters = append(q.Filters, store.Filter{Column: "volume_uuid", Value: volume})
		}
		var rows []*baremetal.Snapshot
		err = c.Store.View(c.r.Context(), func(tx *store.Tx) error {
			rows, err = tx.Snapshots().List(q)
			return err
		})
		if err != nil {
			return 0, nil, err
		}
		rows = slices.DeleteFunc(rows, func(s *baremetal.Snapshot) bool { return !hasMetadata(s.Metadata, given.Get("metadata")) })
		return page(c, "snapshots", rows, func(s *baremetal.Snapshot) string { return s.UUID }, func(s *baremetal.Snapshot) any { return c.snapshot(s) })
	}
}

func showSnapshot(c *call) (int, any, error) {
	s, err := c.Pool.Snapshot(c.r.Context(), c.arg("id"))
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, map[string]any{"snapshot": c.snapshot(s)}, nil
}

// yes is a boolean that clients send as true, "True" or null.
type yes bool

func (y *yes) UnmarshalJSON(b []byte) error {
	switch strings.ToLower(strings.Trim(string(b), `"`)) {
	case "true", "1", "yes", "on", "t", "y":
		*y = true
	case "false", "0", "no", "off", "f", "n", "null", "none", "":
		*y = false
	default:
		return baremetal.Errorf(baremetal.ErrInvalid, "%.32s is not a boolean.", b)
	}
	return nil
}

func createSnapshot(c *call) (int, any, error) {
	var body struct {
		Snapshot struct {
			Volume      string `json:"volume_id"`
			Force       yes
			Name        string
			Description string
			Metadata    map[string]string
		}
	}
	if err := rest.Read(c.r, &body); err != nil {
		return 0, nil, err
	}
	in := &body.Snapshot
	if err := checkTexts(in.Name, in.Description, in.Metadata); err != nil {
		return 0, nil, err
	}
	s := &baremetal.Snapshot{VolumeUUID: in.Volume, Name: in.Name, Description: in.Description, Metadata: in.Metadata}
	// Since 3.66 a snapshot of a volume in use needs no force.
	if err := c.Pool.CreateSnapshot(c.r.Context(), s, bool(in.Force) || c.minor >= 66); err != nil {
		return 0, nil, err
	}
	return http.StatusAccepted, map[string]any{"snapshot": c.snapshot(s)}, nil
}

func updateSnapshot(c *call) (int, any, error) {
	var body struct{ Snapshot description }
	if err := rest.Read(c.r, &body); err != nil {
		return 0, nil, err
	}
	s, err := c.Pool.UpdateSnapshot(c.r.Context(), c.arg("id"), func(s *baremetal.Snapshot) error {
		return body.Snapshot.apply(&s.Name, &s.Description, &s.Metadata)
	})
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, map[string]any{"snapshot": c.snapshot(s)}, nil
}

func deleteSnapshot(c *call) (int, any, error) {
	return http.StatusAccepted, nil, c.Pool.DeleteSnapshot(c.r.Context(), c.arg("id"))
}

// snapshotActions is what POST /snapshots/{id}/action can say.
var snapshotActions = map[string]action{
	"os-force_delete": func(c *call, _ json.RawMessage) (int, any, error) { return deleteSnapshot(c) },
	"os-reset_status": func(c *call, args json.RawMessage) (int, any, error) {
		var in struct{ Status string }
		if err := decode(args, &in); err != nil {
			return 0, nil, err
		}
		if err := resettable(in.Status); err != nil {
			return 0, nil, err
		}
		_, err := c.Pool.UpdateSnapshot(c.r.Context(), c.arg("id"), func(s *baremetal.Snapshot) error {
			s.Status = baremetal.VolumeStatus(in.Status)
			return nil
		})
		return http.StatusAccepted, nil, err
	},
}

func snapshotAction(c *call) (int, any, error) { return act(c, snapshotActions) }
