// Package disktest is the acceptance suite of [scsi.Disk]: what the interface promises,
// as tests that every implementation runs. A unit of package scsi relies on each of them.
//
// The suite compares a disk with a model, a slice of bytes, and keeps to the contract
// itself: offsets and lengths are multiples of the block size, inside the disk. A disk that
// is also a [scsi.CachedReader] or a [scsi.AtomicWriter] has to keep those promises too.
// Power cuts are not tested here: they need a simulated medium, which each implementation
// provides in its own tests.
package disktest

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"sync"
	"testing"

	"ironhook/block/scsi"
)

// Disk is a disk under test.
type Disk struct {
	scsi.Disk

	// Reopen closes the disk and opens it again. It is nil for a disk that does not
	// outlive its process.
	Reopen func(t *testing.T) scsi.Disk
}

// MinSize is the least size in bytes of a disk that the suite can work on.
const MinSize = 1 << 20

// Run runs the suite. Open makes a disk of at least [MinSize] bytes for each test and
// registers its Close with that test's Cleanup. The disk may have any contents; the test
// expects to read them back where it has not written.
func Run(t *testing.T, open func(t *testing.T) Disk) {
	probe := open(t)
	for _, tt := range tests {
		if tt.needs == nil || tt.needs(probe) {
			t.Run(tt.name, func(t *testing.T) { tt.run(t, newModel(t, open(t))) })
		}
	}
}

// tests are the parts of the suite, each with what it needs of a disk.
var tests = []struct {
	name  string
	needs func(Disk) bool // nil: nothing
	run   func(*testing.T, *model)
}{
	{"Size", nil, size},
	{"ReadsAreStable", nil, readsAreStable},
	{"WritesStayInPlace", nil, writesStayInPlace},
	{"Unmap", nil, unmap},
	{"Extents", nil, extents},
	{"RandomOperations", nil, randomOperations},
	{"ConcurrentRanges", nil, concurrentRanges},
	{"CachedReads", readsCached, cachedReads},
	{"AtomicWrites", writesAtomically, atomicWrites},
	{"SyncedDataSurvives", func(d Disk) bool { return d.Reopen != nil }, syncedDataSurvives},
}

func readsCached(d Disk) bool {
	_, ok := d.Disk.(scsi.CachedReader)
	return ok
}

func writesAtomically(d Disk) bool {
	a, ok := d.Disk.(scsi.AtomicWriter)
	return ok && a.AtomicLimit() > 0
}

const blockSize = scsi.BlockSize

// model is a disk and what it has to contain.
type model struct {
	disk Disk
	want []byte
	rnd  *rand.Rand
	dirt byte
}

func newModel(t *testing.T, d Disk) *model {
	t.Helper()
	if d.Size() < MinSize || d.Size()%blockSize != 0 {
		t.Fatalf("Size() = %d, want a multiple of %d, at least %d", d.Size(), blockSize, MinSize)
	}
	m := &model{disk: d, want: make([]byte, d.Size()), rnd: rand.New(rand.NewPCG(1, 2))}
	m.read(t, m.want, 0)
	return m
}

// read fills p with garbage first, different each time: the disk has to write zeros too.
func (m *model) read(t *testing.T, p []byte, off int64) {
	t.Helper()
	m.dirty(p)
	if n, err := m.disk.ReadAt(p, off); n != len(p) || err != nil {
		t.Fatalf("ReadAt(%d bytes, %d) = %d, %v", len(p), off, n, err)
	}
}

func (m *model) dirty(p []byte) {
	m.dirt++
	for i := range p {
		p[i] = m.dirt
	}
}

func (m *model) write(t *testing.T, p []byte, off int64) {
	t.Helper()
	if n, err := m.disk.WriteAt(p, off); n != len(p) || err != nil {
		t.Fatalf("WriteAt(%d bytes, %d) = %d, %v", len(p), off, n, err)
	}
	copy(m.want[off:], p)
}

func (m *model) unmap(t *testing.T, off, n int64) {
	t.Helper()
	if err := m.disk.Unmap(off, n); err != nil {
		t.Fatalf("Unmap(%d, %d) = %v", off, n, err)
	}
	clear(m.want[off : off+n])
}

