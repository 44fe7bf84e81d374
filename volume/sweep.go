package volume

import (
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strings"
)

// sweep removes the leftovers of a crash: unfinished files, layers that no manifest names,
// originals without an image, the old name of a raw volume that has become a layer. While a
// manifest cannot be read, its layers are unknown, and all layers stay.
func (d *Dir) sweep() error {
	garbage, err := d.unfinished(".")
	if err != nil {
		return err
	}
	for _, dir := range []string{layersDir, originalsDir} {
		more, err := d.unfinished(dir)
		if err != nil {
			return err
		}
		garbage = append(garbage, more...)
	}
	if err := d.removeAll(garbage); err != nil {
		return err
	}
	c, err := d.look()
	if errors.Is(err, ErrDamaged) || errors.Is(err, ErrFormat) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, m := range c.manifests {
		if raw := m.id + rawSuffix; d.fs.Same(raw, layerPath(m.Layers[0])) {
			if err := d.fs.Remove(raw); err != nil {
				return err
			}
		}
	}
	names, err := d.fs.Names(layersDir)
	if err != nil {
		return err
	}
	strays, err := d.strayOriginals(c)
	if err != nil {
		return err
	}
	if err := d.removeAll(strays); err != nil {
		return err
	}
	c.swept = true
	return d.collect(c, names)
}

// resume removes what was in use when it became superfluous, and what other processes have
// left. It does not look at the rest of the directory again.
func (d *Dir) resume() error {
	if d.catalog == nil || !d.catalog.swept {
		return d.sweep()
	}
	paths := slices.Sorted(maps.Keys(d.leftover))
	clear(d.leftover)
	return d.removeAll(paths)
}

// unfinished lists the unfinished files in a directory.
func (d *Dir) unfinished(dir string) (paths []string, err error) {
	names, err := d.fs.Names(dir)
	for _, name := range names {
		if strings.HasPrefix(name, growing) {
			paths = append(paths, dir+"/"+name)
		}
	}
	return paths, err
}

// collect removes those of the named layers that no manifest names.
func (d *Dir) collect(c *catalog, names []string) error {
	var garbage []string
	for _, name := range names {
		layer := strings.TrimSuffix(strings.TrimSuffix(name, sumsSuffix), atomicSuffix)
		if !layerName.MatchString(layer) || len(c.users[layer]) > 0 {
			continue
		}
		garbage = append(garbage, layerPath(name))
		if name == layer {
			garbage = append(garbage, sumsPath(name), layerPath(name+atomicSuffix))
		}
	}
	return d.removeAll(garbage)
}

// removeAll removes files except those in use, which resume removes later.
func (d *Dir) removeAll(names []string) error {
	for _, name := range names {
		switch err := d.remove(name); {
		case errors.Is(err, ErrInUse):
			d.leftover[name] = true
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return err
		}
	}
	return nil
}

// remove unlinks a file whose lock is free.
func (d *Dir) remove(name string) error {
	f, err := d.fs.Open(name, false)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := lock(f, exclusive); err != nil {
		return err
	}
	return d.fs.Remove(name)
}
