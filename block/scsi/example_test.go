package scsi_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"ironhook/block/filedisk"
	"ironhook/block/scsi"
)

// A transport plans a command, provides room for its data, executes it and sends the
// result.
func Example() {
	dir, err := os.MkdirTemp("", "scsi")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	image := filepath.Join(dir, "disk.raw")
	if err := os.WriteFile(image, make([]byte, 1<<20), 0o600); err != nil {
		log.Fatal(err)
	}
	disk, err := filedisk.Open(image, false)
	if err != nil {
		log.Fatal(err)
	}
	defer disk.Close()

	lun, err := scsi.NewLUN(disk, scsi.Options{Serial: "0001"})
	if err != nil {
		log.Fatal(err)
	}
	device := scsi.NewDevice("iqn.2026-11.org.example:disk", lun)
	nexus := device.Login("iqn.2026-11.org.example:host,i,0x00023d000001")
	defer device.Logout(nexus)

	read := []byte{0x28, 0, 0, 0, 0, 8, 0, 0, 2, 0} // READ(10): two blocks from block 8
	for range 2 {
		plan := device.Plan(0, read)
		result := device.Execute(scsi.Command{Nexus: nexus, CDB: read, In: make([]byte, plan.In)})
		fmt.Printf("status %#02x, %d bytes, sense % x\n", byte(result.Status), len(result.In), result.Sense)
	}
	// Output:
	// status 0x02, 0 bytes, sense 70 00 06 00 00 00 00 0a 00 00 00 00 29 00 00 00 00 00
	// status 0x00, 1024 bytes, sense
}
