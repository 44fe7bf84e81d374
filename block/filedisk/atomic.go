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

// journal makes a write atomic by making it twice. What is to be written is put
// down beside the image first, and synced; then it is written in its place, and
// synced; then the record is made void. The next to open the image after a crash in
// between finds the record and writes it again, so the image has all of it; a
// record that is itself only half there was never begun in the image.
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

// record makes the bytes to put down for a write.
func record(p []byte, off int64) []byte {
	b := make([]byte, recordHeader, recordHeader+len(p))
	copy(b, recordMagic)
	binary.BigEndian.PutUint64(b[8:], uint64(off))
	binary.BigEndian.PutUint64(b[16:], uint64(len(p)))
	b = append(b, p...)
	binary.BigEndian.PutUint32(b[24:], crc32.Checksum(b, castagnoli))
	return b
}

// parse returns the write that a record holds, if the record is whole.
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

// AtomicLimit is the longest write that WriteAtomic takes: nothing on a block
// device, which has no place beside it.
func (d *Disk) AtomicLimit() int64 {
	if d.device {
		return 0
	}
	return atomicLimit
}

// WriteAtomic writes p so that after a crash either all of it is in the image or
// nothing. It is on stable storage when this returns. Writes to the same blocks
// at the same time are the caller's to prevent.
func (d *Disk) WriteAtomic(p []byte, off int64) error {
	d.journal.mu.Lock()
	defer d.journal.mu.Unlock()
	if err := d.openJournal(); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	if err := d.reserve(off, int64(len(p))); err != nil {
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

// reserve makes sure that there will be room for a write: to run out of it half
// way through would leave half of it.
func (d *Disk) reserve(off, n int64) error {
	err := ignoringEINTR(func() error { return unix.Fallocate(d.fd, unix.FALLOC_FL_KEEP_SIZE, off, n) })
	if err != nil && !errors.Is(err, unix.EOPNOTSUPP) {
		return fmt.Errorf("allocate in %s: %w", d.file.Name(), err)
	}
	return nil
}

// apply writes what has been put down, then makes the record void, also if that
// failed: a record must never outlive the answer to its write, or it would come
// back over what is written there later.
//
// A failure of either is not this write's alone. The kernel reports once that pages
// were lost, no matter who wrote them, and a record that could not be made void threatens
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

// openJournal makes the file beside the image, and makes sure that it would be
// found after a power failure.
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
	if !ok { // void, or cut short: it is of no use
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

// closeJournal takes the file away: its record is void, or is needed.
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
