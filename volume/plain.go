package volume

import (
	"errors"
	"fmt"
	"io/fs"
)

// A volume without a manifest is a file <id>.raw and nothing else, as [Dir.Create]
// makes it, or an operator by hand.

// loadPlain is load for an id without a manifest; absent is the error of reading one.
func (d *Dir) loadPlain(id string, absent error) (*manifest, error) {
	if !errors.Is(absent, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: manifest: %w", id, absent)
	}
	info, err := d.fs.Stat(id + rawSuffix)
	if err != nil {
		return nil, fmt.Errorf("volume %s: %w", id, err)
	}
	if err := checkSize(info.Size); err != nil {
		return nil, fmt.Errorf("volume %s has %d bytes: %w (truncate --size=%%512 rounds up)", id, info.Size, err)
	}
	return &manifest{Version: version, Kind: KindVolume, Size: info.Size, Layers: []string{id + rawSuffix},
		Created: info.Modified, id: id, plain: true}, nil
}

// file is where a layer of the manifest is.
func (m *manifest) file(name string) string {
	if m.plain {
		return name
	}
	return layerPath(name)
}

// adopt turns a plain volume into a layer, so that others can share it. At first the file
// has both names; sweep removes the old one after a crash.
func (d *Dir) adopt(s *stack) error {
	if !s.m.plain {
		return nil
	}
	m, old := *s.m, s.m.id+rawSuffix
	m.plain = false
	m.Layers = []string{newName() + rawSuffix}
	if err := d.fs.Link(old, layerPath(m.top())); err != nil {
		return err
	}
	if err := d.publish(&m); err != nil {
		return err
	}
	if err := d.removeAll([]string{atomicPath(s.m)}); err != nil { // its record is void
		return err
	}
	s.m, s.layers[0].name = &m, m.top()
	return errors.Join(d.fs.Remove(old), d.fs.SyncDir("."))
}

// checkFree returns fs.ErrExist if the id is in use, even by a damaged file.
func (d *Dir) checkFree(id string) error {
	if err := CheckName(id); err != nil {
		return err
	}
	for _, suffix := range []string{manifestSuffix, rawSuffix} {
		if _, err := d.fs.Stat(id + suffix); err == nil || !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s: %w", id, fs.ErrExist)
		}
	}
	return nil
}
