package volume

import (
	"errors"
	"fmt"
	"math/bits"
	"sync"
	"sync/atomic"
)

// stack is an open volume, snapshot or image: its layers, of which the top one is
// written to. All users of the volume in this process share one stack.
type stack struct {
	dir   *Dir
	users [3]int             // Dir.mu guards; number of users by role
	watch []func(size int64) // Dir.mu guards

	// gate is held (RLock) by all I/O, and closed (Lock) to change the following fields.
	gate   sync.RWMutex
	m      *manifest
	layers []*layer // from the bottom to the top
	size   atomic.Int64
	redo   *presence // blocks written to during a merge; or nil

	firstWrites [64]sync.Mutex // each guards the first writes to every 64th block
	buffers     sync.Pool      // *[clusterSize]byte, for copyUp

	syncing sync.Mutex
	broken  error // syncing guards; if set, every sync fails

	recording sync.Mutex // one atomic write at a time
}

// role is the use that a user makes of a stack.
type role int

const (
	reader role = iota
	writer      // excludes readers and other writers
	keeper      // changes the layers of the stack; excludes other processes only
)

// openStack opens the layers of m, the top one to write if it is a volume's.
func (d *Dir) openStack(m *manifest) (s *stack, err error) {
	s = &stack{dir: d, m: m}
	s.size.Store(m.Size)
	for i, name := range m.Layers {
		l, err := openLayer(d.fs, m.file(name), m.Size, m.Kind == KindVolume && i == len(m.Layers)-1)
		if err != nil {
			return nil, errors.Join(err, s.close())
		}
		s.layers = append(s.layers, l)
	}
	return s, nil
}

// relock takes the file lock that the users of the stack need.
func (s *stack) relock() error {
	want := shared
	if s.users[writer]+s.users[keeper] > 0 {
		want = exclusive
	}
	return lock(s.top().file, want)
}

func (s *stack) top() *layer { return s.layers[len(s.layers)-1] }

func (s *stack) close() (err error) {
	s.gate.Lock()
	defer s.gate.Unlock()
	for _, l := range s.layers {
		err = errors.Join(err, l.file.Close())
	}
	return err
}

// owner returns the layer that has the block, or nil.
func (s *stack) owner(block int64) *layer {
	for i := len(s.layers) - 1; i >= 0; i-- {
		if l := s.layers[i]; l.has == nil || l.has.has(block) {
			return l
		}
	}
	return nil
}

// run returns the layer that has off, or nil, and the length of the run, at most to end,
// for which that holds.
func (s *stack) run(off, end int64) (l *layer, n int64) {
	block := off / clusterSize
	l = s.owner(block)
	at := (block + 1) * clusterSize
	for at < end && s.owner(at/clusterSize) == l {
		at += clusterSize
	}
	return l, min(at, end) - off
}

func (s *stack) readAt(p []byte, off int64) error {
	for len(p) > 0 {
		l, n := s.run(off, off+int64(len(p)))
		if l == nil {
			clear(p[:n])
		} else if err := l.readAt(p[:n], off); err != nil {
			return err
		}
		p, off = p[n:], off+n
	}
	return nil
}

func (s *stack) readCached(p []byte, off int64) bool {
	for len(p) > 0 {
		l, n := s.run(off, off+int64(len(p)))
		if l == nil {
			clear(p[:n])
		} else if !l.file.ReadCached(p[:n], l.data+off) {
			return false
		}
		p, off = p[n:], off+n
	}
	return true
}

// write writes p, or unmaps the range if p is nil.
func (s *stack) write(p []byte, off, n int64) error {
	top := s.top()
	first, end := off/clusterSize, blocksOf(off+n)
	if top.has == nil || top.has.all(first, end) {
		err := s.put(p, off, n)
		s.markDirty(first, end)
		return err
	}
	defer s.lockFirstWrites(first, end)()
	if err := top.has.ready(first, end, top.reserve); err != nil {
		return err
	}
	if err := s.around(off, off+n); err != nil {
		return err
	}
	if err := s.put(p, off, n); err != nil {
		return err
	}
	top.has.add(first, end)
	s.markDirty(first, end)
	return nil
}

