// Package filedisk serves a raw image, or a block device, as a scsi.Disk: bytes
// of the disk are bytes of the file, at the same place.
//
// It trusts the page cache and nothing else: reads and writes go through it,
// Sync is fdatasync, and a read that finds everything there is distinguished from
// one that would wait (preadv2 with RWF_NOWAIT). What is unmapped becomes a hole.
//
// A file is locked while it is open, shared for reading and exclusively for writing, so
// that a second process cannot serve it too. The lock is advisory (flock): programs that do
// not ask for it are not kept out.
package filedisk

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// blockSize is what sizes and offsets are multiples of.
const blockSize = 512

// ErrInUse is the error of Open when another process has the file open.
var ErrInUse = errors.New("in use by another process")

// Disk is an open image. It implements scsi.Disk, scsi.CachedReader and
// scsi.AtomicWriter; its methods are safe for concurrent use, Close excepted.
type Disk struct {
	file *os.File
	path string // where the image really is, symbolic links followed
	fd   int
	size int64

	inMemory bool // the file system has no medium to wait for
	device   bool // a block device
	journal  journal
	owed     atomic.Pointer[error] // a failure that concerns other writes; the next Sync returns it
}

// Open opens an image, read-only on request. Its size must be a multiple of 512 bytes and
// is fixed from then on.
func Open(path string, readOnly bool) (*Disk, error) {
	mode, lock := os.O_RDWR, unix.LOCK_EX
	if readOnly {
		mode, lock = os.O_RDONLY, unix.LOCK_SH
	}
	f, err := os.OpenFile(path, mode, 0)
	if err != nil {
		return nil, fmt.Errorf("open disk: %w", err)
	}
	d, err := open(f, lock)
	if err == nil && !d.device {
		err = d.replayJournal(readOnly)
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("open disk %s: %w", path, err)
	}
	return d, nil
}

func open(f *os.File, lock int) (*Disk, error) {
	path, err := filepath.EvalSymlinks(f.Name()) // files beside an image are named after the image, not the link
	if err != nil {
		return nil, err
	}
	d := &Disk{file: f, path: path, fd: int(f.Fd())}
	if err := unix.Flock(d.fd, lock|unix.LOCK_NB); err == unix.EWOULDBLOCK {
		return nil, ErrInUse
	} else if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if t := info.Mode().Type(); t != 0 && t != os.ModeDevice {
		return nil, fmt.Errorf("neither a file nor a block device: %s", info.Mode())
	}
	d.device = info.Mode().Type() == os.ModeDevice
	if d.size, err = f.Seek(0, io.SeekEnd); err != nil { // a block device's Stat has no size
		return nil, err
	}
	if d.size == 0 || d.size%blockSize != 0 {
		return nil, fmt.Errorf("size %d is not a multiple of %d: lengthen it with truncate", d.size, blockSize)
	}
	var fs unix.Statfs_t
	if err := unix.Fstatfs(d.fd, &fs); err != nil {
		return nil, err
	}
	d.inMemory = fs.Type == unix.TMPFS_MAGIC || fs.Type == unix.RAMFS_MAGIC
	return d, nil
}

// Close closes the file and gives up its lock. It does not Sync.
func (d *Disk) Close() error { return errors.Join(d.closeJournal(), d.file.Close()) }

// Size is the size in bytes, as it was when the file was opened.
func (d *Disk) Size() int64 { return d.size }

// ReadAt fills p or returns an error; the end of a file that another program has
// shortened is one (io.EOF).
func (d *Disk) ReadAt(p []byte, off int64) (int, error) { return d.file.ReadAt(p, off) }

// WriteAt writes into the page cache.
func (d *Disk) WriteAt(p []byte, off int64) (int, error) { return d.file.WriteAt(p, off) }

// Sync returns once everything written before is on stable storage.
func (d *Disk) Sync() error {
	if err := d.owed.Swap(nil); err != nil {
		return *err
	}
	return d.sync()
}

func (d *Disk) sync() error {
	if err := ignoringEINTR(func() error { return unix.Fdatasync(d.fd) }); err != nil {
		return &os.PathError{Op: "fdatasync", Path: d.file.Name(), Err: err}
	}
	return nil
}

// ReadCached fills p if the page cache has all of it.
func (d *Disk) ReadCached(p []byte, off int64) bool {
	if d.inMemory {
		n, err := d.file.ReadAt(p, off)
		return n == len(p) && err == nil
	}
	return preadNoWait(d.fd, p, off) == len(p)
}

// ignoringEINTR repeats a call that a signal interrupted; the Go runtime often sends itself
// signals.
func ignoringEINTR(call func() error) error {
	for {
		if err := call(); err != unix.EINTR {
			return err
		}
	}
}
