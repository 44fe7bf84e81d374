package filedisk

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// zeros is what Unmap writes, piece by piece, where the file system has no holes.
var zeros [256 << 10]byte

// Unmap punches a hole, or writes zeros where the file system has no holes.
func (d *Disk) Unmap(off, n int64) error {
	err := ignoringEINTR(func() error {
		return unix.Fallocate(d.fd, unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, off, n)
	})
	if errors.Is(err, unix.EOPNOTSUPP) {
		return d.writeZeros(off, n)
	}
	if err != nil {
		return fmt.Errorf("punch hole in %s: %w", d.file.Name(), err)
	}
	return nil
}

func (d *Disk) writeZeros(off, n int64) error {
	for n > 0 {
		piece := min(n, int64(len(zeros)))
		if _, err := d.WriteAt(zeros[:piece], off); err != nil {
			return err
		}
		off, n = off+piece, n-piece
	}
	return nil
}

// Extent returns the run of data or hole at off. On a file system that cannot seek data
// everything is data. Where a hole ends within a block, the block counts as data.
func (d *Disk) Extent(off int64) (n int64, mapped bool, err error) {
	data, err := d.seek(off, unix.SEEK_DATA)
	if err != nil {
		return 0, false, err
	}
	if hole := (data - off) / blockSize * blockSize; hole > 0 {
		return hole, false, nil
	}
	end, err := d.seek(off+blockSize-1, unix.SEEK_HOLE)
	if err != nil {
		return 0, false, err
	}
	end = (end + blockSize - 1) / blockSize * blockSize
	return min(end, d.size) - off, true, nil
}

// seek finds the next data or hole. If only a hole follows, it returns the end of the file.
func (d *Disk) seek(off int64, whence int) (int64, error) {
	at, err := unix.Seek(d.fd, off, whence)
	switch {
	case err == unix.ENXIO || err == nil && at > d.size:
		return d.size, nil
	case err == unix.EINVAL && whence == unix.SEEK_DATA: // a block device
		return off, nil
	case err == unix.EINVAL:
		return d.size, nil
	case err != nil:
		return 0, fmt.Errorf("look for holes in %s: %w", d.file.Name(), err)
	}
	return at, nil
}
