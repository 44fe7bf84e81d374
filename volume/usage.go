package volume

import (
	"errors"
	"fmt"
	"io/fs"
)

// Usage is the space that an id takes up, in bytes.
type Usage struct {
	Virtual int64 // its size, as a machine sees it
	Own     int64 // on the file system, in its original and in layers that nothing else has
	Shared  int64 // in layers that others have too
}

// Usage returns the space that an id takes up.
func (d *Dir) Usage(id string) (u Usage, err error) {
	err = d.withLock(func() error {
		m, err := d.load(id)
		if err != nil {
			return err
		}
		c, err := d.look()
		if err != nil {
			return fmt.Errorf("usage of %s: %w", id, err)
		}
		u, err = d.usage(m, c)
		return err
	})
	return u, err
}

func (d *Dir) usage(m *manifest, c *catalog) (u Usage, err error) {
	u.Virtual = m.Size
	for _, layer := range m.Layers {
		info, err := d.fs.Stat(m.file(layer))
		if err != nil {
			return u, fmt.Errorf("usage of %s: layer %s: %w: %v", m.id, layer, ErrDamaged, err)
		}
		if len(c.users[layer]) > 1 {
			u.Shared += info.Allocated
		} else {
			u.Own += info.Allocated
		}
	}
	if m.Kind != KindImage {
		return u, nil
	}
	original, err := d.fs.Stat(originalPath(m.id))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return u, fmt.Errorf("usage of %s: %w", m.id, err)
	}
	u.Own += original.Allocated
	return u, nil
}

// Free returns how many bytes may still be written before writes fail with ENOSPC.
func (d *Dir) Free() (int64, error) {
	free, err := d.fs.Free()
	if err != nil {
		return 0, fmt.Errorf("free space of the volumes: %w", err)
	}
	return max(0, free-d.room.reserve), nil
}