func (m *model) sync(t *testing.T) {
	t.Helper()
	if err := m.disk.Sync(); err != nil {
		t.Fatalf("Sync() = %v", err)
	}
}

// check reads all of the disk.
func (m *model) check(t *testing.T) {
	t.Helper()
	got := make([]byte, len(m.want))
	m.read(t, got, 0)
	m.compare(t, got, 0)
}

func (m *model) compare(t *testing.T, got []byte, off int64) {
	t.Helper()
	want := m.want[off:][:len(got)]
	if bytes.Equal(got, want) {
		return
	}
	for i := 0; i < len(got); i += blockSize {
		if !bytes.Equal(got[i:i+blockSize], want[i:i+blockSize]) {
			t.Fatalf("block at %d begins with %x, want %x", off+int64(i), got[i:i+16], want[i:i+16])
		}
	}
}

// data returns n random bytes, none of them zero.
func (m *model) data(n int) []byte {
	p := make([]byte, n)
	for i := 0; i < n; i += 8 { // n is a multiple of the block size
		binary.LittleEndian.PutUint64(p[i:], m.rnd.Uint64()|0x0101010101010101)
	}
	return p
}

// span returns a random range of up to most blocks.
func (m *model) span(most int) (off int64, n int) {
	blocks := len(m.want) / blockSize
	count := 1 + m.rnd.IntN(most)
	return int64(m.rnd.IntN(blocks-count+1)) * blockSize, count * blockSize
}

func size(t *testing.T, m *model) {
	before := m.disk.Size()
	m.write(t, m.data(blockSize), before-blockSize)
	m.unmap(t, 0, blockSize)
	m.sync(t)
	if got := m.disk.Size(); got != before {
		t.Errorf("Size() = %d after a write to the last block, want %d", got, before)
	}
	m.check(t)
}

func readsAreStable(t *testing.T, m *model) {
	m.check(t)
	m.sync(t)
	m.check(t)
}

// edges are where implementations change over: from block to page, from cluster to
// cluster, to the end of the disk.
func (m *model) edges() []int64 {
	return []int64{0, blockSize, 4096 - blockSize, 4096, 65536 - blockSize, 65536, 131072 - blockSize, int64(len(m.want)) - blockSize}
}

func writesStayInPlace(t *testing.T, m *model) {
	for _, off := range m.edges() {
		m.write(t, m.data(blockSize), off)
		m.check(t)
	}
	m.write(t, m.data(3*65536), 65536-blockSize)
	m.check(t)
	m.write(t, make([]byte, 65536), 65536+blockSize) // zeros are data too
	m.sync(t)
	m.check(t)
}

func unmap(t *testing.T, m *model) {
	m.write(t, m.data(len(m.want)), 0)
	for _, off := range m.edges() {
		m.unmap(t, off, blockSize)
		m.check(t)
	}
	m.unmap(t, 65536-blockSize, 3*65536)
	m.unmap(t, 65536-blockSize, 3*65536) // again: nothing is left to give back
	m.sync(t)
	m.check(t)
	m.write(t, m.data(blockSize), 2*65536)
	m.check(t)
	m.unmap(t, 0, int64(len(m.want)))
	m.sync(t)
	m.check(t)
}

// extents walks over the disk after every step. Unmapped ranges read as zeros; written data
// other than zeros is mapped.
func extents(t *testing.T, m *model) {
	m.walk(t)
	m.unmap(t, 0, int64(len(m.want)))
	m.walk(t)
	for _, off := range m.edges() {
		m.write(t, m.data(blockSize), off)
		m.walk(t)
	}
	for range 20 {
		off, n := m.span(200)
		m.write(t, m.data(n), off)
		m.walk(t)
		off, n = m.span(200)
		m.unmap(t, off, int64(n))
		m.walk(t)
	}
	m.sync(t)
	m.walk(t)
}

func (m *model) walk(t *testing.T) {
	t.Helper()
	end := int64(len(m.want))
	for off := int64(0); off < end; {
		n, mapped, err := m.disk.Extent(off)
		if err != nil || n <= 0 || n > end-off || n%blockSize != 0 {
			t.Fatalf("Extent(%d) = %d, %v, %v of %d", off, n, mapped, err, end)
		}
		if zeros := len(bytes.Trim(m.want[off:off+n], "\x00")) == 0; !mapped && !zeros {
			t.Fatalf("Extent(%d) = %d, not mapped, but there is data", off, n)
		}
		off += n
	}
}

