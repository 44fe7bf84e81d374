package volume

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Info describes a volume, snapshot or image.
type Info struct {
	ID        string
	Kind      Kind
	Size      int64  // bytes, as the machine sees it
	Allocated int64  // bytes of the file system that it takes up, alone or with others
	Volume    string // of a snapshot: of which volume
	Layers    int    // files it is made of
	Created   time.Time
	Modified  time.Time // when the newest layer was
}

// Stat returns what is known of an id. What is there but cannot be served (a link,
// a directory, an odd size, a damaged file) is an error other than absence.
func (d *Dir) Stat(id string) (Info, error) {
	m, err := d.load(id)
	if err != nil {
		return Info{}, err
	}
	return d.describe(m)
}

func (d *Dir) describe(m *manifest) (Info, error) {
	i := Info{ID: m.id, Kind: m.Kind, Size: m.Size, Volume: m.Volume, Layers: len(m.Layers), Created: m.Created}
	for _, l := range m.Layers {
		info, err := d.fs.Stat(m.file(l))
		if err != nil {
			return Info{}, fmt.Errorf("%s %s: layer %s: %w: %v", m.Kind, m.id, l, ErrDamaged, err)
		}
		i.Allocated += info.Allocated
		i.Modified = info.Modified
	}
	return i, nil
}

// List returns everything of the given kinds, or of all, in the order of the ids.
// What Stat would refuse is left out.
func (d *Dir) List(kinds ...Kind) ([]Info, error) {
	names, err := d.fs.Names(".")
	if err != nil {
		return nil, fmt.Errorf("list volumes: %w", err)
	}
	var list []Info
	for _, id := range ids(names) {
		info, err := d.Stat(id)
		if err == nil && (len(kinds) == 0 || slices.Contains(kinds, info.Kind)) {
			list = append(list, info)
		}
	}
	slices.SortFunc(list, func(a, b Info) int { return cmp.Compare(a.ID, b.ID) })
	return list, nil
}

// ids is what the names in the directory stand for, each once.
func ids(names []string) (list []string) {
	for _, name := range names {
		id, ok := strings.CutSuffix(name, manifestSuffix)
		if !ok {
			id, ok = strings.CutSuffix(name, rawSuffix)
		}
		if ok && CheckName(id) == nil {
			list = append(list, id)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}
