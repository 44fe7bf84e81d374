package volume

import (
	"bytes"
	"context"
	"testing"

	"ironhook/block/scsi"
	"ironhook/block/scsi/disktest"
)

// TestDisk runs the acceptance suite on every kind of stack: a raw file, an overlay on
// nothing, and two overlays on an image that has data, a hole and an odd end.
func TestDisk(t *testing.T) {
	for name, prepare := range map[string]func(*Dir) error{
		"volume": func(d *Dir) error { return d.Create("disk", disktest.MinSize) },
		"overlay": func(d *Dir) error {
			if err := d.Create("disk", disktest.MinSize); err != nil {
				return err
			}
			return d.Snapshot("disk", "snapshot")
		},
		"clone": func(d *Dir) error {
			image := bytes.Repeat([]byte("ironhook"), 300<<10/8)
			clear(image[100<<10 : 200<<10])
			if _, err := d.Import(context.Background(), "image", bytes.NewReader(image)); err != nil {
				return err
			}
			if err := d.Clone("image", "first", 512<<10); err != nil {
				return err
			}
			return d.Clone("first", "disk", disktest.MinSize+disktest.MinSize/2+BlockSize)
		},
	} {
		t.Run(name, func(t *testing.T) {
			disktest.Run(t, func(t *testing.T) disktest.Disk {
				d := open(t)
				if err := prepare(d); err != nil {
					t.Fatal(err)
				}
				return openForSuite(t, d)
			})
		})
	}
}

func openForSuite(t *testing.T, d *Dir) disktest.Disk {
	t.Helper()
	var k *Disk
	reopen := func(t *testing.T) scsi.Disk {
		t.Helper()
		var err error
		if k != nil {
			err = k.Close()
		}
		if err == nil {
			k, err = d.Open("disk", false)
		}
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	t.Cleanup(func() { k.Close() })
	return disktest.Disk{Disk: reopen(t), Reopen: reopen}
}
