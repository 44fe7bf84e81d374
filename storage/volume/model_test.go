package volume

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"

	"pgregory.net/rapid"
)

// sectors is what a volume contains: a number for each sector, which fills it; 0 is
// a sector of zeros.
type sectors map[int64]uint64

// modelled is what a volume, snapshot or image should be.
type modelled struct {
	kind   Kind
	size   int64
	now    sectors
	maybe  map[int64][]uint64 // what else the sectors written since the last flush may be after a crash
	base   sectors            // what Reset goes back to; nil: nothing
	volume string
	disk   *Disk // that has it open
}

func (m *modelled) frozen(kind Kind, volume string) *modelled {
	return &modelled{kind: kind, size: m.size, now: maps.Clone(m.now), volume: volume}
}

// machine does random things to a directory and to a model of it, and compares.
type machine struct {
	fs    *memFS
	d     *Dir
	all   map[string]*modelled
	next  uint64 // what is written next
	ids   int
	chaos *rand.Rand
}

// TestModel runs as many sequences as -rapid.checks says.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &machine{fs: newMemFS(), all: map[string]*modelled{}}
		m.chaos = rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		m.start(t)
		t.Repeat(map[string]func(*rapid.T){
			"create": m.create, "import": m.build, "clone": m.clone, "snapshot": m.snapshot, "snapshot 2": m.snapshot,
			"close": m.close, "write": m.write, "write 2": m.write, "write 3": m.write, "unmap": m.unmap, "atomic": m.atomic, "flush": m.flush,
			"reset": m.reset, "revert": m.revert, "delete": m.delete, "thin": m.thin, "thin 2": m.thin, "tidy": m.tidy,
			"tidy in use": m.tidyInUse, "resize": m.resize, "promote": m.promote,
			"kill": m.kill, "cut": m.cut, "full": m.full, "read": m.read,
		})
		m.checkAll(t)
	})
}

func (m *machine) start(t *rapid.T) {
	d, err := openDir(m.fs, Reserve(0))
	if err != nil {
		t.Fatal(err)
	}
	m.d = d
}

