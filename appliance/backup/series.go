package backup

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"ironhook/volume"
)

// Layer is where the bytes of a layer are, or of the file that an image was made of. A layer
// that a merge has written to keeps its name, so that only its contents tell whether it is the same.
type Layer struct {
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`       // of the contents, as type digest says
	In     string `json:"in,omitempty"` // name of the backup that has it; "" is this one
}

// Series is what a backup continues: it leaves out the layers that are in earlier ones. The zero
// Series begins one.
type Series struct {
	Since     time.Time        `json:"since,omitzero"` // the complete backup that begins it
	Appliance string           `json:"appliance,omitempty"`
	Layers    map[string]Layer `json:"layers,omitempty"` // of the newest backup, by their names in the directory of the volumes
}

// ErrAppliance is the error of a shelf that has the backups of another appliance.
var ErrAppliance = errors.New("the newest backup there is of another appliance: give each a place of its own")

// until are the backups of a list that were begun until now, oldest first; later ones are by a clock that was wrong.
func until(now time.Time, list []string) []Name {
	return slices.DeleteFunc(namesOf(list), func(n Name) bool { return n.At.After(now) })
}

// Owner is the id of the appliance whose backup is the newest of a shelf, "" where there is none. The error is that of reading it.
func Owner(ctx context.Context, s Shelf, passphrase string, now time.Time) (string, error) {
	list, err := s.List(ctx)
	names := until(now, list)
	if err != nil || len(names) == 0 {
		return "", err
	}
	info, err := readInfo(ctx, s, names[len(names)-1].String(), passphrase)
	return info.Appliance, err
}

// Continue returns the series of the newest backup of a shelf. A new series begins where there is none with volumes, where one
// that it needs is gone, and where it is older than an age. The error is that of reading it.
func Continue(ctx context.Context, s Shelf, passphrase string, now time.Time, age time.Duration) (Series, error) {
	list, err := s.List(ctx)
	names := until(now, list)
	if err != nil || len(names) == 0 {
		return Series{}, err
	}
	newest := names[len(names)-1]
	if now.Sub(newest.start()) >= age {
		return Series{}, nil
	}
	info, err := readInfo(ctx, s, newest.String(), passphrase)
	if err != nil {
		return Series{}, fmt.Errorf("%s: %w", s.Where(newest.String()), err)
	}
	there := map[string]bool{}
	for _, name := range list {
		there[name] = true
	}
	series := Series{Since: newest.start(), Appliance: info.Appliance, Layers: map[string]Layer{}}
	for name, l := range info.Layers {
		if l.In == "" {
			l.In = newest.String()
		}
		if !there[l.In] {
			return Series{}, nil
		}
		series.Layers[name] = l
	}
	if len(series.Layers) == 0 {
		return Series{}, nil
	}
	return series, nil
}

// Next is the name of a backup that continues a series now.
func Next(ctx context.Context, s Shelf, series Series, now time.Time, encrypted bool) (string, error) {
	names, err := Names(ctx, s)
	return Name{At: free(names, now), Since: series.Since, Encrypted: encrypted}.String(), err
}

// index reads the layers that are held, and finds those that the series has.
func (s Series) index(ctx context.Context, held *volume.Held) (map[string]Layer, error) {
	layers := map[string]Layer{}
	for _, f := range held.Files {
		if !isLayer(f.Name) {
			continue
		}
		sum, err := digestOf(ctx, f, f.Size)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		l := Layer{Size: f.Size, SHA256: sum}
		if before, ok := s.Layers[f.Name]; ok && before.Size == l.Size && before.SHA256 == sum {
			l.In = before.In
		}
		layers[f.Name] = l
	}
	return layers, nil
}

// isLayer reports whether a file of the volumes is one that a later backup may leave out.
func isLayer(name string) bool {
	layer := strings.HasPrefix(name, "layers/") && !strings.HasSuffix(name, ".sums")
	return layer || strings.HasPrefix(name, "originals/")
}

// needs are the layers that a backup leaves out, by the name of the one that has them.
func (i Info) needs() map[string]map[string]Layer {
	needs := map[string]map[string]Layer{}
	for name, l := range i.Layers {
		if l.In == "" {
			continue
		}
		if needs[l.In] == nil {
			needs[l.In] = map[string]Layer{}
		}
		needs[l.In][name] = l
	}
	return needs
}

// Needs returns how many layers a backup leaves out, and the names of those that have them.
func (i Info) Needs() (layers int, in []string) {
	needs := i.needs()
	for _, l := range needs {
		layers += len(l)
	}
	return layers, slices.Sorted(maps.Keys(needs))
}
