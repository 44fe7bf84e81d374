package volume

import "fmt"

// Delete removes a volume, snapshot or image; the removal is durable when it returns. The
// error is ErrInUse if it is open, and ErrDependants for an image that a clone depends on
// and for a volume that has snapshots. A snapshot that clones depend on is removed: its
// layers stay until the last of them has gone. Its space is free when [Dir.Tidy] has
// returned.
func (d *Dir) Delete(id string) error {
	return d.change("delete", id, func(s *stack) error {
		if err := s.idle(); err != nil {
			return err
		}
		if err := d.independent(s.m); err != nil {
			return err
		}
		if err := d.forget(id + reservationsSuffix); err != nil {
			return err
		}
		file := id + manifestSuffix
		if s.m.plain {
			file = id + rawSuffix
		}
		err := d.fs.Remove(file)
		if d.note(id, nil, err); err != nil {
			return err
		}
		if s.m.plain {
			if err := d.removeAll([]string{atomicPath(s.m)}); err != nil {
				return err
			}
		}
		delete(d.opened, id) // a merge under way still holds it, but not by this name
		if err := d.fs.SyncDir("."); err != nil {
			return err
		}
		if err := d.removeAll([]string{originalPath(id)}); err != nil {
			return err
		}
		if err := s.top().file.Lock(unlocked); err != nil {
			return err
		}
		err = d.discard(s.m.Layers)
		if s.users[keeper] == 1 {
			d.closeAsync(s.layers)
			s.layers = nil
		}
		return err
	})
}

// Idle returns ErrInUse while a volume, snapshot or image is open, here or in another
// process.
func (d *Dir) Idle(id string) error {
	return d.change("look at", id, (*stack).idle)
}

// independent returns ErrDependants if others depend on m.
func (d *Dir) independent(m *manifest) error {
	c, err := d.look()
	if err != nil {
		return fmt.Errorf("look for what depends on it: %w", err)
	}
	var dependants []string
	for _, o := range byID(c.dependants(m)) {
		if o.id != m.id {
			dependants = append(dependants, o.id)
		}
	}
	if len(dependants) > 0 {
		const most = 5
		return fmt.Errorf("%d %w, first of all %q", len(dependants), ErrDependants, dependants[:min(most, len(dependants))])
	}
	return nil
}

// dependants are those that prevent the deletion of m, and m itself perhaps. Nothing
// prevents that of a snapshot: layers belong to all manifests that name them.
func (c *catalog) dependants(m *manifest) map[string]*manifest {
	switch m.Kind {
	case KindVolume:
		return c.snapshots[m.id]
	case KindImage:
		return c.users[m.top()]
	}
	return nil
}
