package filedisk

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sys/unix"
)

// atomicLimit is the longest atomic write, in bytes.
const atomicLimit = 1 << 20

// journalSuffix names the file beside the image through which atomic writes go.
const journalSuffix = ".atomic"

// journal makes a write atomic by writing the data twice: first as a record in a file
// beside the image, synced, then in its place in the image, synced. After that the record
// is made void. If a crash comes in between, the next Open finds the record and repeats the
// write, so the image has all of it. An incomplete record is ignored: nothing of its write
// has reached the image.
type journal struct {
	mu   sync.Mutex
	file *os.File // made by the first atomic write
}

// A record is a header and the data.
const (
	recordMagic  = "IRONATOM"
	recordHeader = 512 // magic, offset, length, checksum of header and data; then zeros
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// record encodes a write as a record of the journal.
func record(p []byte, off int64) []byte {
	b := make([]byte, recordHeader, recordHeader+len(p))
	copy(b, recordMagic)
	binary.BigEndian.PutUint64(b[8:], uint64(off))
	binary.BigEndian.PutUint64(b[16:], uint64(len(p)))
	b = append(b, p...)
	binary.BigEndian.PutUint32(b[24:], crc32.Checksum(b, castagnoli))
	return b
}

// parse decodes a record, if it is complete.
func parse(b []byte, size int64) (p []byte, off int64, ok bool) {
	if len(b) < recordHeader || string(b[:8]) != recordMagic {
		return nil, 0, false
	}
	at, n := binary.BigEndian.Uint64(b[8:]), binary.BigEndian.Uint64(b[16:])
	if n > atomicLimit || n > uint64(len(b)-recordHeader) || at > uint64(size) || n > uint64(size)-at {
		return nil, 0, false
	}
	b = append([]byte(nil), b[:recordHeader+n]...)
	sum := binary.BigEndian.Uint32(b[24:])
	clear(b[24:28])
	return b[recordHeader:], int64(at), crc32.Checksum(b, castagnoli) == sum
}

// AtomicLimit is the longest write that WriteAtomic takes, in bytes: 0 on a block device,
// where there is no place for a file beside it.
func (d *Disk) AtomicLimit() int64 {
	if d.device {
		return 0
	}
	return atomicLimit
}

// WriteAtomic writes p so that after a crash either all of it is in the image or nothing.
// It is on stable storage when this returns. The caller prevents concurrent writes to the
// same blocks.
func (d *Disk) WriteAtomic(p []byte, off int64) error {
	d.journal.mu.Lock()
	defer d.journal.mu.Unlock()
	if err := d.openJournal(); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	if err := d.allocate(off, int64(len(p))); err != nil {
		return err
	}
	if _, err := d.journal.file.WriteAt(record(p, off), 0); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	if err := d.journal.file.Sync(); err != nil {
		return errors.Join(fmt.Errorf("journal: %w", err), d.void())
	}
	return d.apply(p, off)
}

// allocate allocates the space of a write before it begins: running out of space half way
// through would leave half of it.
func (d *Disk) allocate(off, n int64) error {
	err := ignoringEINTR(func() error { return unix.Fallocate(d.fd, unix.FALLOC_FL_KEEP_SIZE, off, n) })
	if err != nil && !errors.Is(err, unix.EOPNOTSUPP) {
		return fmt.Errorf("allocate in %s: %w", d.file.Name(), err)
	}
	return nil
}

// apply writes the data of the record to the image, then makes the record void, also if the
// write failed: a record must never outlive the answer to its write, or its replay would
// overwrite later data.
//
// A failure of either concerns other writes too. The kernel reports lost pages only once,
// no matter which write dirtied them, and a record that could not be made void threatens
// every later write: so the next flush fails as well.
func (d *Disk) apply(p []byte, off int64) error {
	if _, err := d.WriteAt(p, off); err != nil {
		return errors.Join(err, d.owe(d.void()))
	}
	return d.owe(errors.Join(d.sync(), d.void()))
}

func (d *Disk) owe(err error) error {
	if err != nil {
		d.owed.Store(&err)
	}
	return err
}

// void makes the record in the journal void, on stable storage.
func (d *Disk) void() error {
	_, err := d.journal.file.WriteAt(make([]byte, recordHeader), 0)
	if err == nil {
		err = d.journal.file.Sync()
	}
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}

// openJournal creates the file beside the image and syncs its directory, so that the file
// is found after a power failure.
func (d *Disk) openJournal() error {
	if d.journal.file != nil {
		return nil
	}
	f, err := os.OpenFile(d.path+journalSuffix, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := syncDirectory(filepath.Dir(f.Name())); err != nil {
		f.Close()
		return err
	}
	d.journal.file = f
	return nil
}

func syncDirectory(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

// replayJournal finishes the atomic write that a crash interrupted.
func (d *Disk) replayJournal(readOnly bool) error {
	b, err := os.ReadFile(d.path + journalSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	p, off, ok := parse(b, d.size)
	if !ok && readOnly {
		return nil
	}
	if !ok { // void or incomplete
		return os.Remove(d.path + journalSuffix)
	}
	if readOnly {
		return errors.New("a write was interrupted by a crash: open the image for writing once, to finish it")
	}
	if err := d.openJournal(); err != nil {
		return err
	}
	return d.apply(p, off)
}

// closeJournal removes the file, unless its record is still needed.
func (d *Disk) closeJournal() error {
	d.journal.mu.Lock()
	defer d.journal.mu.Unlock()
	if d.journal.file == nil {
		return nil
	}
	defer d.journal.file.Close()
	var header [8]byte
	if _, err := d.journal.file.ReadAt(header[:], 0); err != nil || string(header[:]) == recordMagic {
		return err
	}
	return os.Remove(d.journal.file.Name())
}
