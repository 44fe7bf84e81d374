package scsi

import (
	"bytes"
	"testing"
)

// setSWP sets or clears software write protection.
func (r *rig) setSWP(n *Nexus, on bool) {
	r.t.Helper()
	page := b("00000000 0a0a 00 10 00000000 ffff 0000")
	if on {
		page[8] = 0x08
	}
	r.want("good", n, "15 10 0000 10 00", page...)
}

const (
	caching        = "08 12 04 00000000000000000000000000000000 00"
	cachingThrough = "08 12 00 00000000000000000000000000000000 00"
	control        = "0a 0a 00 10 00 00 0000 ffff 0000"
	descriptor     = "00000400 00000200"
)

func TestModeSense(t *testing.T) {
	for _, c := range []struct {
		options   Options
		cdb, want string
	}{
		{Options{}, "1a 00 3f 00 ff 00", "2b 00 10 08" + descriptor + caching + control},
		{Options{}, "1a 08 3f 00 ff 00", "23 00 10 00" + caching + control},
		{Options{}, "1a 08 3f ff ff 00", "23 00 10 00" + caching + control},
		{Options{}, "1a 08 08 00 ff 00", "17 00 10 00" + caching},
		{Options{}, "1a 08 0a 00 ff 00", "0f 00 10 00" + control},
		{Options{}, "1a 08 48 00 ff 00", "17 00 10 00" + caching}, // changeable: WCE, the same bit
		{Options{}, "1a 08 4a 00 ff 00", "0f 00 10 00 0a 0a 04 00 08 00 0000 0000 0000"},
		{Options{}, "1a 08 88 00 ff 00", "17 00 10 00" + caching},
		{Options{WriteThrough: true}, "1a 08 08 00 ff 00", "17 00 10 00" + cachingThrough},
		{Options{WriteThrough: true}, "1a 08 88 00 ff 00", "17 00 10 00" + cachingThrough},
		{Options{ReadOnly: true}, "1a 08 0a 00 ff 00", "0f 00 90 00" + control},
		{Options{}, "5a 00 3f 00 000000 00ff 00", "002e 00 10 00 00 0008" + descriptor + caching + control},
		{Options{}, "5a 08 0a 00 000000 00ff 00", "0012 00 10 00 00 0000" + control},
		{Options{}, "1a 08 3f 00 04 00", "23 00 10 00"},
	} {
		r := newRig(t, c.options)
		if res := r.want("good", r.nexus, c.cdb); !bytes.Equal(res.In, b(c.want)) {
			t.Errorf("%s, %+v\n got %x\nwant %x", c.cdb, c.options, res.In, b(c.want))
		}
	}
	r := newRig(t, Options{})
	r.want("5/3900", r.nexus, "1a 08 ff 00 ff 00") // saved values
	r.want("5/2400", r.nexus, "1a 08 1c 00 ff 00")
	r.want("5/2400", r.nexus, "1a 08 3f 01 ff 00")
}

func TestModeSelect(t *testing.T) {
	for _, c := range []struct {
		cdb, list string
		want      string
		through   bool
		swp       bool
	}{
		{"15 10 0000 18 00", "00000000" + cachingThrough, "good", true, false},
		{"15 10 0000 18 00", "00000000 88" + cachingThrough[2:], "good", true, false}, // PS left set
		{"15 10 0000 20 00", "00000008" + descriptor + cachingThrough, "good", true, false},
		{"15 10 0000 20 00", "00000008 00000000 00000200" + cachingThrough, "good", true, false},
		{"15 10 0000 0c 00", "00000008" + descriptor, "good", false, false},
		{"55 10 0000000000 001c 00", "0000000000000000" + cachingThrough, "good", true, false},
		{"55 10 0000000000 0030 00", "0000000000000008" + descriptor + cachingThrough + "0a 0a 00 10 08 00 0000 ffff 0000", "good", true, true},
		{"15 10 0000 00 00", "", "good", false, false},
		{"15 10 0000 03 00", "000000", "5/1a00", false, false},
		{"15 10 0000 0b 00", "00000008 00000400 000002", "5/1a00", false, false},
		{"15 10 0000 17 00", "00000000 08 12 00 00000000000000000000000000000000", "5/1a00", false, false},
		{"15 10 0000 18 00", "00000000 08 13 00 00000000000000000000000000000000 00", "5/2600", false, false},
		{"15 10 0000 18 00", "00000000 08 12 01 00000000000000000000000000000000 00", "5/2600", false, false}, // RCD
		{"15 10 0000 18 00", "00000000 08 12 00 01000000000000000000000000000000 00", "5/2600", false, false},
		{"15 10 0000 06 00", "00000000 1c0a", "5/2600", false, false},
		{"15 10 0000 0c 00", "00000008 00000400 00001000", "5/2600", false, false}, // 4096-byte blocks
		{"15 10 0000 0c 00", "00000008 00000300 00000200", "5/2600", false, false},
		{"15 11 0000 18 00", "00000000" + cachingThrough, "5/2400", false, false}, // SP
		// A good page before a bad one changes nothing.
		{"15 10 0000 24 00", "00000000" + cachingThrough + "0a 0a 00 20 08 00 0000 ffff 0000", "5/2600", false, false},
	} {
		r := newRig(t, Options{})
		r.want(c.want, r.nexus, c.cdb, b(c.list)...)
		if through, swp := r.lun.mode.writeThrough.Load(), r.lun.mode.softwareProtect.Load(); through != c.through || swp != c.swp {
			t.Errorf("%s %s: write-through %v, protected %v, want %v, %v", c.cdb, c.list, through, swp, c.through, c.swp)
		}
	}
}

// Turning the cache off empties it first; a reset turns it on again.
func TestCacheTurnedOff(t *testing.T) {
	r := newRig(t, Options{})
	r.want("good", r.nexus, "15 10 0000 18 00", b("00000000"+cachingThrough)...)
	if r.disk.syncs != 1 {
		t.Errorf("%d syncs, want 1", r.disk.syncs)
	}
	r.want("good", r.nexus, "2a 00 00000000 00 0001 00", fill(0, 1)...)
	if r.disk.syncs != 2 {
		t.Errorf("%d syncs after a write, want 2", r.disk.syncs)
	}
	r.device.ResetLUN(0)
	r.pending(r.nexus)
	r.want("good", r.nexus, "2a 00 00000000 00 0001 00", fill(0, 1)...)
	if r.disk.syncs != 2 {
		t.Errorf("%d syncs after a reset, want still 2", r.disk.syncs)
	}
}

func TestSoftwareWriteProtect(t *testing.T) {
	r := newRig(t, Options{})
	r.setSWP(r.nexus, true)
	r.want("7/2702", r.nexus, "2a 00 00000000 00 0001 00", fill(1, 1)...)
	r.want("good", r.nexus, "28 00 00000000 00 0001 00")
	if res := r.want("good", r.nexus, "1a 08 0a 00 ff 00"); res.In[2] != 0x90 {
		t.Errorf("MODE SENSE = %x, want WP", res.In)
	}
	r.setSWP(r.nexus, false)
	r.want("good", r.nexus, "2a 00 00000000 00 0001 00", fill(1, 1)...)
}
