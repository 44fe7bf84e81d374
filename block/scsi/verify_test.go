package scsi

import (
	"bytes"
	"testing"
)

func TestVerify(t *testing.T) {
	odd := fill(4, 2)
	odd[700] = 5
	long := fill(4, 600) // more than one piece
	long[599*BlockSize+1] = 9
	for _, c := range []struct {
		cdb  string
		out  []byte
		want string
		at   string // INFORMATION, where it miscompares
	}{
		{"2f 00 00000000 00 0258 00", nil, "good", ""},
		{"2f 10 00000000 00 0002 00", nil, "good", ""},
		{"2f 02 00000000 00 0002 00", fill(4, 2), "good", ""},
		{"2f 02 00000000 00 0002 00", odd, "e/1d00", "000002bc"},
		{"2f 02 00000000 00 0258 00", long, "e/1d00", "0004ae01"},
		{"2f 06 00000000 00 0258 00", fill(4, 1), "good", ""},
		{"2f 06 00000000 00 0259 00", fill(4, 1), "e/1d00", "0004b000"},
		{"2f 04 00000000 00 0002 00", nil, "5/2400", ""},
		{"2f 02 00000000 00 0000 00", nil, "good", ""},
		{"af 02 00000000 00000002 00 00", fill(4, 2), "good", ""},
		{"8f 02 0000000000000000 00000002 00 00", odd, "e/1d00", "000002bc"},
		{"8f 02 0000000000000000 00000002 00 00", odd[:512], "5/0e03", ""},
	} {
		r := newRig(t, Options{})
		r.put(4, 0, 600)
		res := r.want(c.want, r.nexus, c.cdb, c.out...)
		if c.at != "" && !bytes.Equal(res.Sense[3:7], b(c.at)) {
			t.Errorf("%s: differs at %x, want %s", c.cdb, res.Sense[3:7], c.at)
		}
		if res.Status == Good && res.Moved != int64(len(c.out)) {
			t.Errorf("%s: moved %d, want %d", c.cdb, res.Moved, len(c.out))
		}
	}
}

// lyingDisk accepts writes and drops them.
type lyingDisk struct{ *memDisk }

func (d lyingDisk) WriteAt(p []byte, off int64) (int, error) { return len(p), nil }

func TestWriteAndVerify(t *testing.T) {
	for _, cdb := range []string{
		"2e 02 00000002 00 0003 00",
		"ae 02 00000002 00000003 00 00",
		"8e 02 0000000000000002 00000003 00 00",
	} {
		r := newRig(t, Options{})
		r.want("good", r.nexus, cdb, fill(8, 3)...)
		r.holds(8, 2, 3)
		lun, err := NewLUN(lyingDisk{newMemDisk(64)}, Options{Serial: "liar"})
		if err != nil {
			t.Fatal(err)
		}
		r.device.SetLUN(1, lun)
		r.nexus.attention[1].replace(powerOn)
		r.at(r.nexus, 1, "00")
		if got := outcome(r.at(r.nexus, 1, cdb, fill(8, 3)...)); got != "e/1d00" {
			t.Errorf("%s to a disk that lies = %s, want e/1d00", cdb, got)
		}
		if got := outcome(r.at(r.nexus, 1, cdb[:3]+"00"+cdb[5:], fill(8, 3)...)); got != "good" {
			t.Errorf("%s without BYTCHK = %s, want good", cdb, got)
		}
	}
	r := newRig(t, Options{})
	r.want("5/2400", r.nexus, "2e 06 00000002 00 0003 00", fill(8, 3)...)
	r.holds(0, 0, rigBlocks)
}
