package scsi

import (
	"fmt"
	"sync"
	"testing"
)

// Everything at once: initiators that come and go, commands of all kinds, resets, a resize,
// units that appear. The test must end, and no answer may show an internal error.
func TestEverythingAtOnce(t *testing.T) {
	r := newRig(t, Options{Reservations: &memKeeper{}})
	second, err := NewLUN(newMemDisk(64), Options{Serial: "second"})
	if err != nil {
		t.Fatal(err)
	}
	r.device.SetLUN(1, second)
	both := [][]byte{target(r.lun), target(second)}
	there := copyList(1, 0, both, [][]byte{piece(0, 1, 8, 0, 0)})
	back := copyList(1, 0, both, [][]byte{piece(1, 0, 8, 8, 8)})
	script := []struct {
		cdb string
		out []byte
	}{
		{"28 00 00000000 00 0010 00", nil},
		{"2a 00 00000004 00 0004 00", fill(1, 4)},
		{"2a 08 00000006 00 0001 00", fill(2, 1)},
		{"89 00 0000000000000004 000000 01 00 00", append(fill(1, 1), fill(3, 1)...)},
		{"8b 00 0000000000000002 00000004 00 00", fill(4, 4)},
		{"2f 02 00000000 00 0004 00", fill(5, 4)},
		{"41 08 00000008 00 0004 00", fill(0, 1)},
		{"42 00 00000000 00 0018 00", unmapList(2, 3)},
		{"35 00 00000000 00 0000 00", nil},
		{"9e 12 0000000000000000 00000100 00 00", nil},
		{fmt.Sprintf("83 00 0000000000000000 %08x 00 00", len(there)), there},
		{fmt.Sprintf("83 00 0000000000000000 %08x 00 00", len(back)), back},
		{"5f 06 00 0000 00000018 00", outList(0, 1, 1)},
		{"5f 01 05 0000 00000018 00", outList(1, 0, 0)},
		{"5f 05 07 0000 00000018 00", outList(1, 1, 0)},
		{"5f 03 00 0000 00000018 00", outList(1, 0, 0)},
		{"5e 03 0000000000 ff00 00", nil},
		{"16", nil}, {"17", nil},
		{"15 10 0000 18 00", b("00000000" + cachingThrough)},
		{"15 10 0000 18 00", b("00000000" + caching)},
		{"1a 08 3f 00 ff 00", nil},
		{"48 02 0000000000 0000 00", nil},
		{"a0 00 00 000000 00000100 00 00", nil},
		{"03 00 0000 12 00", nil},
	}
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 10 {
				n := r.device.Login(fmt.Sprintf("iqn.test:%d,i,0x%d", w, i%3))
				for j := range script {
					s := script[(j*(2*w+1)+i)%len(script)]
					c := Command{Nexus: n, LUN: uint64(w&1) << 48, CDB: b(s.cdb), Out: s.out, Expected: int64(len(s.out))}
					c.In = make([]byte, r.device.Plan(c.LUN, c.CDB).In)
					res, ok := r.device.TryExecute(c)
					if !ok {
						res = r.device.Execute(c)
					}
					if got := outcome(res); len(got) > 8 || got == "4/4400" {
						t.Errorf("%s = %s", s.cdb, got)
					}
				}
				switch i {
				case 3:
					r.device.ResetLUN(uint64(w&1) << 48)
				case 5:
					r.device.Reset(w&2 == 0)
				case 7:
					r.disk.grow(1)
					r.lun.Resize()
				}
				r.device.Logout(n)
			}
		})
	}
	wg.Wait()
	if n := len(r.lun.ranges.shared) + len(r.lun.ranges.alone) + len(second.ranges.shared); n != 0 {
		t.Errorf("%d ranges are still held", n)
	}
	if !r.lun.gate.TryLock() || !second.gate.TryLock() {
		t.Error("a gate is still held")
	}
}
