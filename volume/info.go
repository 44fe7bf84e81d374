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
	Allocated int64  // bytes taken up on the file system, including shared layers
	Volume    string // of a snapshot: its volume
	Layers    int    // files it is made of
	Created   time.Time
	Modified  time.Time // modification time of the newest layer
}

// Stat describes an id. Something that exists but cannot be served (a link, a directory, an
// odd size, a damaged file) is an error other than fs.ErrNotExist.
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

// List describes everything of the given kinds, or of all kinds, in the order of the ids.
// It leaves out ids for which Stat returns an error.
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

// ids returns the ids of the files in the directory, each once.
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
