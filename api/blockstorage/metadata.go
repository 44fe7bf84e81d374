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
	noun   string
	read   func(c *call) (map[string]string, error)
	update func(c *call, change edit) (map[string]string, error)
}

// edit makes new metadata of what there is, which it leaves alone.
type edit func(map[string]string) (map[string]string, error)

var volumeMetadata = metadata{
	noun: "Volume",
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
	noun: "Snapshot",
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
		return 0, nil, m.missing(c)
	}
	return http.StatusOK, map[string]any{"meta": map[string]string{c.arg("key"): value}}, nil
}

var (
	itemsBody = &schema{required: []string{"metadata"}, fields: []field{{"metadata", 0, someItems}}}
	itemBody  = &schema{required: []string{"meta"}, fields: []field{{"meta", 0, someItems}}}
)

// items reads {"metadata": {...}} or {"meta": {...}}.
func items(c *call, s *schema, name string) (map[string]string, error) {
	object, err := rest.ReadObject(c.r)
	if err != nil {
		return nil, err
	}
	in, err := s.check(c.minor, "body", object)
	return value[map[string]string](in, name), err
}

// write merges the body's metadata into what there is, or into nothing.
func (m metadata) write(c *call, keep bool) (int, any, error) {
	given, err := items(c, itemsBody, "metadata")
	if err != nil {
		return 0, nil, err
	}
	have, err := m.update(c, func(have map[string]string) (map[string]string, error) {
		merged := map[string]string{}
		if keep {
			maps.Copy(merged, have)
		}
		maps.Copy(merged, given)
		return merged, few(merged)
	})
	return http.StatusOK, map[string]any{"metadata": notNil(have)}, err
}

func (m metadata) add(c *call) (int, any, error)     { return m.write(c, true) }
func (m metadata) replace(c *call) (int, any, error) { return m.write(c, false) }

func (m metadata) putKey(c *call) (int, any, error) {
	given, err := items(c, itemBody, "meta")
	if err != nil {
		return 0, nil, err
	}
	if _, ok := given[c.arg("key")]; !ok || len(given) != 1 {
		return 0, nil, baremetal.Errorf(baremetal.ErrInvalid,
			"Request body and URI mismatch: meta must hold the key %.64q of the path, and no other.", c.arg("key"))
	}
	_, err = m.update(c, func(have map[string]string) (map[string]string, error) {
		merged := maps.Clone(notNil(have))
		maps.Copy(merged, given)
		return merged, few(merged)
	})
	return http.StatusOK, map[string]any{"meta": given}, err
}

func (m metadata) deleteKey(c *call) (int, any, error) {
	_, err := m.update(c, func(have map[string]string) (map[string]string, error) {
		if _, ok := have[c.arg("key")]; !ok {
			return nil, m.missing(c)
		}
		left := maps.Clone(have)
		delete(left, c.arg("key"))
		return left, nil
	})
	return http.StatusOK, nil, err
}
