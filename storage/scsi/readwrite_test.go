package scsi

import (
	"testing"
)

func TestReadAndWriteAllocateNothing(t *testing.T) {
	lun, err := NewLUN(newMemDisk(64), Options{Serial: "1"})
	if err != nil {
		t.Fatal(err)
	}
	d := NewDevice("iqn.2026-11.test:disk", lun)
	n := d.Login("iqn.2026-11.test:host,i,0x1")
	n.attention[0].take()
	buf := make([]byte, 4096)
	cmds := map[string]Command{
		"READ(10)":  {Nexus: n, CDB: []byte{0x28, 0, 0, 0, 0, 8, 0, 0, 8, 0}, In: buf},
		"WRITE(10)": {Nexus: n, CDB: []byte{0x2a, 0, 0, 0, 0, 8, 0, 0, 8, 0}, Out: buf},
	}
	for name, c := range cmds {
		allocs := testing.AllocsPerRun(100, func() {
			d.Plan(c.LUN, c.CDB)
			if r := d.Execute(c); r.Status != Good {
				t.Fatalf("%s: %+v", name, r)
			}
		})
		if allocs != 0 {
			t.Errorf("%s allocates %v times, want 0", name, allocs)
		}
	}
}
