package blockstorage

import (
	"maps"
	"net/http"

	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/store"
)

// metadata serves the metadata of volumes or of snapshots.
type metadata struct {
	read   func(c *call) (map[string]string, error)
	update func(c *call, change edit) (map[string]string, error)
}

// edit makes new metadata of what there is, which it leaves alone.
type edit func(map[string]string) (map[string]string, error)

var volumeMetadata = metadata{
	read: func(c *call) (map[string]string, error) {
		v, _, err := c.Pool.Volume(c.r.Context(), c.arg("id"))
		if err != nil {
			return nil, err
		}
		return notNil(v.Metadata), nil
	},
	update: func(c *call, change edit) (have map[string]string, err error) {
		_, err = c.Pool.UpdateVolume(c.r.Context(), c.arg("id"), func(_ *store.Tx, v *baremetal.Volume) (err error) {
			v.Metadata, err = change(v.Metadata)
			have = v.Metadata
			return err
		})
		return have, err
	},
}

var snapshotMetadata = metadata{
	read: func(c *call) (map[string]string, error) {
		s, err := c.Pool.Snapshot(c.r.Context(), c.arg("id"))
		if err != nil {
			return nil, err
		}
		return notNil(s.Metadata), nil
	},
	update: func(c *call, change edit) (have map[string]string, err error) {
		_, err = c.Pool.UpdateSnapshot(c.r.Context(), c.arg("id"), func(s *baremetal.Snapshot) (err error) {
			s.Metadata, err = change(s.Metadata)
			have = s.Metadata
			return err
		})
		return have, err
	},
}

func (m metadata) show(c *call) (int, any, error) {
	have, err := m.read(c)
	return http.StatusOK, map[string]any{"metadata": have}, err
}

func (m metadata) showKey(c *call) (int, any, error) {
	have, err := m.read(c)
	if err != nil {
		return 0, nil, err
	}
	value, ok := have[c.arg("key")]
	if !ok {
		return 0, nil, noKey(c)
	}
	return http.StatusOK, map[string]any{"meta": map[string]string{c.arg("key"): value}}, nil
}

func noKey(c *call) error {
	return baremetal.Errorf(baremetal.ErrNotFound, "Metadata item %.64s was not found.", c.arg("key"))
}

// body reads {"metadata": {...}}.
func (m metadata) body(c *call) (map[string]string, error) {
	var body struct{ Metadata map[string]string }
	if err := rest.Read(c.r, &body); err != nil {
		return nil, err
	}
	return body.Metadata, nil
}

// write merges the body's metadata into what there is, or into nothing.
func (m metadata) write(c *call, keep bool) (int, any, error) {
	given, err := m.body(c)
	if err != nil {
		return 0, nil, err
	}
	have, err := m.update(c, func(have map[string]string) (map[string]string, error) {
		merged := map[string]string{}
		if keep {
			maps.Copy(merged, have)
		}
		maps.Copy(merged, given)
		return merged, checkTexts("", "", merged)
	})
	return http.StatusOK, map[string]any{"metadata": notNil(have)}, err
}

func (m metadata) add(c *call) (int, any, error)     { return m.write(c, true) }
func (m metadata) replace(c *call) (int, any, error) { return m.write(c, false) }

func (m metadata) putKey(c *call) (int, any, error) {
	var body struct{ Meta map[string]string }
	if err := rest.Read(c.r, &body); err != nil {
		return 0, nil, err
	}
	value, ok := body.Meta[c.arg("key")]
	if !ok || len(body.Meta) != 1 {
		return 0, nil, baremetal.Errorf(baremetal.ErrInvalid, "Request body and URI mismatch")
	}
	_, err := m.update(c, func(have map[string]string) (map[string]string, error) {
		merged := map[string]string{}
		maps.Copy(merged, have)
		merged[c.arg("key")] = value
		return merged, checkTexts("", "", merged)
	})
	return http.StatusOK, map[string]any{"meta": body.Meta}, err
}

func (m metadata) deleteKey(c *call) (int, any, error) {
	_, err := m.update(c, func(have map[string]string) (map[string]string, error) {
		if _, ok := have[c.arg("key")]; !ok {
			return nil, noKey(c)
		}
		left := maps.Clone(have)
		delete(left, c.arg("key"))
		return left, nil
	})
	return http.StatusOK, nil, err
}
