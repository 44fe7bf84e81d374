package blockstorage

import (
	"maps"
	"net/http"

	"ironhook/api/wire"
	"ironhook/baremetal"
	"ironhook/store"
)

// metadata serves the metadata of volumes or of snapshots.
type metadata struct {
	update func(c *call, change func(map[string]string) (map[string]string, error)) (map[string]string, error)
}

var volumeMetadata = metadata{func(c *call, change func(map[string]string) (map[string]string, error)) (map[string]string, error) {
	v, err := c.Pool.UpdateVolume(c.r.Context(), c.arg("id"), func(_ *store.Tx, v *baremetal.Volume) (err error) {
		v.Metadata, err = change(v.Metadata)
		return err
	})
	if err != nil {
		return nil, err
	}
	return v.Metadata, nil
}}

var snapshotMetadata = metadata{func(c *call, change func(map[string]string) (map[string]string, error)) (map[string]string, error) {
	s, err := c.Pool.UpdateSnapshot(c.r.Context(), c.arg("id"), func(s *baremetal.Snapshot) (err error) {
		s.Metadata, err = change(s.Metadata)
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.Metadata, nil
}}

// read returns the metadata without touching them.
func (m metadata) read(c *call) (have map[string]string, err error) {
	err = c.Store.View(c.r.Context(), func(tx *store.Tx) error {
		if v, err := tx.Volumes().Get(c.arg("id")); err == nil {
			have = v.Metadata
			return nil
		}
		s, err := tx.Snapshots().Get(c.arg("id"))
		if err == nil {
			have = s.Metadata
		}
		return err
	})
	return notNil(have), err
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
	if err := wire.Read(c.r, &body); err != nil {
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
	if err := wire.Read(c.r, &body); err != nil {
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
		delete(have, c.arg("key"))
		return have, nil
	})
	return http.StatusOK, nil, err
}
