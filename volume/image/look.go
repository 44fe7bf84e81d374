package image

import "io"

// look keeps the hint for the disk that was written.
func (u *unpacker) look() (err error) {
	u.hint, err = Hint(u.b, u.b.Size())
	return err
}

// Hint returns what will keep machines from finding a partition table on a disk, and what to
// do; "" for nothing that is seen. A table made for sectors of 4096 bytes is at another offset.
func Hint(disk io.ReaderAt, size int64) (string, error) {
	const magic = "EFI PART"
	for _, sector := range []int64{512, 4096} {
		head := make([]byte, len(magic))
		if size < sector+int64(len(head)) {
			return "", nil
		}
		if _, err := disk.ReadAt(head, sector); err != nil {
			return "", err
		}
		switch {
		case string(head) != magic:
		case sector == 512:
			return "", nil
		default:
			return "The partition table of the disk was made for sectors of 4096 bytes, and the disks that machines get here have sectors of 512: " +
				"they will find no partitions. " +
				"Use an image that was made for sectors of 512 bytes.", nil
		}
	}
	return "", nil
}
