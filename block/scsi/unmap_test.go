package scsi

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// unmapList is the parameter list of UNMAP: lba, count, lba, count...
func unmapList(pairs ...int) []byte {
	s := fmt.Sprintf("%04x %04x 00000000", 6+8*len(pairs), 8*len(pairs))
	for i := 0; i < len(pairs); i += 2 {
		s += fmt.Sprintf("%016x %08x 00000000", pairs[i], pairs[i+1])
	}
	return b(s)
}

func TestUnmap(t *testing.T) {
	for _, c := range []struct {
		list  []byte
		want  string
		holes [][2]int // lba, count
	}{
		{nil, "good", nil},
		{unmapList(), "good", nil},
		{unmapList(2, 3), "good", [][2]int{{2, 3}}},
		{unmapList(2, 3, 8, 1, 0, 0), "good", [][2]int{{2, 3}, {8, 1}}},
		{unmapList(1024, 0), "good", nil},
		{unmapList(2, 3, 1024, 1), "5/2100", nil}, // none of it
		{unmapList(2, 3, 1025, 0), "5/2100", nil},
		{unmapList(2, 3)[:7], "5/1a00", nil},
		{unmapList(2, 3)[:23], "5/1a00", nil},
		{append(b("0000 000f 00000000"), unmapList(2, 3)[8:]...), "good", nil}, // cut off
		{unmapList(make([]int, 2*maxUnmapDescriptors)...), "good", nil},
		{unmapList(make([]int, 2*maxUnmapDescriptors+2)...), "5/2600", nil},
	} {
		r := newRig(t, Options{})
		r.put(1, 0, 16)
		res := r.do(r.nexus, fmt.Sprintf("42 00 00000000 00 %04x 00", len(c.list)), c.list...)
		if got := outcome(res); got != c.want {
			t.Errorf("UNMAP of %.40x = %s, want %s", c.list, got, c.want)
		}
		want := fill(1, 16)
		for _, h := range c.holes {
			clear(want[h[0]*BlockSize : (h[0]+h[1])*BlockSize])
		}
		if !bytes.Equal(r.disk.data[:len(want)], want) {
			t.Errorf("UNMAP of %.40x left the wrong data", c.list)
		}
	}
}

func TestWriteSame(t *testing.T) {
	for _, c := range []struct {
		cdb    string
		out    []byte
		want   string
		lba, n int // where the block is afterwards
		value  byte
		mapped bool
	}{
		{"41 00 00000002 00 0003 00", fill(7, 1), "good", 2, 3, 7, true},
		{"41 00 00000002 00 0003 00", fill(0, 1), "good", 2, 3, 0, true}, // written, not unmapped
		{"41 08 00000002 00 0003 00", fill(0, 1), "good", 2, 3, 0, false},
		{"93 00 0000000000000002 000002bc 00 00", fill(7, 1), "good", 2, 700, 7, true},
		{"93 01 0000000000000002 00000003 00 00", nil, "good", 2, 3, 0, true}, // NDOB
		{"93 09 0000000000000002 00000003 00 00", nil, "good", 2, 3, 0, false},
		{"93 08 00000000000003fe 00000000 00 00", fill(0, 1), "good", 1022, 2, 0, false}, // to the end
		{"41 00 000003ff 00 0000 00", fill(7, 1), "good", 1023, 1, 7, true},
		{"41 10 00000002 00 0003 00", fill(0, 1), "5/2400", 2, 3, 1, true}, // ANCHOR
		{"41 18 00000002 00 0003 00", fill(0, 1), "5/2400", 2, 3, 1, true},
	} {
		r := newRig(t, Options{})
		r.put(1, 0, rigBlocks)
		r.want(c.want, r.nexus, c.cdb, c.out...)
		r.holds(1, 0, c.lba)
		r.holds(c.value, c.lba, c.n)
		r.holds(1, c.lba+c.n, rigBlocks-c.lba-c.n)
		if got := r.disk.mapped[c.lba]; got != c.mapped {
			t.Errorf("%s: mapped %v, want %v", c.cdb, got, c.mapped)
		}
	}
}

