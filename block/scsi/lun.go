package scsi

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
)

// Options describe a logical unit. The zero value is a writable unit with a volatile write
// cache; Serial must be set.
type Options struct {
	// Serial identifies the unit for good: it is its serial number (printable
	// ASCII, 1 to 200 characters), and its world wide name is made from it.
	// Two units with one Serial are two paths to one disk to an initiator.
	Serial string

	// Vendor, Product and Revision are reported by INQUIRY, cut to 8, 16 and 4
	// characters of ASCII. Empty ones are IRONHOOK, VOLUME and 1.
	Vendor, Product, Revision string

	// ReadOnly units refuse every command that writes (DATA PROTECT, 27/00).
	ReadOnly bool

	// WriteThrough makes the unit report no write cache, and every write
	// wait for Sync. Initiators may change it either way (MODE SELECT).
	WriteThrough bool

	// Reservations keeps persistent reservations over a restart (APTPL). If
	// nil, initiators that ask for that are refused.
	Reservations Keeper

	// Fault, if not nil, is called with each error of the Disk and the operation that
	// failed: initiators see only its kind. It is called from Execute, by several
	// goroutines at once, and must not wait.
	Fault func(error)
}

// LUN is a logical unit. It belongs to one Device. All methods are safe for
// concurrent use.
type LUN struct {
	disk    Disk
	cached  CachedReader // nil if the disk offers none
	atomics AtomicWriter // nil likewise
	options Options

	device atomic.Pointer[Device] // nil until SetLUN
	number int                    // at the device; settled before device is

	// gate is held (RLock) by every command while it runs, and closed (Lock) by those that
	// change what others may do: after a reservation has been preempted, no write of the
	// old holder can still reach the disk.
	gate         sync.RWMutex
	reservations reservations // guarded by gate
	mode         mode
	sanitizing   sanitizing
	copies       copies

	ranges   rangeLock
	flushes  flusher
	resizing sync.Mutex
	blocks   atomic.Uint64 // the capacity reported to initiators
}

// NewLUN makes a logical unit of a disk. It reads persistent reservations from
// Options.Reservations.
func NewLUN(disk Disk, o Options) (*LUN, error) {
	if len(o.Serial) == 0 || len(o.Serial) > 200 || ascii(o.Serial, len(o.Serial)) != o.Serial {
		return nil, fmt.Errorf("serial number %q: want 1 to 200 printable ASCII characters", o.Serial)
	}
	if disk.Size() < BlockSize {
		return nil, errors.New("disk is smaller than a block")
	}
	l := &LUN{disk: disk, options: o}
	l.cached, _ = disk.(CachedReader)
	l.atomics, _ = disk.(AtomicWriter)
	l.blocks.Store(uint64(disk.Size()) / BlockSize)
	l.mode.writeThrough.Store(o.WriteThrough)
	if err := l.reservations.load(o.Reservations); err != nil {
		return nil, fmt.Errorf("persistent reservations of %s: %w", o.Serial, err)
	}
	return l, nil
}

// Resize reads the disk's size again. If it changed, every initiator is notified (unit
// attention 2A/09) with its next command. The caller must not shrink the disk below the
// blocks of commands in flight.
func (l *LUN) Resize() {
	l.resizing.Lock() // or an older size could be stored last
	defer l.resizing.Unlock()
	blocks := uint64(l.disk.Size()) / BlockSize
	if l.blocks.Swap(blocks) != blocks {
		l.raise(capacityChanged, nil)
	}
}

// raise raises a unit attention for all initiators except the one given.
func (l *LUN) raise(c condition, except *Nexus) {
	if d := l.device.Load(); d != nil {
		d.raise(l.number, c, except)
	}
}

// nexusLost releases what an initiator holds only while it is logged in.
func (l *LUN) nexusLost(n *Nexus) {
	l.gate.RLock()
	holds := l.reservations.legacy == n
	l.gate.RUnlock()
	if !holds { // the usual case: other commands need not wait
		return
	}
	l.gate.Lock()
	defer l.gate.Unlock()
	if l.reservations.legacy == n {
		l.reservations.legacy = nil
	}
}

// reset returns the unit to its initial state, except its data and its persistent
// reservations. The unit attention is raised for every initiator before another command can
// run without the old reservation and mode settings.
func (l *LUN) reset(what condition) {
	l.gate.Lock()
	defer l.gate.Unlock()
	l.reservations.legacy = nil
	l.mode.reset(l.options)
	l.flushes.reset()
	l.device.Load().replace(l.number, what)
}

// writable returns the error for a write to a protected unit.
func (l *LUN) writable() error {
	if l.options.ReadOnly {
		return errWriteProtected
	}
	if l.mode.softwareProtect.Load() {
		return errSoftwareProtect
	}
	return nil
}

// within returns an error for blocks beyond the end.
func (l *LUN) within(lba, n uint64) error {
	if blocks := l.blocks.Load(); lba > blocks || n > blocks-lba {
		return errOutOfRange
	}
	return nil
}

// fault reports an error in full to the owner of the unit, and returns what the
// initiator sees of it.
func (l *LUN) fault(s *sense, doing string, lba uint64, err error) error {
	if l.options.Fault != nil {
		l.options.Fault(fmt.Errorf("%s at block %d of %s: %w", doing, lba, l.options.Serial, err))
	}
	return s
}

// ascii is s cut to n characters, with all that is not printable left out.
func ascii(s string, n int) string {
	b := make([]byte, 0, n)
	for i := 0; i < len(s) && len(b) < n; i++ {
		if s[i] >= 0x20 && s[i] <= 0x7e {
			b = append(b, s[i])
		}
	}
	return string(b)
}
