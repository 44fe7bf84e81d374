package scsi

// NewMemDisk is newMemDisk for the tests outside of the package.
func NewMemDisk(blocks int) Disk { return newMemDisk(blocks) }
