package scsi

import "io"

// BlockSize is the logical block length in bytes. Every initiator that boots a
// machine can read it; 4096-byte logical blocks shut out BIOS firmware.
const BlockSize = 512

// Disk is the storage of a logical unit: a raw file, an overlay, a stack of layers. All
// methods are safe for concurrent use. Offsets and lengths are bytes, always multiples of
// BlockSize and inside [0, Size()).
//
// An error that wraps syscall.ENOSPC (or EDQUOT) is reported to the initiator as a lack of
// space, so that it may free some and go on. Any other error is reported as a medium error.
// The text of an error never reaches the initiator.
type Disk interface {
	io.ReaderAt
	io.WriterAt

	// Size is the capacity in bytes, a multiple of BlockSize.
	Size() int64

	// Sync returns nil only once every write that had returned before Sync
	// was called is on stable storage.
	Sync() error

	// Unmap deallocates a range. It reads as zeros from then on, for good after the next
	// Sync; whether space is freed is up to the disk.
	Unmap(off, n int64) error

	// Extent returns the length of the run that starts at off
	// (0 < n <= Size()-off), and whether it takes up space (mapped) or reads
	// as zeros without (GET LBA STATUS). Neighbouring runs may be alike.
	Extent(off int64) (n int64, mapped bool, err error)
}

// CachedReader is an optional interface of a Disk: a read whose data is in memory is
// answered without a change of thread.
type CachedReader interface {
	// ReadCached fills p from off if it can do so without waiting for the
	// medium, and reports whether it did. After false, p's contents are
	// undefined and the caller reads with ReadAt, which also returns the error.
	ReadCached(p []byte, off int64) bool
}

// AtomicWriter is an optional interface of a Disk, for WRITE ATOMIC: after a power failure
// such a write is complete or absent. Without it the unit does not support the command.
type AtomicWriter interface {
	// AtomicLimit is the longest such write in bytes, 0 if the disk does not support them.
	AtomicLimit() int64

	// WriteAtomic is WriteAt for at most AtomicLimit bytes. The data need not be on stable
	// storage when it returns, but must never be there in part. If it syncs on the way and
	// that fails, the next Sync fails too.
	WriteAtomic(p []byte, off int64) error
}