// pick chooses one that fits, or gives up.
func (m *machine) pick(t *rapid.T, fits func(string, *modelled) bool) (string, *modelled) {
	var ids []string
	for id, x := range m.all {
		if fits(id, x) {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		t.Skip("nothing fits")
	}
	slices.Sort(ids)
	id := rapid.SampledFrom(ids).Draw(t, "id")
	return id, m.all[id]
}

func anything(string, *modelled) bool         { return true }
func isVolume(_ string, x *modelled) bool     { return x.kind == KindVolume }
func isOpen(_ string, x *modelled) bool       { return x.disk != nil }
func closedVolume(_ string, x *modelled) bool { return x.kind == KindVolume && x.disk == nil }

func (m *machine) id() string {
	m.ids++
	return "id" + string(rune('a'+m.ids%26)) + string(rune('a'+m.ids/26%26)) + string(rune('a'+m.ids/676))
}

func size(t *rapid.T) int64 {
	if rapid.IntRange(0, 9).Draw(t, "large") == 0 {
		return pageSpan + rapid.Int64Range(-3, 200).Draw(t, "beyond")*512
	}
	return rapid.Int64Range(1, 600).Draw(t, "sectors") * 512
}

// attempt runs an operation, perhaps with the power going in the middle of it.
// After that, either what it should do has happened (done is called) or nothing.
func (m *machine) attempt(t *rapid.T, do func() error, done func(), happened func() bool) {
	m.fs.countdown = -1
	if rapid.IntRange(0, 3).Draw(t, "power") == 0 {
		m.fs.countdown = rapid.IntRange(0, 60).Draw(t, "calls")
	}
	err := do()
	off := m.fs.off
	m.fs.countdown = -1
	if !off {
		if err != nil {
			t.Fatal(err)
		}
		done()
		return
	}
	m.restart(t, m.fs.cut(m.chaos))
	if err == nil || happened() {
		done()
	}
	m.settle(t)
}

func exists(m *machine, id string) func() bool {
	return func() bool {
		_, err := m.d.Stat(id)
		return !errors.Is(err, fs.ErrNotExist)
	}
}

func (m *machine) create(t *rapid.T) {
	id, n := m.id(), size(t)
	m.attempt(t, func() error { return m.d.Create(id, n) }, func() {
		m.all[id] = &modelled{kind: KindVolume, size: n, now: sectors{}}
	}, exists(m, id))
}

func (m *machine) build(t *rapid.T) {
	id, x := m.id(), &modelled{kind: KindImage, size: rapid.Int64Range(1, 400).Draw(t, "sectors") * 512, now: sectors{}}
	b := make([]byte, x.size)
	for range 3 {
		at := rapid.Int64Range(0, x.size/512-1).Draw(t, "at")
		for s := at; s < min(at+20, x.size/512); s++ {
			m.next++
			x.now[s] = m.next
			fillSector(b[s*512:], m.next)
		}
	}
	m.attempt(t, func() error { _, err := m.d.Import(t.Context(), id, bytes.NewReader(b)); return err },
		func() { m.all[id] = x }, exists(m, id))
}

func (m *machine) clone(t *rapid.T) {
	source, x := m.pick(t, anything)
	id, n := m.id(), x.size+rapid.Int64Range(0, 300).Draw(t, "more")*512
	m.attempt(t, func() error { return m.d.Clone(source, id, n) }, func() {
		m.flushed(x)
		m.all[id] = &modelled{kind: KindVolume, size: n, now: maps.Clone(x.now), base: maps.Clone(x.now)}
	}, exists(m, id))
}

func (m *machine) snapshot(t *rapid.T) {
	source, x := m.pick(t, isVolume)
	id := m.id()
	m.attempt(t, func() error { return m.d.Snapshot(source, id) }, func() {
		m.flushed(x)
		m.all[id] = x.frozen(KindSnapshot, source)
	}, exists(m, id))
}

// flushed is what follows when all that was written is on stable storage.
func (m *machine) flushed(x *modelled) { x.maybe = nil }

func (m *machine) promote(t *rapid.T) {
	source, x := m.pick(t, anything)
	id := m.id()
	m.attempt(t, func() error { return m.d.Promote(t.Context(), source, id, nil) }, func() {
		m.flushed(x)
		m.all[id] = x.frozen(KindImage, "")
	}, exists(m, id))
}

// opened chooses a volume and opens it.
func (m *machine) opened(t *rapid.T) *modelled {
	id, x := m.pick(t, isVolume)
	if x.disk == nil {
		var err error
		if x.disk, err = m.d.Open(id, false); err != nil {
			t.Fatal(err)
		}
	}
	return x
}

// close loses what was not flushed no more than a crash does.
func (m *machine) close(t *rapid.T) {
	_, x := m.pick(t, isOpen)
	m.flush1(t, x)
	if err := x.disk.Close(); err != nil {
		t.Fatal(err)
	}
	x.disk = nil
}

// place chooses where to write: near the edges of blocks, pages and the volume.
func place(t *rapid.T, size int64) (first, n int64) {
	last := size/512 - 1
	near := rapid.SampledFrom([]int64{0, clusterSize / 512, 3 * clusterSize / 512, pageSpan / 512, last}).Draw(t, "near")
	first = min(last, max(0, near+rapid.Int64Range(-20, 150).Draw(t, "first")))
	n = rapid.SampledFrom([]int64{1, 7, 8, 60, 128, 300}).Draw(t, "count")
	return first, min(n, last+1-first)
}

func (m *machine) write(t *rapid.T) {
	x := m.opened(t)
	first, n := place(t, x.size)
	m.next++
	b := make([]byte, n*512)
	for s := range n {
		fillSector(b[s*512:], m.next)
	}
	m.put(t, x, first, n, m.next, func() error { _, err := x.disk.WriteAt(b, first*512); return err })
}

// atomic does a write that is there or is not, and flushes all that came before if
// it is.
func (m *machine) atomic(t *rapid.T) {
	x := m.opened(t)
	m.flush1(t, x)
	first, n := place(t, x.size)
	m.next++
	b, value := make([]byte, n*512), m.next
	for s := range n {
		fillSector(b[s*512:], value)
	}
	id := x.disk.s.m.id
	m.attempt(t, func() error { return x.disk.WriteAtomic(b, first*512) }, func() {
		for s := first; s < first+n; s++ {
			x.now[s] = value
		}
	}, func() bool { return m.differs(id, x) != "" })
}

func (m *machine) unmap(t *rapid.T) {
	x := m.opened(t)
	first, n := place(t, x.size)
	m.put(t, x, first, n, 0, func() error { return x.disk.Unmap(first*512, n*512) })
}

// put does a write, perhaps with the power going: sector by sector it is there or
// not.
func (m *machine) put(t *rapid.T, x *modelled, first, n int64, value uint64, do func() error) {
	before := x.now
	x.now = maps.Clone(before)
	if x.maybe == nil {
		x.maybe = map[int64][]uint64{}
	}
	for s := first; s < first+n; s++ {
		x.maybe[s] = append(x.maybe[s], before[s])
		if x.now[s] = value; value == 0 {
			delete(x.now, s)
		}
	}
	m.attempt(t, do, func() {}, func() bool { return true })
}

func (m *machine) flush(t *rapid.T) {
	x := m.opened(t)
	m.attempt(t, x.disk.Sync, func() { m.flushed(x) }, func() bool { return false })
}

func (m *machine) flush1(t *rapid.T, x *modelled) {
	if err := x.disk.Sync(); err != nil {
		t.Fatal(err)
	}
	m.flushed(x)
}

func (m *machine) reset(t *rapid.T) {
	id, x := m.pick(t, func(id string, x *modelled) bool { return closedVolume(id, x) && x.base != nil })
	m.replace(t, id, x, &modelled{kind: KindVolume, size: x.size, now: maps.Clone(x.base), base: x.base},
		func() error { return m.d.Reset(id) })
}

func (m *machine) revert(t *rapid.T) {
	snapshot, s := m.pick(t, func(_ string, x *modelled) bool {
		return x.kind == KindSnapshot && m.all[x.volume].disk == nil
	})
	x := m.all[s.volume]
	m.replace(t, s.volume, x, &modelled{kind: KindVolume, size: s.size, now: maps.Clone(s.now), base: x.base},
		func() error { return m.d.Revert(s.volume, snapshot) })
}

// replace does what makes another volume of one.
func (m *machine) replace(t *rapid.T, id string, old, fresh *modelled, do func() error) {
	m.attempt(t, do, func() { m.all[id] = fresh }, func() bool {
		return !m.maybe(id, old) // if both are right, it does not matter
	})
}

// maybe tells whether a volume is what it may be after a power cut.
func (m *machine) maybe(id string, x *modelled) bool {
	got, problem := m.contents(id, x.size)
	for _, all := range []sectors{got, x.now} {
		for s := range all {
			if got[s] != x.now[s] && !slices.Contains(x.maybe[s], got[s]) {
				return false
			}
		}
	}
	return problem == ""
}

func (m *machine) delete(t *rapid.T) {
	id, x := m.pick(t, func(_ string, x *modelled) bool { return x.disk == nil })
	if err := m.d.Delete(id); err != nil {
		if !errors.Is(err, ErrDependants) {
			t.Fatal(err)
		}
		return
	}
	if x.kind == KindVolume {
		for _, s := range m.all {
			if s.volume == id {
				t.Fatalf("%s was deleted and has snapshots", id)
			}
		}
	}
	delete(m.all, id)
}

// thin deletes a snapshot and merges what that left.
func (m *machine) thin(t *rapid.T) {
	id, _ := m.pick(t, func(_ string, x *modelled) bool { return x.kind == KindSnapshot })
	if err := m.d.Delete(id); errors.Is(err, ErrDependants) {
		return
	} else if err != nil {
		t.Fatal(err)
	}
	delete(m.all, id)
	m.tidy(t)
}

// tidyInUse merges layers while one of the volumes is being written to.
func (m *machine) tidyInUse(t *rapid.T) {
	x := m.opened(t)
	type write struct {
		first int64
		b     []byte
	}
	var writes []write
	for range 10 {
		first, n := place(t, x.size)
		m.next++
		w := write{first, make([]byte, n*512)}
		for s := range n {
			fillSector(w.b[s*512:], m.next)
			x.now[first+s] = m.next
		}
		writes = append(writes, w)
	}
	done := make(chan error)
	go func() {
		var err error
		for _, w := range writes {
			_, e := x.disk.WriteAt(w.b, w.first*512)
			err = errors.Join(err, e)
		}
		done <- err
	}()
	err := m.d.Tidy(t.Context())
	if err = errors.Join(err, <-done); err != nil {
		t.Fatal(err)
	}
	m.flush1(t, x)
	m.checkAll(t)
}

func (m *machine) tidy(t *rapid.T) {
	m.attempt(t, func() error { return m.d.Tidy(t.Context()) }, func() {}, func() bool { return true })
}

func (m *machine) resize(t *rapid.T) {
	id, x := m.pick(t, isVolume)
	n := x.size + rapid.Int64Range(0, 300).Draw(t, "more")*512
	if rapid.IntRange(0, 9).Draw(t, "large") == 0 {
		n = max(n, pageSpan+512*100)
	}
	m.attempt(t, func() error { return m.d.Resize(id, n) }, func() { x.size = n }, func() bool {
		info, err := m.d.Stat(id)
		return err == nil && info.Size == n
	})
}

// kill ends the process. What it had written is in the page cache, and there it may
// stay until the power goes.
func (m *machine) kill(t *rapid.T) {
	m.restart(t, m.fs.kill())
	for id, x := range m.all {
		maybe, before := maps.Clone(x.maybe), maps.Clone(x.now)
		m.settle1(t, id, x)
		for s := range maybe {
			maybe[s] = append(slices.Clone(maybe[s]), before[s])
		}
		x.maybe = maybe
	}
	m.checkAll(t)
}

// cut cuts the power.
func (m *machine) cut(t *rapid.T) {
	m.restart(t, m.fs.cut(m.chaos))
	m.settle(t)
}

func (m *machine) restart(t *rapid.T, left *memFS) {
	m.fs = left
	for _, x := range m.all {
		x.disk = nil
	}
	m.start(t)
}

// settle finds out what a power cut has left of what was not flushed, and that
// nothing else is missing.
func (m *machine) settle(t *rapid.T) {
	for id, x := range m.all {
		m.settle1(t, id, x)
	}
	m.checkAll(t)
}

func (m *machine) settle1(t *rapid.T, id string, x *modelled) {
	if x.maybe == nil {
		return
	}
	got, problem := m.contents(id, x.size)
	if problem != "" {
		t.Fatal(problem)
	}
	for s, may := range x.maybe {
		if got[s] != x.now[s] && !slices.Contains(may, got[s]) {
			t.Fatalf("%s: sector %d has %d, want %d or one of %d", id, s, got[s], x.now[s], may)
		}
		if x.now[s] = got[s]; got[s] == 0 {
			delete(x.now, s)
		}
	}
	x.maybe = nil
}

// full has a while without room: writes fail and nothing that was there is lost.
func (m *machine) full(t *rapid.T) {
	x := m.opened(t)
	m.flush1(t, x)
	m.fs.capacity = m.fs.used + rapid.Int64Range(0, 20).Draw(t, "pages")*memPage
	first, n := place(t, x.size)
	m.next++
	b := make([]byte, n*512)
	for s := range n {
		fillSector(b[s*512:], m.next)
	}
	_, err := x.disk.WriteAt(b, first*512)
	m.fs.capacity = 0
	if err != nil && !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	for s := first; s < first+n; s++ { // it is written again, as an initiator does
		x.now[s] = m.next
	}
	if _, err := x.disk.WriteAt(b, first*512); err != nil {
		t.Fatal(err)
	}
	m.flush1(t, x)
}

func (m *machine) read(t *rapid.T) {
	id, x := m.pick(t, anything)
	if problem := m.differs(id, x); problem != "" {
		t.Fatal(problem)
	}
}

func (m *machine) checkAll(t *rapid.T) {
	for id, x := range m.all {
		if problem := m.differs(id, x); problem != "" {
			t.Fatal(problem)
		}
	}
	list, err := m.d.List()
	if err != nil || len(list) != len(m.all) {
		t.Fatalf("List = %v, %v, want %d", list, err, len(m.all))
	}
}

// differs says how a volume is not what it should be.
func (m *machine) differs(id string, x *modelled) string {
	got, problem := m.contents(id, x.size)
	if problem != "" {
		return problem
	}
	for s := range got {
		if got[s] != x.now[s] {
			return fmt.Sprintf("%s: sector %d of %d has %d, want %d", id, s, x.size/512, got[s], x.now[s])
		}
	}
	for s := range x.now {
		if got[s] != x.now[s] {
			return fmt.Sprintf("%s: sector %d of %d has %d, want %d", id, s, x.size/512, got[s], x.now[s])
		}
	}
	return ""
}

// contents reads what takes up space.
func (m *machine) contents(id string, size int64) (sectors, string) {
	k := m.all[id].disk
	if k == nil {
		var err error
		if k, err = m.d.Open(id, true); err != nil {
			return nil, fmt.Sprintf("open %s: %v", id, err)
		}
		defer k.Close()
	}
	if k.Size() != size {
		return nil, fmt.Sprintf("%s has %d bytes, want %d", id, k.Size(), size)
	}
	got := sectors{}
	for off := int64(0); off < size; {
		n, mapped, err := k.Extent(off)
		if err != nil || n <= 0 || n%512 != 0 || n > size-off {
			return nil, fmt.Sprintf("%s: Extent(%d) = %d, %v, %v", id, off, n, mapped, err)
		}
		if mapped {
			b := make([]byte, n)
			if _, err := k.ReadAt(b, off); err != nil {
				return nil, fmt.Sprintf("read %s: %v", id, err)
			}
			for s := int64(0); s < n/512; s++ {
				v, ok := sectorValue(b[s*512:][:512])
				if !ok {
					return nil, fmt.Sprintf("%s: sector %d is of several pieces", id, off/512+s)
				}
				if v != 0 {
					got[off/512+s] = v
				}
			}
		}
		off += n
	}
	return got, ""
}

func fillSector(b []byte, v uint64) {
	for i := 0; i < 512; i += 8 {
		binary.BigEndian.PutUint64(b[i:], v)
	}
}

func sectorValue(b []byte) (uint64, bool) {
	v := binary.BigEndian.Uint64(b)
	for i := 8; i < 512; i += 8 {
		if binary.BigEndian.Uint64(b[i:]) != v {
			return 0, false
		}
	}
	return v, true
}
