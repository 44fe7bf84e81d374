package scsi

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
)

// rig is a device with one unit on a memDisk, and an initiator that has taken the power-on
// attention.
type rig struct {
	t      testing.TB
	disk   *memDisk
	lun    *LUN
	device *Device
	nexus  *Nexus
}

const rigBlocks = 1024

func newRig(t testing.TB, o Options) *rig {
	t.Helper()
	return newRigOn(t, newMemDisk(rigBlocks), o)
}

func newRigOn(t testing.TB, disk *memDisk, o Options) *rig {
	t.Helper()
	if o.Serial == "" {
		o.Serial = "unit"
	}
	lun, err := NewLUN(disk, o)
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, disk: disk, lun: lun, device: NewDevice("iqn.2026-11.test:disk", lun)}
	r.nexus = r.login("host")
	return r
}

// login makes another initiator.
func (r *rig) login(host string) *Nexus {
	n := r.device.Login("iqn.2026-11.test:" + host + ",i,0x00023d000001")
	n.attention[0].take()
	return n
}

// b parses hexadecimal bytes and ignores spaces.
func b(s string) []byte {
	v, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return v
}

// do runs a CDB the way a transport does, with room for all it asks for.
func (r *rig) do(n *Nexus, cdb string, out ...byte) Result {
	return r.at(n, 0, cdb, out...)
}

func (r *rig) at(n *Nexus, lun uint64, cdb string, out ...byte) Result {
	c := Command{Nexus: n, LUN: lun << 48, CDB: b(cdb), Expected: int64(len(out))}
	p := r.device.Plan(c.LUN, c.CDB)
	c.Out = out[:min(int64(len(out)), p.Out)]
	c.In = make([]byte, p.In)
	return r.device.Execute(c)
}

// outcome is a result in short: "good", "conflict", "busy", or key and code.
func outcome(r Result) string {
	switch {
	case r.Status == Good:
		return "good"
	case r.Status == ReservationConflict:
		return "conflict"
	case r.Status == Busy:
		return "busy"
	case r.Status == CheckCondition && len(r.Sense) == 18 && r.Sense[0]&0x7f == 0x70:
		return fmt.Sprintf("%x/%02x%02x", r.Sense[2], r.Sense[12], r.Sense[13])
	case r.Status == CheckCondition && len(r.Sense) >= 8 && r.Sense[0] == 0x72:
		return fmt.Sprintf("%x/%02x%02x", r.Sense[1], r.Sense[2], r.Sense[3])
	}
	return fmt.Sprintf("status %#x, sense %x", byte(r.Status), r.Sense)
}

// want runs a CDB and compares its outcome.
func (r *rig) want(want string, n *Nexus, cdb string, out ...byte) Result {
	r.t.Helper()
	res := r.do(n, cdb, out...)
	if got := outcome(res); got != want {
		r.t.Errorf("%s (%d bytes out) = %s, want %s", cdb, len(out), got, want)
	}
	return res
}

// fill is n blocks of one byte.
func fill(c byte, n int) []byte {
	p := make([]byte, n*BlockSize)
	for i := range p {
		p[i] = c
	}
	return p
}

// put writes blocks directly to the disk.
func (r *rig) put(c byte, lba, n int) {
	r.t.Helper()
	if _, err := r.disk.WriteAt(fill(c, n), int64(lba*BlockSize)); err != nil {
		r.t.Fatal(err)
	}
}

// holds checks that blocks are of one byte.
func (r *rig) holds(c byte, lba, n int) {
	r.t.Helper()
	for i, got := range r.disk.data[lba*BlockSize : (lba+n)*BlockSize] {
		if got != c {
			r.t.Errorf("block %d, byte %d = %#x, want %#x", lba+i/BlockSize, i%BlockSize, got, c)
			return
		}
	}
}
