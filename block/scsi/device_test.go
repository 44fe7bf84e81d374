package scsi

import (
	"bytes"
	"testing"
)

// The commands that are answered at a LUN without a unit, and their answers.
func TestNoSuchUnit(t *testing.T) {
	r := newRig(t, Options{})
	for _, lun := range []uint64{1, 255, 256, 0x4001, 0x8000, 0xc101} {
		if got := outcome(r.at(r.nexus, lun, "00")); got != "5/2500" {
			t.Errorf("TEST UNIT READY to LUN %#x = %s, want 5/2500", lun, got)
		}
		if got := outcome(r.at(r.nexus, lun, "ee")); got != "5/2500" {
			t.Errorf("an unknown command to LUN %#x = %s, want 5/2500", lun, got)
		}
		if res := r.at(r.nexus, lun, "12 00 00 0024 00"); res.Status != Good || res.In[0] != 0x7f {
			t.Errorf("INQUIRY to LUN %#x = %x, want no unit", lun, res.In)
		}
		if got := outcome(r.at(r.nexus, lun, "12 01 00 0024 00")); got != "5/2400" {
			t.Errorf("INQUIRY for pages of LUN %#x = %s, want 5/2400", lun, got)
		}
		if res := r.at(r.nexus, lun, "03 00 0000 12 00"); res.Status != Good || res.In[2] != 5 || res.In[12] != 0x25 {
			t.Errorf("REQUEST SENSE to LUN %#x = %x, want 5/2500", lun, res.In)
		}
		if res := r.at(r.nexus, lun, "a0 00 00 000000 00000100 00 00"); !bytes.Equal(res.In, b("00000008 00000000 0000000000000000")) {
			t.Errorf("REPORT LUNS to LUN %#x = %x", lun, res.In)
		}
	}
	if got := outcome(r.at(r.nexus, 0x4000, "00")); got != "good" { // flat space
		t.Errorf("LUN 0 by flat space addressing = %s, want good", got)
	}
	if got := outcome(r.device.Execute(Command{Nexus: r.nexus, LUN: 1, CDB: b("00")})); got != "5/2500" { // a second level
		t.Errorf("LUN with a second level = %s, want 5/2500", got)
	}
}

func TestReportLUNs(t *testing.T) {
	r := newRig(t, Options{})
	lun, err := NewLUN(newMemDisk(8), Options{Serial: "second"})
	if err != nil {
		t.Fatal(err)
	}
	r.device.SetLUN(3, lun)
	r.wantOwed(r.nexus, "3f0e")
	for cdb, want := range map[string]string{
		"a0 00 00 000000 00000100 00 00": "00000010 00000000 0000000000000000 0003000000000000",
		"a0 00 02 000000 00000100 00 00": "00000010 00000000 0000000000000000 0003000000000000",
		"a0 00 01 000000 00000100 00 00": "00000000 00000000",
		"a0 00 00 000000 00000004 00 00": "00000010",
	} {
		if res := r.want("good", r.nexus, cdb); !bytes.Equal(res.In, b(want)) {
			t.Errorf("%s = %x, want %s", cdb, res.In, want)
		}
	}
	r.want("5/2400", r.nexus, "a0 00 10 000000 00000100 00 00")
	r.device.SetLUN(3, nil)
	r.want("good", r.nexus, "a0 00 00 000000 00000100 00 00") // REPORT LUNS clears the attention
	r.want("good", r.nexus, "00")
}