func randomOperations(t *testing.T, m *model) {
	for range 300 {
		off, n := m.span(300)
		switch m.rnd.IntN(8) {
		case 0:
			m.sync(t)
		case 1:
			m.unmap(t, off, int64(n))
		case 2, 3, 4:
			m.write(t, m.data(n), off)
		default:
			p := make([]byte, n)
			m.read(t, p, off)
			m.compare(t, p, off)
		}
	}
	m.check(t)
}

// concurrentRanges runs a writer for each range, with borders inside pages and clusters,
// and one goroutine that flushes and walks over the extents all the while.
func concurrentRanges(t *testing.T, m *model) {
	const writers = 8
	each := len(m.want) / blockSize / writers * blockSize
	done, background := make(chan struct{}), sync.WaitGroup{}
	background.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
			}
			if err := m.disk.Sync(); err != nil {
				t.Errorf("Sync() = %v", err)
			}
			if n, _, err := m.disk.Extent(0); n <= 0 || err != nil {
				t.Errorf("Extent(0) = %d, %v", n, err)
			}
		}
	})
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() { scribble(t, m.disk, m.want[w*each:][:each], int64(w*each), uint64(w)) })
	}
	all.Wait()
	close(done)
	background.Wait()
	m.check(t)
}

// scribble writes to a range at random, and reads back.
func scribble(t *testing.T, d scsi.Disk, want []byte, base int64, seed uint64) {
	own := &model{want: want, rnd: rand.New(rand.NewPCG(seed, 3))}
	for range 60 {
		off, n := own.span(min(100, len(want)/blockSize))
		var err error
		if own.rnd.IntN(5) == 0 {
			err = d.Unmap(base+off, int64(n))
			clear(want[off : off+int64(n)])
		} else {
			p := own.data(n)
			_, err = d.WriteAt(p, base+off)
			copy(want[off:], p)
		}
		got := make([]byte, n)
		if err == nil {
			_, err = d.ReadAt(got, base+off)
		}
		if err != nil || !bytes.Equal(got, want[off:off+int64(n)]) {
			t.Errorf("%d bytes at %d are not what was written: %v", n, base+off, err)
			return
		}
	}
}

// cachedReads may find nothing in memory, but the data found must be right.
func cachedReads(t *testing.T, m *model) {
	c := m.disk.Disk.(scsi.CachedReader)
	for range 100 {
		off, n := m.span(64)
		switch m.rnd.IntN(3) {
		case 0:
			m.write(t, m.data(n), off)
		case 1:
			m.unmap(t, off, int64(n))
		}
		p := make([]byte, n)
		m.dirty(p)
		if c.ReadCached(p, off) {
			m.compare(t, p, off)
		}
	}
}

func atomicWrites(t *testing.T, m *model) {
	a := m.disk.Disk.(scsi.AtomicWriter)
	longest := min(a.AtomicLimit(), int64(len(m.want))) / blockSize * blockSize
	for _, n := range []int64{blockSize, 4096, 65536, longest} {
		off := (int64(len(m.want)) - n) / 2 / blockSize * blockSize
		p := m.data(int(n))
		if err := a.WriteAtomic(p, off); err != nil {
			t.Fatalf("WriteAtomic(%d bytes, %d) = %v", n, off, err)
		}
		copy(m.want[off:], p)
		m.check(t)
	}
	m.sync(t)
	m.write(t, m.data(blockSize), 0)
	m.reopen(t) // no record of an atomic write comes back over what followed it
	m.check(t)
}

func syncedDataSurvives(t *testing.T, m *model) {
	for range 3 {
		for range 20 {
			off, n := m.span(200)
			m.write(t, m.data(n), off)
			off, n = m.span(50)
			m.unmap(t, off, int64(n))
		}
		m.sync(t)
		m.reopen(t)
		m.check(t)
		m.walk(t)
	}
}

// reopen does nothing to a disk that cannot be opened a second time.
func (m *model) reopen(t *testing.T) {
	t.Helper()
	if m.disk.Reopen == nil {
		return
	}
	m.sync(t)
	m.disk.Disk = m.disk.Reopen(t)
}
