package scsi

import (
	"bytes"
	"testing"
)

// Every read and write command, as seen by an initiator, on 1024 blocks.
var transfers = []struct {
	read, write string
	lba, n      int
}{
	{"08 000010 02 00", "0a 000010 02 00", 16, 2},
	{"08 000010 00 00", "0a 000010 00 00", 16, 256}, // zero is 256
	{"28 00 00000010 00 0002 00", "2a 00 00000010 00 0002 00", 16, 2},
	{"28 10 00000010 1f 0002 00", "2a 10 00000010 1f 0002 00", 16, 2}, // DPO, group
	{"28 00 000003ff 00 0001 00", "2a 00 000003ff 00 0001 00", 1023, 1},
	{"a8 00 00000010 00000008 00 00", "aa 00 00000010 00000008 00 00", 16, 8},
	{"88 00 0000000000000010 00000008 00 00", "8a 00 0000000000000010 00000008 00 00", 16, 8},
	{"28 00 00000000 00 0400 00", "2a 00 00000000 00 0400 00", 0, 1024},
	{"28 00 00000400 00 0000 00", "2a 00 00000400 00 0000 00", 1024, 0}, // nothing, at the very end
}

func TestReadAndWrite(t *testing.T) {
	for _, c := range transfers {
		r := newRig(t, Options{})
		r.put(1, 0, rigBlocks)
		w := r.want("good", r.nexus, c.write, fill(7, c.n)...)
		r.holds(1, 0, c.lba)
		r.holds(7, c.lba, c.n)
		r.holds(1, c.lba+c.n, rigBlocks-c.lba-c.n)
		got := r.want("good", r.nexus, c.read)
		if !bytes.Equal(got.In, fill(7, c.n)) {
			t.Errorf("%s brought %d bytes, want %d of 7", c.read, len(got.In), c.n*BlockSize)
		}
		if want := int64(c.n * BlockSize); got.Moved != want || w.Moved != want {
			t.Errorf("%s moved %d, %s moved %d, want %d", c.read, got.Moved, c.write, w.Moved, want)
		}
	}
}

func TestBeyondTheEnd(t *testing.T) {
	r := newRig(t, Options{})
	for _, cdb := range []string{
		"08 0003ff 02 00",
		"28 00 00000400 00 0001 00",
		"28 00 00000401 00 0000 00",
		"28 00 ffffffff 00 0001 00",
		"28 00 00000000 00 0401 00",
		"a8 00 000003ff 00000002 00 00",
		"88 00 ffffffffffffffff 00000001 00 00",
		"88 00 ffffffffffffffff ffffffff 00 00",
		"88 00 8000000000000000 00000000 00 00",
		"2f 00 000003ff 00 0002 00",
		"35 00 00000401 00 0000 00",
		"34 00 000003ff 00 0002 00",
		"41 00 000003ff 00 0002 00",
		"8f 00 00000000000003ff 00000002 00 00",
		"9e 12 0000000000000400 00000018 00 00",
	} {
		r.want("5/2100", r.nexus, cdb, fill(1, 1)...)
	}
	for _, cdb := range []string{"2a 00 000003ff 00 0002 00", "2e 00 000003ff 00 0002 00", "8b 00 00000000000003ff 00000002 00 00",
		"89 00 00000000000003ff 000000 02 00 00"} {
		r.want("5/2100", r.nexus, cdb, fill(1, 4)...)
	}
	r.holds(0, 0, rigBlocks)
}

// A bit outside the usage data is refused, with a field pointer to it.
func TestUnknownBitsAreRefused(t *testing.T) {
	r := newRig(t, Options{})
	for _, c := range []struct {
		cdb     string
		pointer string
	}{
		{"28 20 00000000 00 0001 00", "cd0001"}, // RDPROTECT
		{"28 e0 00000000 00 0001 00", "cf0001"},
		{"28 00 00000000 00 0001 04", "ca0009"}, // NACA
		{"28 01 00000000 00 0001 00", "c80001"}, // RELADR
		{"00 00 000001 00", "c80004"},
		{"08 200000 01 00", "cd0001"},
		{"93 10 0000000000000000 00000001 00 00", "cc0001"}, // ANCHOR
		{"9e 33 0000000000000000 00000020 00 00", "cc0001"}, // service action
		{"88 00 0000000000000000 00000001 00 ff", "cf000f"}, // control
	} {
		res := r.do(r.nexus, c.cdb)
		if got := outcome(res); got != "5/2400" || !bytes.Equal(res.Sense[15:18], b(c.pointer)) {
			t.Errorf("%s = %s, pointer %x, want 5/2400, %s", c.cdb, got, res.Sense[15:18], c.pointer)
		}
	}
}

