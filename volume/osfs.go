package volume

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// osFS is a directory of the host. All access goes through an [os.Root], so that no
// symbolic link leads out of it.
type osFS struct {
	root *os.Root
}

func (s osFS) Create(name string) (file, error) {
	return s.open(name, os.O_RDWR|os.O_CREATE|os.O_EXCL)
}

func (s osFS) Open(name string, write bool) (file, error) {
	if write {
		return s.open(name, os.O_RDWR)
	}
	return s.open(name, os.O_RDONLY)
}

func (s osFS) open(name string, flags int) (file, error) {
	f, err := s.root.OpenFile(name, flags|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0o600)
	if err != nil {
		return nil, err
	}
	o := &osFile{File: f, fd: int(f.Fd())}
	if err := o.check(); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", name, err), f.Close())
	}
	return o, nil
}

func (s osFS) Link(from, to string) error   { return s.root.Link(from, to) }
func (s osFS) Rename(from, to string) error { return s.root.Rename(from, to) }
func (s osFS) Remove(name string) error     { return s.root.Remove(name) }
func (s osFS) Close() error                 { return s.root.Close() }

func (s osFS) Names(dir string) ([]string, error) {
	entries, err := fs.ReadDir(s.root.FS(), dir)
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, nil
}

func (s osFS) Stat(name string) (fileInfo, error) {
	info, err := s.root.Lstat(name)
	if err != nil {
		return fileInfo{}, err
	}
	return describe(info)
}

// describe returns an error for anything but a regular file.
func describe(info fs.FileInfo) (fileInfo, error) {
	if !info.Mode().IsRegular() {
		return fileInfo{}, fmt.Errorf("%s is not a regular file", info.Name())
	}
	i := fileInfo{Size: info.Size(), Modified: info.ModTime()}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		i.Allocated = st.Blocks * 512
	}
	return i, nil
}

func (s osFS) Same(a, b string) bool {
	first, err := s.root.Lstat(a)
	if err != nil {
		return false
	}
	second, err := s.root.Lstat(b)
	return err == nil && os.SameFile(first, second)
}

func (s osFS) SyncDir(dir string) error {
	f, err := s.root.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func (s osFS) Free() (int64, error) {
	f, err := s.root.Open(".")
	if err != nil {
		return 0, err
	}
	defer f.Close()
	var st unix.Statfs_t
	if err := unix.Fstatfs(int(f.Fd()), &st); err != nil {
		return 0, fmt.Errorf("statfs: %w", err)
	}
	return int64(st.Bavail) * st.Bsize, nil
}

// osFile is a file of the host.
type osFile struct {
	*os.File
	fd       int
	inMemory bool // the file system has no medium to wait for
}

func (f *osFile) check() error {
	if _, err := f.Stat(); err != nil {
		return err
	}
	var st unix.Statfs_t
	if err := unix.Fstatfs(f.fd, &st); err != nil {
		return fmt.Errorf("statfs: %w", err)
	}
	f.inMemory = st.Type == unix.TMPFS_MAGIC || st.Type == unix.RAMFS_MAGIC
	return nil
}

// ReadCached uses preadv2 with RWF_NOWAIT (Linux 4.14). The wrapper of x/sys/unix
// takes a slice of slices, which would allocate on every read.
func (f *osFile) ReadCached(p []byte, off int64) bool {
	if f.inMemory || len(p) == 0 {
		n, err := f.File.ReadAt(p, off)
		return n == len(p) && (err == nil || err == io.EOF)
	}
	vec := unix.Iovec{Base: &p[0], Len: uint64(len(p))}
	n, _, errno := unix.Syscall6(unix.SYS_PREADV2, uintptr(f.fd), uintptr(unsafe.Pointer(&vec)), 1,
		uintptr(off), 0, unix.RWF_NOWAIT)
	return errno == 0 && int(n) == len(p)
}

// Sync is fdatasync, which includes the metadata needed to read the data back.
func (f *osFile) Sync() error {
	return f.call("fdatasync", func() error { return unix.Fdatasync(f.fd) })
}

func (f *osFile) Allocate(off, n int64) error {
	err := f.call("allocate", func() error { return unix.Fallocate(f.fd, 0, off, n) })
	if errors.Is(err, unix.EOPNOTSUPP) {
		return nil // writes report a lack of space
	}
	return err
}

// zeros is what Punch writes, piece by piece, where the file system has no holes.
var zeros [256 << 10]byte

func (f *osFile) Punch(off, n int64) error {
	err := f.call("punch hole", func() error {
		return unix.Fallocate(f.fd, unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, off, n)
	})
	if errors.Is(err, unix.EOPNOTSUPP) {
		return f.overwrite(off, n)
	}
	return err
}

// overwrite writes zeros, but not beyond the end.
func (f *osFile) overwrite(off, n int64) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	for n = min(n, info.Size-off); n > 0; {
		piece := min(n, int64(len(zeros)))
		if _, err := f.WriteAt(zeros[:piece], off); err != nil {
			return err
		}
		off, n = off+piece, n-piece
	}
	return nil
}

// Extent returns everything as data on a file system that cannot seek data.
func (f *osFile) Extent(off, end int64) (int64, bool, error) {
	data, err := f.seek(off, end, unix.SEEK_DATA)
	if err != nil {
		return 0, false, err
	}
	if data > off {
		return data - off, false, nil
	}
	hole, err := f.seek(off, end, unix.SEEK_HOLE)
	return hole - off, true, err
}

func (f *osFile) seek(off, end int64, whence int) (int64, error) {
	at, err := unix.Seek(f.fd, off, whence)
	switch {
	case err == unix.ENXIO || err == nil && at > end:
		return end, nil
	case err == unix.EINVAL && whence == unix.SEEK_DATA:
		return off, nil
	case err == unix.EINVAL:
		return end, nil
	case err != nil:
		return 0, &os.PathError{Op: "look for holes in", Path: f.Name(), Err: err}
	}
	return at, nil
}

func (f *osFile) Stat() (fileInfo, error) {
	info, err := f.File.Stat()
	if err != nil {
		return fileInfo{}, err
	}
	return describe(info)
}

func (f *osFile) Lock(mode lockMode) error {
	how := map[lockMode]int{
		unlocked: unix.LOCK_UN, shared: unix.LOCK_SH | unix.LOCK_NB,
		exclusive: unix.LOCK_EX | unix.LOCK_NB, waiting: unix.LOCK_EX,
	}[mode]
	err := f.call("lock", func() error { return unix.Flock(f.fd, how) })
	if errors.Is(err, unix.EWOULDBLOCK) {
		return errLocked
	}
	return err
}

// call repeats a call that a signal interrupted; the Go runtime often sends itself signals.
func (f *osFile) call(what string, do func() error) error {
	for {
		err := do()
		if err == nil {
			return nil
		}
		if err != unix.EINTR {
			return &os.PathError{Op: what, Path: f.Name(), Err: err}
		}
	}
}