// put writes to the top layer, whatever its map says.
func (s *stack) put(p []byte, off, n int64) error {
	top := s.top()
	if p == nil {
		return top.file.Punch(top.data+off, n)
	}
	if err := s.dir.room.take(need(off, n)); err != nil && !s.filled(off, n) {
		return fmt.Errorf("write to %s: %w", s.m.id, err)
	}
	_, err := top.file.WriteAt(p, top.data+off)
	return err
}

// filled reports whether a range takes up its space already.
func (s *stack) filled(off, n int64) bool {
	top := s.top()
	run, data, err := top.file.Extent(top.data+off, top.data+off+n)
	return err == nil && data && run == n
}

// lockFirstWrites locks the first writes to the blocks of [first, end), and returns the
// function that unlocks them.
func (s *stack) lockFirstWrites(first, end int64) (done func()) {
	set := ^uint64(0)
	if n := end - first; n < 64 {
		set = bits.RotateLeft64(1<<n-1, int(first%64))
	}
	for rest := set; rest != 0; rest &= rest - 1 {
		s.firstWrites[bits.TrailingZeros64(rest)].Lock()
	}
	return func() {
		for rest := set; rest != 0; rest &= rest - 1 {
			s.firstWrites[bits.TrailingZeros64(rest)].Unlock()
		}
	}
}

// around copies up the parts of the first and the last block of a range that lie outside of
// it, unless the top layer already has these blocks. No reader sees the copy yet.
func (s *stack) around(off, end int64) error {
	head := off / clusterSize * clusterSize
	tail := min(blocksOf(end)*clusterSize, s.size.Load())
	if !s.top().has.has(head / clusterSize) {
		if err := s.copyUp(head, off); err != nil {
			return err
		}
	}
	if !s.top().has.has((end - 1) / clusterSize) {
		return s.copyUp(end, tail)
	}
	return nil
}

// copyUp copies a piece of a block that the top layer does not have. Zeros become a hole:
// leftovers of an interrupted write must not show.
func (s *stack) copyUp(off, end int64) error {
	if off >= end {
		return nil
	}
	buf, ok := s.buffers.Get().(*[clusterSize]byte)
	if !ok {
		buf = new([clusterSize]byte)
	}
	defer s.buffers.Put(buf)
	p := buf[:end-off]
	if err := s.readAt(p, off); err != nil {
		return err
	}
	if isZero(p) {
		p = nil
	}
	return s.put(p, off, end-off)
}

// markDirty marks blocks as written to, for a merge under way.
func (s *stack) markDirty(first, end int64) {
	if s.redo != nil {
		s.redo.mark(first, end)
	}
}

// extent is Disk.Extent. It looks at one page of the map and one extent of the file at
// most: the next call begins where this run ends.
func (s *stack) extent(off int64) (n int64, mapped bool, err error) {
	end := min(off+pageSpan, s.size.Load())
	if l := s.owner(off / clusterSize); l != nil {
		n, mapped, err = l.file.Extent(l.data+off, l.data+end)
		if err != nil {
			return 0, false, err
		}
		if n, mapped = wholeSectors(n, mapped); n < end-off {
			end = off + n
		}
	}
	_, n = s.run(off, end)
	return n, mapped, nil
}

// wholeSectors rounds a run to whole sectors. A sector that is a hole only in part is data.
func wholeSectors(n int64, data bool) (int64, bool) {
	switch rest := n % BlockSize; {
	case rest == 0:
		return n, data
	case data:
		return n - rest + BlockSize, true
	case n < BlockSize:
		return BlockSize, true
	default:
		return n - rest, false
	}
}

// sync makes everything that was written durable. After a medium error it fails for good:
// the map on the disk is correct, and a later one might not be. Closing and opening the
// volume goes back to the map on the disk.
func (s *stack) sync() error {
	s.syncing.Lock()
	defer s.syncing.Unlock()
	if s.broken != nil {
		return s.broken
	}
	err := s.top().sync()
	if errors.As(err, new(fatal)) {
		s.broken = fmt.Errorf("what was written to %s since its last flush may be lost; close and open it: %w", s.m.id, err)
		return s.broken
	}
	return err
}

// fail makes every sync from now on fail.
func (s *stack) fail(err error) {
	s.syncing.Lock()
	defer s.syncing.Unlock()
	s.broken = err
}