// A transport may leave any bytes after a short CDB.
func TestBytesBehindTheCDBAreIgnored(t *testing.T) {
	r := newRig(t, Options{})
	r.want("good", r.nexus, "00 00 000000 00 ffffffffffffffffffff")
	r.want("good", r.nexus, "28 00 00000000 00 0001 00 ffffffffffff")
	r.want("good", r.nexus, "28 00 00000000 00 0001") // shorter: filled up with zeros
}

// Announced and asked-for lengths differ (RFC 7143 §11.4.5.1).
func TestResiduals(t *testing.T) {
	for _, c := range []struct {
		cdb           string
		out, expected int
		want          string
		moved         int64
		written       int // blocks
	}{
		{"2a 00 00000000 00 0001 00", 0, 0, "good", 512, 0},
		{"2a 00 00000000 00 0001 00", 512, 10000, "good", 512, 1},
		{"2a 00 00000000 00 0001 00", 200, 200, "5/0e03", 512, 0},
		{"2a 00 00000000 00 0002 00", 512, 512, "good", 1024, 1},
		{"2a 00 00000000 00 0002 00", 712, 712, "5/0e03", 1024, 0},
		{"2e 00 00000000 00 0002 00", 512, 512, "good", 1024, 1},
		{"8b 00 0000000000000000 00000002 00 00", 512, 512, "5/0e03", 1024, 0},
		{"89 00 0000000000000000 000000 01 00 00", 512, 512, "5/2400", 0, 0},
		{"89 00 0000000000000000 000000 01 00 00", 1024, 2048, "5/2400", 0, 0},
		{"41 00 00000000 00 0002 00", 256, 256, "5/2400", 0, 0},
		{"41 00 00000000 00 0002 00", 512, 1024, "5/2400", 0, 0},
		{"41 00 00000000 00 0002 00", 512, 512, "good", 512, 2},
		{"93 01 0000000000000000 00000002 00 00", 0, 512, "5/2400", 0, 0}, // NDOB brings none
		{"42 00 00000000 00 0018 00", 8, 8, "5/1a00", 0, 0},
	} {
		r := newRig(t, Options{})
		r.put(9, 0, 4)
		cmd := Command{Nexus: r.nexus, CDB: b(c.cdb), Out: fill(5, 4)[:c.out], Expected: int64(c.expected)}
		res := r.device.Execute(cmd)
		if got := outcome(res); got != c.want || res.Moved != c.moved {
			t.Errorf("%s with %d of %d = %s, moved %d, want %s, %d", c.cdb, c.out, c.expected, got, res.Moved, c.want, c.moved)
		}
		r.holds(9, c.written, 4-c.written)
		if c.written > 0 {
			r.holds(5, 0, c.written)
		}
	}
}

// A read with less room than its CDB asks for fills what there is.
func TestReadIntoLessRoom(t *testing.T) {
	r := newRig(t, Options{})
	r.put(3, 0, 4)
	for _, n := range []int{0, 200, 512, 700, 1024} {
		in := make([]byte, n)
		res := r.device.Execute(Command{Nexus: r.nexus, CDB: b("28 00 00000000 00 0002 00"), In: in})
		if res.Status != Good || res.Moved != 1024 || !bytes.Equal(res.In, fill(3, 2)[:n]) {
			t.Errorf("room for %d: status %v, moved %d, %d bytes", n, res.Status, res.Moved, len(res.In))
		}
	}
}

