package volume

import (
	"encoding/binary"
	"fmt"
	"slices"

	"pgregory.net/rapid"
)

// maybe reports whether the contents of a volume are possible after a power cut.
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

// settle reads which unflushed writes a power cut has left, and checks that nothing else is
// missing.
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

// differs describes how a volume differs from its model.
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

// contents reads the mapped data.
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
