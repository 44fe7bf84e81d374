package volume

import (
	"errors"
	"io"
	"time"
)

// fileSystem is what the package wants of the directory it lives in: the few calls
// whose order decides what is left after a power cut. Names are relative to the
// directory. The tests have one of their own, which loses what was not synced.
type fileSystem interface {
	// Create makes a file that must not be there yet, readable by its owner only.
	Create(name string) (file, error)
	// Open opens a regular file; a link or a device is refused.
	Open(name string, write bool) (file, error)
	// Link gives a file a second name, which must be free.
	Link(from, to string) error
	// Rename gives a file another name, in place of the file that had it.
	Rename(from, to string) error
	Remove(name string) error
	// Names lists a directory.
	Names(dir string) ([]string, error)
	Stat(name string) (fileInfo, error)
	// Same reports whether two names are of one file.
	Same(a, b string) bool
	// SyncDir makes the names in a directory durable.
	SyncDir(dir string) error
	// Free is how many bytes may still be allocated.
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
	// Allocate makes sure that there is room for n bytes at off. What is
	// there stays; the file may become longer.
	Allocate(off, n int64) error
	// Extent returns the length of the run of data or hole at off, at most to end.
	Extent(off, end int64) (n int64, data bool, err error)
	Stat() (fileInfo, error)
	// Lock takes the lock of the file, instead of what it held, until it is
	// closed: errLocked if others hold it.
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
