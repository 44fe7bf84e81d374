package volume

import (
	"cmp"
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strings"
)

// catalog is what the manifests in the directory say, in memory, by everything that is
// looked up: the cost of a change does not grow with the number of volumes. It is only
// valid while no other process has changed the directory (Dir.hold).
type catalog struct {
	manifests map[string]*manifest            // by id
	users     map[string]map[string]*manifest // by layer, by id
	snapshots map[string]map[string]*manifest // by volume, by id
	changed   map[string]bool                 // layers whose users have changed since a merge was looked for
	swept     bool                            // the leftovers of other processes are removed
}

func newCatalog(manifests ...*manifest) *catalog {
	c := &catalog{manifests: map[string]*manifest{}, users: map[string]map[string]*manifest{},
		snapshots: map[string]map[string]*manifest{}, changed: map[string]bool{}}
	for _, m := range manifests {
		c.put(m)
	}
	return c
}

// put replaces the manifest of an id, or adds it. It keeps a copy.
func (c *catalog) put(m *manifest) {
	c.remove(m.id)
	kept := *m
	kept.Layers = slices.Clone(m.Layers)
	c.manifests[m.id] = &kept
	for _, l := range kept.Layers {
		add(c.users, l, &kept)
		c.changed[l] = true
	}
	if kept.Kind == KindSnapshot {
		add(c.snapshots, kept.Volume, &kept)
	}
}

// remove removes the manifest of an id, if there is one.
func (c *catalog) remove(id string) {
	m := c.manifests[id]
	if m == nil {
		return
	}
	delete(c.manifests, id)
	for _, l := range m.Layers {
		drop(c.users, l, id)
		c.changed[l] = true
	}
	drop(c.snapshots, m.Volume, id)
}

func add(by map[string]map[string]*manifest, key string, m *manifest) {
	if by[key] == nil {
		by[key] = map[string]*manifest{}
	}
	by[key][m.id] = m
}

func drop(by map[string]map[string]*manifest, key, id string) {
	delete(by[key], id)
	if len(by[key]) == 0 {
		delete(by, key)
	}
}

// having lists the manifests that have a layer, by id.
func (c *catalog) having(layer string) []*manifest { return byID(c.users[layer]) }

func byID(of map[string]*manifest) []*manifest {
	return slices.SortedFunc(maps.Values(of), func(a, b *manifest) int { return cmp.Compare(a.id, b.id) })
}

// hold takes note that this directory, of all processes that have it open, is the one that
// changes it now. The lock file names the last: if that is another, what is in memory is
// out of date. f is the lock file, and locked.
func (d *Dir) hold(f file) error {
	last := make([]byte, len(d.holder))
	if err := readFull(f, last, 0); err != nil {
		return err
	}
	if string(last) == d.holder {
		return nil
	}
	d.catalog = nil
	_, err := f.WriteAt([]byte(d.holder), 0)
	if err != nil { // the disk may be full: an empty file is another's for all
		return f.Truncate(0)
	}
	return nil
}

// look returns the catalog, and reads it if need be. A manifest that cannot be read is an
// error: its layers must not be taken for garbage. The caller holds the lock of the
// directory.
func (d *Dir) look() (*catalog, error) {
	if d.catalog != nil {
		return d.catalog, nil
	}
	names, err := d.fs.Names(".")
	if err != nil {
		return nil, err
	}
	c := newCatalog()
	for _, name := range names {
		id, ok := strings.CutSuffix(name, manifestSuffix)
		if !ok || CheckName(id) != nil {
			continue
		}
		m, err := d.load(id)
		if err != nil {
			return nil, err
		}
		if !m.plain {
			c.put(m)
		}
	}
	d.catalog = c
	return c, nil
}

// note changes the catalog with the directory: m is the new manifest of the id, or nil. If
// it is not known whether the change has happened, the catalog is read again.
func (d *Dir) note(id string, m *manifest, err error) {
	switch {
	case d.catalog == nil:
	case err != nil && !(m == nil && errors.Is(err, fs.ErrNotExist)):
		d.catalog = nil
	case m == nil:
		d.catalog.remove(id)
	default:
		d.catalog.put(m)
	}
}
