package volume

import (
	"bytes"
	"errors"
	"maps"
	"syscall"

	"pgregory.net/rapid"
)

func size(t *rapid.T) int64 {
	if rapid.IntRange(0, 9).Draw(t, "large") == 0 {
		return pageSpan + rapid.Int64Range(-3, 200).Draw(t, "beyond")*512
	}
	return rapid.Int64Range(1, 600).Draw(t, "sectors") * 512
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

func (m *machine) promote(t *rapid.T) {
	source, x := m.pick(t, anything)
	id := m.id()
	m.attempt(t, func() error { return m.d.Promote(t.Context(), source, id, nil) }, func() {
		m.flushed(x)
		m.all[id] = x.frozen(KindImage, "")
	}, exists(m, id))
}

// close without a flush loses no more than a crash does.
func (m *machine) close(t *rapid.T) {
	_, x := m.pick(t, isOpen)
	m.flush1(t, x)
	if err := x.disk.Close(); err != nil {
		t.Fatal(err)
	}
	x.disk = nil
}

// place chooses a range to write: near the edges of blocks, pages and the volume.
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

// atomic does an atomic write, which also flushes all earlier writes.
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

// put does a write, perhaps with a power cut: each sector is then written or not.
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

// replace does an operation that replaces the contents of a volume.
func (m *machine) replace(t *rapid.T, id string, old, fresh *modelled, do func() error) {
	m.attempt(t, do, func() { m.all[id] = fresh }, func() bool {
		return !m.maybe(id, old) // if both are possible, either will do
	})
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

// thin deletes a snapshot and merges its layers.
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

// full fills the disk for a while: writes fail and no data is lost.
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
	for s := first; s < first+n; s++ { // the write is repeated, as an initiator does
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
