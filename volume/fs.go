package volume

import (
	"errors"
	"io"
	"time"
)

// fileSystem is the interface to the directory of the volumes: the few calls whose order
// decides what is left after a power cut. Names are relative to the directory. The tests
// have an implementation that loses unsynced data.
type fileSystem interface {
	// Create creates a file that must not exist, readable by its owner only.
	Create(name string) (file, error)
	// Open opens a regular file; a link or a device is refused.
	Open(name string, write bool) (file, error)
	// Link gives a file a second name, which must be free.
	Link(from, to string) error
	// Rename renames a file and replaces any file of that name.
	Rename(from, to string) error
	Remove(name string) error
	// Names lists a directory.
	Names(dir string) ([]string, error)
	Stat(name string) (fileInfo, error)
	// Same reports whether two names belong to one file.
	Same(a, b string) bool
	// SyncDir makes the names in a directory durable.
	SyncDir(dir string) error
	// Free returns how many bytes may still be allocated.
	Free() (int64, error)
	Close() error
}

// fileInfo is the result of Stat.
type fileInfo struct {
	Size, Allocated int64
	Modified        time.Time
}

// file is an open file. Its methods are safe for concurrent use.
type file interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	// ReadCached fills p if it can without waiting for the medium.
	ReadCached(p []byte, off int64) bool
	// Sync returns once data, size and holes are on stable storage.
	Sync() error
	Truncate(size int64) error
	// Punch makes a hole that reads as zeros. The file does not become longer.
	Punch(off, n int64) error
	// Allocate allocates space for n bytes at off. Existing data stays; the file may become
	// longer.
	Allocate(off, n int64) error
	// Extent returns the length of the run of data or hole at off, at most to end.
	Extent(off, end int64) (n int64, data bool, err error)
	Stat() (fileInfo, error)
	// Lock sets the lock of the file, until it is closed; it replaces one already held. The
	// error is errLocked if another open file conflicts.
	Lock(mode lockMode) error
}

type lockMode int

const (
	unlocked lockMode = iota
	shared
	exclusive
	waiting // exclusive, however long it takes
)

var errLocked = errors.New("locked")