// hugeDisk is a terabyte that stores nothing; only lengths matter.
type hugeDisk struct{ *memDisk }

func (hugeDisk) Size() int64                              { return 1 << 40 }
func (hugeDisk) Unmap(off, n int64) error                 { return nil }
func (hugeDisk) WriteAt(p []byte, off int64) (int, error) { return len(p), nil }
func (hugeDisk) Extent(off int64) (int64, bool, error)    { return 1 << 30, false, nil }
func newHugeRig(t *testing.T) *rig {
	r := newRig(t, Options{})
	lun, err := NewLUN(hugeDisk{r.disk}, Options{Serial: "huge"})
	if err != nil {
		t.Fatal(err)
	}
	r.device.SetLUN(0, lun)
	r.nexus.attention[0].take()
	return r
}

func TestLimits(t *testing.T) {
	r := newHugeRig(t)
	r.want("5/2400", r.nexus, "93 09 0000000000000000 00100001 00 00")
	r.want("5/2400", r.nexus, "93 09 0000000000000000 00000000 00 00") // to the end is too far
	r.want("good", r.nexus, "93 09 0000000000000000 00100000 00 00")
	r.want("5/2400", r.nexus, "88 00 0000000000000000 00010001 00 00")
	r.want("5/2400", r.nexus, "8f 00 0000000000000000 00010001 00 00")
}

func TestGetLBAStatus(t *testing.T) {
	r := newRig(t, Options{})
	r.put(1, 8, 8)
	r.put(1, 32, 1)
	for cdb, want := range map[string]string{
		"9e 12 0000000000000000 00000018 00 00": "00000014 00000000 0000000000000000 00000008 01 000000",
		"9e 12 0000000000000007 00000018 00 00": "00000014 00000000 0000000000000007 00000001 01 000000",
		"9e 12 0000000000000008 00000018 00 00": "00000014 00000000 0000000000000008 00000008 00 000000",
		"9e 12 000000000000000f 00000027 00 00": "00000014 00000000 000000000000000f 00000001 00 000000",
		"9e 12 000000000000000f 00000038 00 00": "00000034 00000000 000000000000000f 00000001 00 000000 0000000000000010 00000010 01 000000 " +
			"0000000000000020 00000001 00 000000",
		"9e 12 00000000000003ff 00000100 00 00": "00000014 00000000 00000000000003ff 00000001 01 000000",
		"9e 12 0000000000000000 00000008 00 00": "00000014 00000000",
		"9e 12 0000000000000000 00000000 00 00": "",
	} {
		res := r.want("good", r.nexus, cdb)
		if got := fmt.Sprintf("%x", res.In); got != strings.ReplaceAll(want, " ", "") {
			t.Errorf("%s = %s, want %s", cdb, got, want)
		}
	}
}

// Extents of a terabyte that the disk reports in pieces are reported as one.
func TestExtentsAreJoined(t *testing.T) {
	r := newHugeRig(t)
	res := r.want("good", r.nexus, "9e 12 0000000000000000 00000100 00 00")
	if want := b("00000014 00000000 0000000000000000 80000000 01 000000"); !bytes.Equal(res.In, want) {
		t.Errorf("GET LBA STATUS = %x, want %x", res.In, want)
	}
}

// TestUnmapIsSynced: without a write cache, unmapped blocks are still unmapped after a
// power cut.
func TestUnmapIsSynced(t *testing.T) {
	for through, syncs := range map[bool]int{true: 1, false: 0} {
		r := newRig(t, Options{WriteThrough: through})
		r.want("good", r.nexus, "42 00 00000000 00 0018 00", b("0016 0010 00000000 0000000000000001 00000002 00000000")...)
		if r.disk.syncs != syncs {
			t.Errorf("UNMAP with write-through %v: %d syncs, want %d", through, r.disk.syncs, syncs)
		}
	}
}
