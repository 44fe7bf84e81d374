package volume

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
)

// A layer of a deleted snapshot that has exactly one other on top of it is superfluous. The
// upper one is merged into it: its blocks are copied down, which no reader notices, because
// every reader of the lower layer reads through the upper one; then the manifests leave the
// upper one out. A crash at any moment leaves volumes that read the same, and the merge is
// repeated.

// Tidy merges superfluous layers and frees their space. Volumes may be in use meanwhile. It
// may be interrupted and called again. It skips volumes that are open in another process.
func (d *Dir) Tidy(ctx context.Context) error {
	err := errors.Join(d.mergeAll(ctx), d.withLock(d.resume))
	d.closed()
	if err != nil {
		return fmt.Errorf("merge layers: %w", err)
	}
	return nil
}

func (d *Dir) mergeAll(ctx context.Context) error {
	skip := map[string]bool{}
	for {
		m, err := d.beginMerge(skip)
		if m == nil || err != nil {
			return err
		}
		err = m.run(ctx)
		if err = errors.Join(err, m.end()); err != nil && !lost(err) {
			return err
		}
		skip[m.lower.name] = !m.done // or it would be retried for ever
	}
}

// lost reports whether a merge lost a race: another process opened one of the volumes, or
// it was reset and has other layers now.
func lost(err error) bool { return errors.Is(err, ErrInUse) || errors.Is(err, os.ErrClosed) }

// merge is the merging of one layer into the one below.
type merge struct {
	dir    *Dir
	upper  *layer
	lower  *layer // opened for this, to write
	size   int64
	todo   *presence // blocks of the upper layer that the lower one does not have yet
	stacks []*stack  // all stacks with both layers, some more than once
	live   *stack    // the volume whose newest layer is upper; or nil
	own    bool      // no other stack closes upper
	done   bool
}

// beginMerge finds and opens a pair of layers to merge; it returns nil if there is none.
func (d *Dir) beginMerge(skip map[string]bool) (m *merge, err error) {
	err = d.withLock(func() error {
		for {
			c, err := d.look()
			if err != nil {
				return err
			}
			lower, upper, users := c.mergePair(skip)
			if lower == "" {
				return nil
			}
			if m, err = d.openMerge(lower, upper, users); !errors.Is(err, ErrInUse) {
				return err
			}
			skip[lower] = true
		}
	})
	return m, err
}

// openMerge acquires all stacks with the layers, and makes writes during the merge mark
// their blocks.
func (d *Dir) openMerge(lower, upper string, users []*manifest) (m *merge, err error) {
	m = &merge{dir: d}
	defer func() {
		if err != nil {
			err, m = errors.Join(err, m.release()), nil
		}
	}()
	if _, err := m.keep(users); err != nil {
		return m, err
	}
	if m.lower, err = openLayer(d.fs, layerPath(lower), m.size, true); err != nil {
		return m, err
	}
	// An export that has begun may read the lower layer without the upper one. Later
	// exports read through it.
	if err := errors.Join(lock(m.lower.file, exclusive), m.lower.file.Lock(shared)); err != nil {
		return m, err
	}
	for _, s := range m.stacks {
		if s.top().name == upper && s.m.Kind == KindVolume {
			m.watch(s)
		}
	}
	if m.upper == nil {
		if m.upper, err = openLayer(d.fs, layerPath(upper), m.size, false); err != nil {
			return m, err
		}
		m.own, m.todo = true, newPresence(m.size)
	}
	m.plan()
	return m, nil
}

// keep acquires the stacks that have the layers.
func (m *merge) keep(users []*manifest) (stacks []*stack, err error) {
	for _, u := range users {
		s, err := m.dir.acquire(u.id, keeper)
		if err != nil {
			return nil, err
		}
		m.stacks, stacks = append(m.stacks, s), append(stacks, s)
		m.size = max(m.size, s.m.Size)
	}
	return stacks, nil
}

