package filedisk

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"ironhook/block/scsi"
)

// The interfaces of package scsi that a Disk implements.
var (
	_ scsi.Disk         = (*Disk)(nil)
	_ scsi.CachedReader = (*Disk)(nil)
	_ scsi.AtomicWriter = (*Disk)(nil)
	_ scsi.Keeper       = Reservations("")
)

func TestReservationsAreKept(t *testing.T) {
	dir := t.TempDir()
	path := create(t, dir, 4096)
	d := mustOpen(t, path, false)
	kept, ok := d.Reservations()
	if !ok {
		t.Fatal("no place beside a file")
	}
	for _, want := range []string{"", "first", "second, longer", "", ""} {
		if err := kept.Save([]byte(want)); err != nil {
			t.Fatal(err)
		}
		got, err := kept.Load()
		if err != nil || string(got) != want {
			t.Errorf("Load = %q, %v, want %q", got, err, want)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.reservations*")); len(left) != 0 {
		t.Errorf("with nothing to keep, %v are left", left)
	}
	// A link to an image leads to the same file.
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if err := kept.Save([]byte("x")); err != nil {
		t.Fatal(err)
	}
	d.Close()
	kept, _ = mustOpen(t, link, false).Reservations()
	if got, _ := kept.Load(); string(got) != "x" {
		t.Errorf("through a link: %q, want x", got)
	}
}

// The reservation of a unit on a file survives a restart.
func TestReservationsOutliveTheProcess(t *testing.T) {
	path := create(t, t.TempDir(), 4096)
	register := append(make([]byte, 8), 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 1, 0, 0, 0) // key 7, APTPL
	for i, want := range []int{8, 16} {
		d := mustOpen(t, path, false)
		kept, _ := d.Reservations()
		lun, err := scsi.NewLUN(d, scsi.Options{Serial: "1", Reservations: kept})
		if err != nil {
			t.Fatal(err)
		}
		device := scsi.NewDevice("iqn.2026-11.test:disk", lun)
		n := device.Login("iqn.2026-11.test:host,i,0x1")
		device.Execute(scsi.Command{Nexus: n, CDB: make([]byte, 6)})
		keys := device.Execute(scsi.Command{Nexus: n, CDB: []byte{0x5e, 0, 0, 0, 0, 0, 0, 0, 255, 0}})
		if len(keys.In) != want {
			t.Fatalf("opened %d times: READ KEYS = %x, want %d bytes", i+1, keys.In, want)
		}
		r := device.Execute(scsi.Command{Nexus: n, CDB: []byte{0x5f, 6, 0, 0, 0, 0, 0, 0, 24, 0}, Out: register, Expected: 24})
		if r.Status != scsi.Good {
			t.Fatalf("REGISTER: sense %x", r.Sense)
		}
		d.Close()
	}
	if b, err := os.ReadFile(path); err != nil || !bytes.Equal(b, make([]byte, 4096)) {
		t.Errorf("the image itself changed: %v", err)
	}
}
