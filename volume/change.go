package volume

import (
	"errors"
	"fmt"
	"time"
)

// change runs do on the stack of an id with the directory locked.
func (d *Dir) change(what, id string, do func(*stack) error) error {
	err := d.withLock(func() error {
		s, err := d.acquire(id, keeper)
		if err != nil {
			return err
		}
		return errors.Join(do(s), d.release(s, keeper))
	})
	if err != nil {
		return fmt.Errorf("%s %s: %w", what, id, err)
	}
	return nil
}

// idle returns ErrInUse while there is a reader or a writer.
func (s *stack) idle() error {
	if s.users[reader]+s.users[writer] > 0 {
		return ErrInUse
	}
	return nil
}

// requireKind returns an error for any other kind.
func (s *stack) requireKind(k Kind) error {
	if s.m.Kind != k {
		return fmt.Errorf("it is %s %s: %w", article[s.m.Kind], s.m.Kind, ErrKind)
	}
	return nil
}

var article = map[Kind]string{KindVolume: "a", KindSnapshot: "a", KindImage: "an"}

// Clone makes a volume that begins as a copy of an image, a snapshot or another volume, and
// has size bytes, or the size of its source if size is 0. Nothing is copied: the clone
// shares the layers of its source, which never change while it does.
func (d *Dir) Clone(source, id string, size int64) error {
	err := d.withLock(func() error {
		if err := d.checkFree(id); err != nil {
			return err
		}
		m, err := d.frozen(source)
		if err != nil {
			return err
		}
		if size == 0 {
			size = m.Size
		}
		if err := checkSize(size); err != nil || size < m.Size {
			return fmt.Errorf("a clone of %d bytes of what has %d: %w", size, m.Size, ErrSize)
		}
		return d.stackUp(&manifest{Version: version, Kind: KindVolume, Size: size, Layers: m.Layers,
			Base: len(m.Layers), Created: time.Now().UTC(), id: id})
	})
	if err != nil {
		return fmt.Errorf("clone %.64s: %w", source, err)
	}
	return nil
}

// frozen returns the manifest of an id after making its layers immutable. The caller holds
// the lock of the directory.
func (d *Dir) frozen(id string) (*manifest, error) {
	m, err := d.load(id)
	if err != nil || m.Kind != KindVolume {
		return m, err
	}
	s, err := d.acquire(id, keeper)
	if err != nil {
		return nil, err
	}
	size := s.m.Size
	below, err := d.freeze(s)
	m = &manifest{Version: version, Kind: KindSnapshot, Size: size, Layers: below, id: id}
	return m, errors.Join(err, d.release(s, keeper))
}

// Snapshot makes a snapshot, named id, of a volume, which may be in use: the snapshot has
// all earlier writes, and new ones wait for a moment.
func (d *Dir) Snapshot(volume, id string) error {
	return d.change("snapshot", volume, func(s *stack) error {
		if err := errors.Join(s.requireKind(KindVolume), d.checkFree(id)); err != nil {
			return err
		}
		size := s.m.Size
		frozen, err := d.freeze(s)
		if err != nil {
			return err
		}
		return d.publish(&manifest{Version: version, Kind: KindSnapshot, Size: size, Layers: frozen,
			Volume: volume, Created: time.Now().UTC(), id: id})
	})
}

// Reset returns a volume to its contents at the time of cloning, with its present size. Its
// snapshots stay. It must not be open.
func (d *Dir) Reset(id string) error {
	return d.change("reset", id, func(s *stack) error {
		if err := errors.Join(s.requireKind(KindVolume), s.idle()); err != nil {
			return err
		}
		if s.m.Base == 0 {
			return fmt.Errorf("it is no clone and has no image to go back to: %w", ErrKind)
		}
		return d.restack(s, s.m.Layers[:s.m.Base], s.m.Size)
	})
}

// Revert returns a volume to the contents and size of one of its snapshots. Its snapshots
// stay. It must not be open.
func (d *Dir) Revert(volume, snapshot string) error {
	return d.change("revert", volume, func(s *stack) error {
		if err := errors.Join(s.requireKind(KindVolume), s.idle()); err != nil {
			return err
		}
		m, err := d.load(snapshot)
		if err != nil {
			return err
		}
		if m.Volume != volume {
			return fmt.Errorf("%s is not a snapshot of it: %w", snapshot, ErrKind)
		}
		return d.restack(s, m.Layers, m.Size)
	})
}

// Resize makes a volume larger. It may be open: see [Disk.Watch].
func (d *Dir) Resize(id string, size int64) error {
	var watch []func(int64)
	err := d.change("resize", id, func(s *stack) error {
		if err := s.requireKind(KindVolume); err != nil {
			return err
		}
		if err := checkSize(size); err != nil || size < s.m.Size {
			return fmt.Errorf("to %d bytes from %d, and volumes only grow: %w", size, s.m.Size, ErrSize)
		}
		watch = s.watch
		return d.enlarge(s, size)
	})
	if err != nil {
		return err
	}
	for _, f := range watch {
		f(size)
	}
	return nil
}

func (d *Dir) enlarge(s *stack, size int64) error {
	s.gate.Lock()
	defer s.gate.Unlock()
	m := *s.m
	m.Size = size
	if top := s.top(); top.has == nil {
		if err := errors.Join(top.lengthen(size), top.file.Sync()); err != nil {
			return err
		}
	}
	if !m.plain {
		if err := d.publish(&m); err != nil {
			return err
		}
	}
	for _, l := range s.layers {
		if l.has != nil {
			l.has.grow(size)
		}
	}
	if s.redo != nil {
		s.redo.grow(size)
	}
	s.m = &m
	s.size.Store(size)
	return nil
}
