package stick

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// pristine is the empty file system that the image has on its data partition.
const pristine = "/lib/ironhook/data.ext4.gz"

// imageGUID is the identity of the disk in the image, before the first start.
const imageGUID = "1A0B00C5-0000-4000-8000-000000000000"

// errUncheckable is the state of a file system that the checker does not mend by itself.
var errUncheckable = errors.New("the file system is damaged")

// grow makes the last partition of a disk fill it, and mends a table whose writing a loss of power has cut short.
func grow(d disk, n int) error {
	size, err := d.size()
	if err != nil {
		return err
	}
	t, err := d.table()
	if err != nil {
		return fmt.Errorf("partitions of %s: %w", d.name, err)
	}
	changed, err := enlarge(t, n, size, imageGUID)
	if err != nil || !changed {
		return err
	}
	f, err := os.OpenFile(d.path(), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // written and synced, or it has failed
	if err := t.Write(f, size); err != nil {
		return fmt.Errorf("partitions of %s: %w", d.name, err)
	}
	for _, p := range t.Partitions {
		if p.Index == n {
			return resizePartition(f, n, int64(p.Start)*sector, int64(p.Size))
		}
	}
	return nil
}

// The structures of BLKPG (linux/blkpg.h).
type blkpgPartition struct {
	start, length int64 // bytes
	number        int32
	_             [128]byte // names that nobody reads
}

type blkpgArg struct {
	op, flags, length int32
	data              *blkpgPartition
}

const (
	blkpg                = 0x1269
	blkpgResizePartition = 3
	ext4Resize           = 0x40086610 // EXT4_IOC_RESIZE_FS (fs/ext4/ext4.h)
)

// resizePartition tells the kernel of a partition's new length, which it may have in use.
func resizePartition(f *os.File, number int, start, length int64) error {
	p := &blkpgPartition{start: start, length: length, number: int32(number)}
	arg := &blkpgArg{op: blkpgResizePartition, length: int32(unsafe.Sizeof(*p)), data: p}
	if _, _, e := unix.Syscall(unix.SYS_IOCTL, f.Fd(), blkpg, uintptr(unsafe.Pointer(arg))); e != 0 {
		return fmt.Errorf("resize partition %d: %w", number, e)
	}
	return nil
}

// check has the file system checked, and its journal replayed. Thorough, it mends what it can,
// though files may be lost.
func check(partition string, thorough bool) error {
	mode := "-p"
	if thorough {
		mode = "-y"
	}
	out, err := exec.Command("/sbin/e2fsck", mode, partition).CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() < 4 { // 1: mended (e2fsck(8))
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w: %w: %s", errUncheckable, err, strings.TrimSpace(string(out)))
	}
	return nil
}

// mount mounts a file system that was checked, and makes it as large as its partition.
func mount(partition, at string) error {
	if err := os.MkdirAll(at, 0o755); err != nil {
		return err
	}
	if err := unix.Mount(partition, at, "ext4", unix.MS_NOATIME|unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "errors=remount-ro"); err != nil {
		return fmt.Errorf("mount %s: %w", partition, err)
	}
	return fill(partition, at)
}

// fill makes a mounted file system as large as its partition; the journal makes that safe.
func fill(partition, at string) error {
	p, err := os.Open(partition)
	if err != nil {
		return err
	}
	defer p.Close() //nolint:errcheck // only read
	length, err := p.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	var now unix.Statfs_t
	if err := unix.Statfs(at, &now); err != nil {
		return err
	}
	blocks := uint64(length / now.Bsize)
	root, err := os.Open(at)
	if err != nil {
		return err
	}
	defer root.Close() //nolint:errcheck // only read
	_, _, e := unix.Syscall(unix.SYS_IOCTL, root.Fd(), ext4Resize, uintptr(unsafe.Pointer(&blocks)))
	if e != 0 && e != unix.EBUSY {
		return fmt.Errorf("grow the file system of %s: %w", partition, e)
	}
	return nil
}

// format puts the empty file system on a partition.
func format(partition string) (err error) {
	from, err := os.Open(pristine)
	if err != nil {
		return err
	}
	defer from.Close() //nolint:errcheck // only read
	z, err := gzip.NewReader(from)
	if err != nil {
		return err
	}
	to, err := os.OpenFile(partition, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, z)
	return errors.Join(err, to.Sync(), to.Close())
}
