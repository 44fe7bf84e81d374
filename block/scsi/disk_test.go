package scsi_test

import (
	"testing"

	"ironhook/block/scsi"
	"ironhook/block/scsi/disktest"
)

func TestMemDisk(t *testing.T) {
	disktest.Run(t, func(*testing.T) disktest.Disk {
		return disktest.Disk{Disk: scsi.NewMemDisk(disktest.MinSize / scsi.BlockSize)}
	})
}
