package filedisk

import (
	"os"
	"testing"

	"ironhook/block/scsi"
	"ironhook/block/scsi/disktest"
)

func TestDisk(t *testing.T) {
	for name, dir := range places(t) {
		t.Run(name, func(t *testing.T) {
			disktest.Run(t, func(t *testing.T) disktest.Disk {
				own, err := os.MkdirTemp(dir, "suite")
				if err != nil {
					t.Fatal(err)
				}
				path := create(t, own, disktest.MinSize)
				d := mustOpen(t, path, false)
				return disktest.Disk{Disk: d, Reopen: func(t *testing.T) scsi.Disk {
					if err := d.Close(); err != nil {
						t.Fatal(err)
					}
					d = mustOpen(t, path, false)
					return d
				}}
			})
		})
	}
}