// Each event raises its unit attentions once for each initiator.
func TestUnitAttentions(t *testing.T) {
	for _, c := range []struct {
		name       string
		do         func(*rig, *Nexus)
		self, rest []string
	}{
		{"nothing", func(*rig, *Nexus) {}, nil, nil},
		{"unit reset", func(r *rig, _ *Nexus) { r.device.ResetLUN(0) }, []string{"2903"}, []string{"2903"}},
		{"warm reset", func(r *rig, _ *Nexus) { r.device.Reset(false) }, []string{"2902"}, []string{"2902"}},
		{"cold reset", func(r *rig, _ *Nexus) { r.device.Reset(true) }, []string{"2900"}, []string{"2900"}},
		{"resize", func(r *rig, _ *Nexus) { r.disk.grow(8); r.lun.Resize() }, []string{"2a09"}, []string{"2a09"}},
		{"resize to the same", func(r *rig, _ *Nexus) { r.lun.Resize() }, nil, nil},
		{"tasks cleared", func(r *rig, other *Nexus) { r.device.CommandsCleared(0, other) }, nil, []string{"2f00"}},
		{"mode select", func(r *rig, _ *Nexus) { r.setSWP(r.nexus, true) }, nil, []string{"2a01"}},
		{"several, by rank", func(r *rig, _ *Nexus) {
			r.setSWP(r.nexus, true)
			r.disk.grow(8)
			r.lun.Resize()
		}, []string{"2a09"}, []string{"2a09", "2a01"}},
		{"a reset hides the rest", func(r *rig, _ *Nexus) {
			r.disk.grow(8)
			r.lun.Resize()
			r.device.ResetLUN(0)
		}, []string{"2903"}, []string{"2903"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, Options{})
			other := r.login("other")
			c.do(r, other)
			r.wantOwed(r.nexus, c.self...)
			r.wantOwed(other, c.rest...)
		})
	}
}

// A unit attention is reported before any command is executed, except those exempt from it.
func TestUnitAttentionOrder(t *testing.T) {
	r := newRig(t, Options{})
	n := r.device.Login("fresh")
	r.want("good", n, "12 00 00 0024 00")
	r.want("good", n, "a0 00 00 000000 00000100 00 00")
	r.want("6/2900", n, "28 00 ffffffff 00 0001 00")
	r.want("5/2100", n, "28 00 ffffffff 00 0001 00")
	r.device.ResetLUN(0)
	r.want("6/2903", n, "ee")
	r.want("5/2000", n, "ee")
	if r.device.ResetLUN(1 << 48) {
		t.Error("reset a unit that does not exist")
	}
}

func TestDescriptorSense(t *testing.T) {
	r := newRig(t, Options{})
	r.want("good", r.nexus, "15 10 0000 10 00", b("00000000 0a0a 04 10 00000000 ffff 0000")...)
	res := r.want("5/2400", r.nexus, "28 20 00000000 00 0001 00")
	if want := b("72 05 2400 000000 08 0206 0000 cd0001 00"); !bytes.Equal(res.Sense, want) {
		t.Errorf("sense = %x, want %x", res.Sense, want)
	}
	r.put(1, 0, 1)
	res = r.want("e/1d00", r.nexus, "2f 02 00000000 00 0001 00", fill(2, 1)...)
	if want := b("72 0e 1d00 000000 0c 000a 8000 0000000000000000"); !bytes.Equal(res.Sense, want) {
		t.Errorf("sense = %x, want %x", res.Sense, want)
	}
	if res := r.want("good", r.nexus, "03 01 0000 12 00"); !bytes.Equal(res.In, b("72 00 0000 000000 00")) {
		t.Errorf("REQUEST SENSE with DESC = %x", res.In)
	}
	r.device.ResetLUN(0)
	if res := r.want("6/2903", r.nexus, "00"); res.Sense[0] != 0x70 {
		t.Errorf("after a reset, sense = %x, want the fixed format", res.Sense)
	}
}

func TestNewLUNRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		blocks int
		serial string
	}{
		"no serial":       {8, ""},
		"not ASCII":       {8, "größer"},
		"control":         {8, "a\nb"},
		"too long":        {8, string(bytes.Repeat([]byte{'x'}, 201))},
		"nothing to hold": {0, "x"},
	} {
		if _, err := NewLUN(newMemDisk(c.blocks), Options{Serial: c.serial}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
