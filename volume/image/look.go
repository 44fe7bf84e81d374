package image

// look reports what will keep machines from finding a partition table on the disk: one made
// for sectors of 4096 bytes is at another offset.
func (u *unpacker) look() error {
	const magic = "EFI PART"
	for _, sector := range []int64{512, 4096} {
		head := make([]byte, len(magic))
		if u.b.Size() < sector+int64(len(head)) {
			return nil
		}
		if _, err := u.b.ReadAt(head, sector); err != nil {
			return err
		}
		if string(head) == magic {
			if sector != 512 {
				u.hint = "The partition table of the disk was made for sectors of 4096 bytes, and the disks that machines get here have sectors of 512: they will find no partitions. " +
					"Use an image that was made for sectors of 512 bytes."
			}
			return nil
		}
	}
	return nil
}
