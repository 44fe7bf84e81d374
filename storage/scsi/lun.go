package scsi

import (
	"fmt"
	"sync/atomic"
)

// Options say what a logical unit is. The zero value is a writable unit with a
// volatile write cache.
type Options struct {
	// Vendor, Product and Revision are told by INQUIRY, cut to 8, 16 and 4
	// characters of ASCII. Empty ones are IRONHOOK, VOLUME and the version.
	Vendor, Product, Revision string

	// Serial identifies the unit for good: its serial number (at most 252
	// characters), and what its world wide name is made from. Two units with
	// one Serial are two paths to one disk in the eyes of an initiator.
	Serial string

	// ReadOnly units refuse whatever would write (DATA PROTECT, 27/00).
	ReadOnly bool

	// WriteThrough makes the unit report no write cache, and every write
	// wait for Sync.
	WriteThrough bool

	// Fault, if not nil, is told each error of the Disk, with what was being
	// done: initiators are told the kind only. It is called from Execute and
	// must not wait.
	Fault func(error)
}

// LUN is a logical unit. It belongs to one Device. All methods are safe for
// concurrent use.
type LUN struct {
	disk    Disk
	cached  CachedReader // nil if the disk offers none
	options Options

	device *Device // set once by SetLUN
	number int

	ranges       rangeLock
	flushes      flusher
	blocks       atomic.Uint64 // capacity the initiators know of
	writeThrough atomic.Bool   // WCE is off
}

// NewLUN makes a logical unit of a disk.
func NewLUN(disk Disk, o Options) (*LUN, error) {
	l := &LUN{disk: disk, options: o}
	l.cached, _ = disk.(CachedReader)
	l.blocks.Store(uint64(disk.Size()) / BlockSize)
	l.writeThrough.Store(o.WriteThrough)
	return l, nil
}

// Resize looks at the disk's size again. If it changed, every initiator is told
// (unit attention 2A/09) with its next command. Shrinking below what commands in
// flight touch is the caller's to prevent.
func (l *LUN) Resize() {
	blocks := uint64(l.disk.Size()) / BlockSize
	if l.blocks.Swap(blocks) != blocks && l.device != nil {
		l.device.raise(l.number, capacityChanged, nil)
	}
}

// nexusLost forgets what an initiator holds only while it is there.
func (l *LUN) nexusLost(*Nexus) {}

// within refuses blocks beyond the end. A command for no blocks at all must
// name an existing one too (SBC-3 §4.5 is silent; initiators expect it), save
// the end itself.
func (l *LUN) within(lba, n uint64) error {
	if blocks := l.blocks.Load(); lba > blocks || n > blocks-lba {
		return errOutOfRange
	}
	return nil
}

// fault tells the owner of the unit about an error in full, and gives back what
// the initiator is told.
func (l *LUN) fault(s *sense, doing string, lba uint64, err error) error {
	if l.options.Fault != nil {
		l.options.Fault(fmt.Errorf("%s at block %d of %s: %w", doing, lba, l.options.Serial, err))
	}
	return s
}

// reset puts the unit into the state it was made in, but for its data and its
// persistent reservations.
func (l *LUN) reset() {
	l.flushes.reset()
	l.writeThrough.Store(l.options.WriteThrough)
}
