package scsi

import (
	"bytes"
	"fmt"
	"testing"
)

// target is an identification descriptor that names a unit.
func target(l *LUN) []byte {
	d := make([]byte, copyTarget)
	d[0] = 0xe4
	copy(d[4:], l.names()[0])
	put32(d[28:], BlockSize)
	return d
}

// piece is a block to block segment descriptor.
func piece(from, to, n, src, dst int) []byte {
	return b(fmt.Sprintf("02 00 0018 %04x %04x 0000 %04x %016x %016x", from, to, n, src, dst))
}

// copyList makes a parameter list.
func copyList(id, usage byte, targets, segments [][]byte) []byte {
	t, s := bytes.Join(targets, nil), bytes.Join(segments, nil)
	p := b(fmt.Sprintf("%02x %02x %04x 00000000 %08x 00000000", id, usage<<3, len(t), len(s)))
	return append(append(p, t...), s...)
}

func (r *rig) copy(want string, n *Nexus, list []byte) {
	r.t.Helper()
	r.want(want, n, fmt.Sprintf("83 00 0000000000000000 %08x 00 00", len(list)), list...)
}

func TestExtendedCopy(t *testing.T) {
	r := newRig(t, Options{})
	self := [][]byte{target(r.lun)}
	r.put(1, 0, 8)
	r.put(2, 8, 8)
	r.copy("good", r.nexus, copyList(0, 3, self, [][]byte{piece(0, 0, 8, 0, 100), piece(0, 0, 2, 8, 104)}))
	r.holds(1, 100, 4)
	r.holds(2, 104, 2)
	r.holds(1, 106, 2)
	r.holds(0, 108, 10)
	r.copy("good", r.nexus, nil)
	r.copy("good", r.nexus, copyList(0, 3, self, nil))
}

// Overlapping ranges are copied as if all of the source were read first.
func TestExtendedCopyOfOverlappingRanges(t *testing.T) {
	for _, c := range []struct{ src, dst int }{{0, 1}, {1, 0}, {0, 300}, {300, 0}, {5, 5}} {
		r := newRig(t, Options{})
		for i := range 700 {
			r.put(byte(i*7), i, 1)
		}
		want := bytes.Clone(r.disk.data)
		copy(want[c.dst*BlockSize:], bytes.Clone(want[c.src*BlockSize:(c.src+700)*BlockSize]))
		r.copy("good", r.nexus, copyList(0, 3, [][]byte{target(r.lun)}, [][]byte{piece(0, 0, 700, c.src, c.dst)}))
		if !bytes.Equal(r.disk.data, want) {
			t.Errorf("700 blocks from %d to %d: wrong data", c.src, c.dst)
		}
	}
}

func TestExtendedCopyRefuses(t *testing.T) {
	r := newRig(t, Options{})
	self, ok := target(r.lun), piece(0, 0, 1, 0, 1)
	edit := func(d []byte, at int, v byte) []byte {
		d = bytes.Clone(d)
		d[at] = v
		return d
	}
	many := func(d []byte, n int) (all [][]byte) {
		for range n {
			all = append(all, d)
		}
		return all
	}
	list := copyList(1, 0, many(self, 1), many(ok, 1))
	for name, c := range map[string]struct {
		list []byte
		want string
	}{
		"header cut":             {list[:15], "5/1a00"},
		"targets cut":            {list[:40], "5/1a00"},
		"segments cut":           {list[:len(list)-1], "5/1a00"},
		"too many targets":       {copyList(1, 0, many(self, maxCopyTargets+1), many(ok, 1)), "5/2606"},
		"too many segments":      {copyList(1, 0, many(self, 1), many(ok, maxCopySegments+1)), "5/2608"},
		"list too long":          {copyList(1, 0, many(self, maxCopyTargets+1), many(ok, 80)), "5/1a00"},
		"half a target":          {copyList(1, 0, [][]byte{self[:16]}, nil), "5/2600"},
		"unknown target type":    {copyList(1, 0, [][]byte{edit(self, 0, 0xe0)}, many(ok, 1)), "5/2607"},
		"a tape":                 {copyList(1, 0, [][]byte{edit(self, 1, 1)}, many(ok, 1)), "5/2600"},
		"4096-byte blocks":       {copyList(1, 0, [][]byte{edit(self, 30, 0x10)}, many(ok, 1)), "5/2600"},
		"nobody's name":          {copyList(1, 0, [][]byte{edit(self, 10, 0xff)}, many(ok, 1)), "a/0d02"},
		"a name without end":     {copyList(1, 0, [][]byte{edit(self, 7, 0xff)}, many(ok, 1)), "a/0d02"},
		"unknown segment type":   {copyList(1, 0, many(self, 1), [][]byte{edit(ok, 0, 3)}), "5/2609"},
		"wrong segment length":   {copyList(1, 0, many(self, 1), [][]byte{edit(ok, 3, 0x10)}), "5/1a00"},
		"source that is not":     {copyList(1, 0, many(self, 1), [][]byte{piece(1, 0, 1, 0, 1)}), "a/0804"},
		"destination that isn't": {copyList(1, 0, many(self, 1), [][]byte{ok, piece(0, 1, 1, 0, 1)}), "a/0804"},
		"beyond the end":         {copyList(1, 0, many(self, 1), [][]byte{ok, piece(0, 0, 2, 0, 1023)}), "a/0000"},
		"reserved usage":         {copyList(1, 1, many(self, 1), many(ok, 1)), "5/2600"},
		"a list not to be kept":  {copyList(1, 3, many(self, 1), many(ok, 1)), "5/2600"},
	} {
		r.put(9, 0, 1)
		res := r.do(r.nexus, fmt.Sprintf("83 00 0000000000000000 %08x 00 00", len(c.list)), c.list...)
		if got := outcome(res); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		r.holds(0, 1, 1) // nothing was copied
	}
	r.want("5/1a00", r.nexus, "83 00 0000000000000000 00010001 00 00", make([]byte, 65537)...)
}

