package volume

import (
	"errors"
	"fmt"
	"slices"
)

// freeze makes the layers of a stack immutable by putting an empty one on top, and returns
// them.
func (d *Dir) freeze(s *stack) (frozen []string, err error) {
	if err := s.sync(); err != nil { // most of it, while writers go on
		return nil, err
	}
	s.gate.Lock()
	defer s.gate.Unlock()
	if err := s.sync(); err != nil {
		return nil, err
	}
	if err := d.adopt(s); err != nil {
		return nil, err
	}
	m := *s.m
	if err := d.stackUp(&m); err != nil {
		if errors.As(err, new(fatal)) {
			s.fail(err)
		}
		return nil, err
	}
	l, err := openLayer(d.fs, layerPath(m.top()), m.Size, true)
	if err != nil {
		s.fail(err) // later writes to the old layer would be lost
		return nil, err
	}
	frozen = s.m.Layers
	old := s.top()
	s.m, s.layers = &m, append(slices.Clip(s.layers), l)
	return frozen, errors.Join(s.relock(), old.file.Lock(unlocked))
}

// maxDepth is how many layers may be on top of each other. Merging makes room.
const maxDepth = 256

// stackUp publishes m with an empty layer on top.
func (d *Dir) stackUp(m *manifest) error {
	if len(m.Layers) >= maxDepth {
		return fmt.Errorf("it has %d layers already; delete snapshots first: %w", len(m.Layers), ErrKind)
	}
	name, err := newOverlay(d.fs)
	if err != nil {
		return err
	}
	m.Layers = m.layersWith(name)
	err = d.publish(m)
	if err != nil && !errors.As(err, new(fatal)) {
		err = errors.Join(err, d.fs.Remove(layerPath(name)))
	}
	return err
}

// restack replaces the layers of s with the given ones and an empty one on top.
func (d *Dir) restack(s *stack, below []string, size int64) error {
	s.gate.Lock()
	defer s.gate.Unlock()
	old, m := s.layers, *s.m
	m.Layers, m.Size = slices.Clone(below), size
	if err := d.stackUp(&m); err != nil {
		return err
	}
	fresh, err := d.openStack(&m)
	if err != nil {
		return err
	}
	gone := s.m.Layers
	s.m, s.layers, s.redo, s.broken = &m, fresh.layers, nil, nil
	s.size.Store(size)
	err = errors.Join(s.relock(), old[len(old)-1].file.Lock(unlocked), d.discard(gone))
	d.closeAsync(old)
	return err
}

// discard removes those of the layers that no manifest names. While a manifest cannot be
// read all stay, for sweep.
func (d *Dir) discard(names []string) error {
	c, err := d.look()
	if err != nil {
		return nil
	}
	return d.collect(c, names)
}