// watch makes the volume that writes to the upper layer mark the blocks it writes.
func (m *merge) watch(s *stack) {
	s.gate.Lock()
	defer s.gate.Unlock()
	m.live, m.upper, m.todo = s, s.top(), newPresence(m.size)
	s.redo = m.todo
}

// plan marks everything that the upper layer has.
func (m *merge) plan() {
	for b, end := int64(0), blocksOf(m.size); ; b++ {
		if b = m.upper.has.next(b, end); b == end {
			return
		}
		m.todo.mark(b, b+1)
	}
}

// fewBlocks is how many may be copied while writers wait.
const fewBlocks = 128

// run copies until little is left, then copies the rest while writers wait, and removes the
// upper layer from all stacks.
func (m *merge) run(ctx context.Context) error {
	for range 8 {
		if err := m.pass(ctx, m.live); err != nil {
			return err
		}
		if err := m.lower.sync(); err != nil {
			return err
		}
		if m.todo.count() <= fewBlocks {
			break
		}
	}
	return m.dir.withLock(func() error { return m.commit(ctx) })
}

// commit completes the merge, if the layers can still be merged.
func (m *merge) commit(ctx context.Context) error {
	c, err := m.dir.look()
	if err != nil {
		return err
	}
	users := c.having(m.lower.name)
	if len(users) == 0 || !mergeable(c.users[m.lower.name], m.lower.name, m.upper.name) {
		return nil
	}
	stacks, err := m.keep(users)
	if err != nil {
		return err
	}
	for _, s := range stacks {
		s.gate.Lock()
		defer s.gate.Unlock()
	}
	if err := m.finish(ctx); err != nil {
		return err
	}
	for _, s := range stacks {
		if err := m.replace(s); err != nil {
			return err
		}
	}
	m.done = true
	return m.dir.discard([]string{m.upper.name})
}

// replace leaves the upper layer out of a stack whose gate is closed.
func (m *merge) replace(s *stack) error {
	n := *s.m
	i := slices.Index(n.Layers, m.lower.name)
	n.Layers = slices.Delete(slices.Clone(n.Layers), i+1, i+2)
	if n.Base > i {
		n.Base--
	}
	fresh, err := m.reopen(s, n.Size, i == len(n.Layers)-1)
	if err != nil {
		return err
	}
	if err := m.dir.publish(&n); err != nil {
		if errors.As(err, new(fatal)) {
			s.fail(err)
		}
		return errors.Join(err, fresh.file.Close())
	}
	old := s.layers[i : i+2]
	s.layers = slices.Concat(s.layers[:i], []*layer{fresh}, s.layers[i+2:])
	s.m, s.redo = &n, nil
	if m.own = m.own || old[1] == m.upper; old[1] == m.upper { // release closes it
		return errors.Join(m.upper.file.Lock(unlocked), old[0].file.Close())
	}
	return errors.Join(old[0].file.Close(), old[1].file.Close())
}

// reopen opens the lower layer for a stack, of which it may become the newest. That
// fails while it is exported.
func (m *merge) reopen(s *stack, size int64, newest bool) (*layer, error) {
	l, err := openLayer(m.dir.fs, layerPath(m.lower.name), size, newest && s.m.Kind == KindVolume)
	if err != nil || !newest {
		return l, err
	}
	if err := errors.Join(m.lower.file.Lock(unlocked), lock(l.file, exclusive)); err != nil {
		return nil, errors.Join(err, l.file.Close())
	}
	return l, nil
}

// end releases all stacks and layers.
func (m *merge) end() error {
	return m.dir.withLock(m.release)
}

func (m *merge) release() (err error) {
	for _, s := range m.stacks {
		s.gate.Lock()
		if s.redo == m.todo {
			s.redo = nil
		}
		s.gate.Unlock()
		err = errors.Join(err, m.dir.release(s, keeper))
	}
	if m.own {
		err = errors.Join(err, m.upper.file.Close())
	}
	if m.lower != nil {
		err = errors.Join(err, m.lower.file.Close())
	}
	return err
}