// A copy enters the other unit like any command from that initiator would.
func TestExtendedCopyToAnotherUnit(t *testing.T) {
	for name, c := range map[string]struct {
		options Options
		prepare func(*rig, *Nexus)
		want    string
	}{
		"plain":         {Options{}, nil, "good"},
		"write through": {Options{WriteThrough: true}, nil, "good"},
		"read only":     {Options{ReadOnly: true}, nil, "7/2700"},
		"reserved":      {Options{}, func(r *rig, other *Nexus) { r.at(other, 1, "16") }, "conflict"},
		"shut": {Options{}, func(r *rig, _ *Nexus) {
			l := r.device.unit(1 << 48)
			l.gate.Lock()
			r.t.Cleanup(l.gate.Unlock)
		}, "busy"},
		"being sanitized": {Options{}, func(r *rig, _ *Nexus) { r.device.unit(1<<48).sanitizing.begin(1, false) }, "2/041b"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, Options{})
			disk := newMemDisk(64)
			c.options.Serial = "second"
			second, err := NewLUN(disk, c.options)
			if err != nil {
				t.Fatal(err)
			}
			r.device.SetLUN(1, second)
			other := r.login("other")
			for _, n := range []*Nexus{r.nexus, other} {
				r.pending(n)
				n.attention[1].take()
			}
			if c.prepare != nil {
				c.prepare(r, other)
			}
			r.put(7, 0, 4)
			r.copy(c.want, r.nexus, copyList(0, 3, [][]byte{target(r.lun), target(second)}, [][]byte{piece(0, 1, 4, 0, 60)}))
			want := make([]byte, 4*BlockSize)
			if c.want == "good" {
				want = fill(7, 4)
			}
			if got := disk.data[60*BlockSize:]; !bytes.Equal(got, want) {
				t.Errorf("the other unit holds %x", got[:4])
			}
			if c.options.WriteThrough && disk.syncs != 1 {
				t.Errorf("%d syncs, want 1", disk.syncs)
			}
		})
	}
}

func TestReceiveCopyResults(t *testing.T) {
	r := newRig(t, Options{})
	self := [][]byte{target(r.lun)}
	const status = "84 00 05 00000000000000 000000ff 00 00"
	r.want("5/2400", r.nexus, status)
	r.copy("good", r.nexus, copyList(5, 2, self, [][]byte{piece(0, 0, 1, 0, 1)})) // not to be held
	r.want("5/2400", r.nexus, status)
	r.copy("good", r.nexus, copyList(5, 0, self, [][]byte{piece(0, 0, 1, 0, 1), piece(0, 0, 1, 0, 2)}))
	if res := r.want("good", r.nexus, status); !bytes.Equal(res.In, b("00000008 01 0002 00 00000000")) {
		t.Errorf("COPY STATUS = %x", res.In)
	}
	r.want("5/2400", r.login("other"), status)
	r.lun.options.ReadOnly = true
	r.copy("7/2700", r.nexus, copyList(5, 0, self, [][]byte{piece(0, 0, 1, 0, 1)}))
	if res := r.want("good", r.nexus, status); !bytes.Equal(res.In, b("00000008 02 0000 00 00000000")) {
		t.Errorf("COPY STATUS after a failure = %x", res.In)
	}
	for id := range 200 {
		r.lun.copies.hold("x", byte(id), 0, nil)
	}
	if n := len(r.lun.copies.held); n != maxHeldCopies {
		t.Errorf("%d outcomes are held, want %d", n, maxHeldCopies)
	}
	want := b("0000002a 00000000 0004 0010 00000800 01fffe00 00000000 00000000 00000000 0000 0080 80 09 00 00 000000 02 02e4")
	if res := r.want("good", r.nexus, "84 03 00 00000000000000 000000ff 00 00"); !bytes.Equal(res.In, want) {
		t.Errorf("OPERATING PARAMETERS\n got %x\nwant %x", res.In, want)
	}
}