func TestPlan(t *testing.T) {
	r := newRig(t, Options{})
	for cdb, want := range map[string]Plan{
		"00 00 000000 00":                        {0, 0, Quick},
		"28 00 00000000 00 0002 00":              {0, 1024, Read},
		"28 08 00000000 00 0002 00":              {0, 1024, Slow}, // FUA
		"2a 00 00000000 00 0002 00":              {1024, 0, Write},
		"2a 08 00000000 00 0002 00":              {1024, 0, Slow},
		"0a 000000 00 00":                        {131072, 0, Write},
		"8a 00 0000000000000000 00010000 00 00":  {MaxTransfer, 0, Write},
		"8a 00 0000000000000000 00010001 00 00":  {0, 0, Write}, // too much
		"8a 00 0000000000000000 ffffffff 00 00":  {0, 0, Write},
		"89 00 0000000000000000 000000 02 00 00": {2048, 0, Slow},
		"41 00 00000000 00 ffff 00":              {512, 0, Slow},
		"93 09 0000000000000000 00000000 00 00":  {0, 0, Slow},
		"2f 00 00000000 00 0002 00":              {0, 0, Slow},
		"2f 02 00000000 00 0002 00":              {1024, 0, Slow},
		"2f 06 00000000 00 0002 00":              {512, 0, Slow},
		"42 00 00000000 00 0018 00":              {24, 0, Slow},
		"5f 00 00 0000 00000018 00":              {24, 0, Slow},
		"5f 00 00 0000 ffffffff 00":              {0, 0, Slow},
		"12 00 00 0024 00":                       {0, 0, Quick}, // brings its own buffer
		"ff 00 00000000 00 0002 00":              {},
		"28 20 00000000 00 0002 00":              {},
		"35 00 00000000 00 0000 00":              {0, 0, Slow},
	} {
		if got := r.device.Plan(0, b(cdb)); got != want {
			t.Errorf("Plan(%s) = %+v, want %+v", cdb, got, want)
		}
	}
	if got := r.device.Plan(1<<48, b("28 00 00000000 00 0002 00")); got != (Plan{}) {
		t.Errorf("Plan for a LUN that does not exist = %+v, want zero", got)
	}
}

// Write-through units sync before they answer, and their plans show it.
func TestWhatIsSynced(t *testing.T) {
	for _, c := range []struct {
		cdb     string
		out     int
		through bool
		syncs   int
	}{
		{"2a 00 00000000 00 0001 00", 1, false, 0},
		{"2a 08 00000000 00 0001 00", 1, false, 1},
		{"2a 00 00000000 00 0001 00", 1, true, 1},
		{"8a 08 0000000000000000 00000001 00 00", 1, false, 1},
		{"0a 000000 01 00", 1, false, 0},
		{"0a 000000 01 00", 1, true, 1},
		{"28 08 00000000 00 0001 00", 0, false, 1},
		{"28 00 00000000 00 0001 00", 0, true, 0},
		{"2e 00 00000000 00 0001 00", 1, false, 1},
		{"35 00 00000000 00 0000 00", 0, false, 1},
		{"35 02 00000000 00 0000 00", 0, false, 1}, // IMMED
		{"91 00 0000000000000000 00000000 00 00", 0, false, 1},
		{"41 00 00000000 00 0004 00", 1, true, 1},
		{"41 08 00000000 00 0004 00", 1, true, 1},
		{"8b 08 0000000000000000 00000001 00 00", 1, false, 1},
		{"1b 00 00 00 00 00", 0, false, 1}, // stop
		{"1b 00 00 00 04 00", 0, false, 0}, // stop, NO_FLUSH
		{"1b 00 00 00 01 00", 0, false, 0}, // start
	} {
		r := newRig(t, Options{WriteThrough: c.through})
		r.want("good", r.nexus, c.cdb, fill(0, c.out)...)
		if r.disk.syncs != c.syncs {
			t.Errorf("%s, write-through %v: %d syncs, want %d", c.cdb, c.through, r.disk.syncs, c.syncs)
		}
	}
	r := newRig(t, Options{WriteThrough: true})
	if p := r.device.Plan(0, b("2a 00 00000000 00 0001 00")); p.Cost != Slow {
		t.Errorf("a write-through write is planned %v, want Slow", p.Cost)
	}
}
