package scsi

import (
	"errors"
	"fmt"
	"sync"
)

// memDisk is a Disk in memory that checks its caller: any breach of the contract is an
// error. It records which blocks were written and synced.
type memDisk struct {
	mu     sync.Mutex
	data   []byte
	mapped []bool // by block
	syncs  int

	// Injected errors, if set.
	readErr, writeErr, syncErr error
	onSync                     func() // runs inside Sync, without the lock
	cold                       bool   // ReadCached never has anything
}

func newMemDisk(blocks int) *memDisk {
	return &memDisk{data: make([]byte, blocks*BlockSize), mapped: make([]bool, blocks)}
}

func (d *memDisk) check(off, n int64) {
	if off < 0 || n < 0 || off%BlockSize != 0 || n%BlockSize != 0 || off+n > int64(len(d.data)) {
		panic(fmt.Sprintf("memDisk: %d bytes at %d of %d", n, off, len(d.data)))
	}
}

func (d *memDisk) ReadAt(p []byte, off int64) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.check(off, int64(len(p)))
	if d.readErr != nil {
		return 0, d.readErr
	}
	return copy(p, d.data[off:]), nil
}

func (d *memDisk) ReadCached(p []byte, off int64) bool {
	if d.cold {
		return false
	}
	_, err := d.ReadAt(p, off)
	return err == nil
}

func (d *memDisk) WriteAt(p []byte, off int64) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.check(off, int64(len(p)))
	if d.writeErr != nil {
		return 0, d.writeErr
	}
	d.mark(off, int64(len(p)), true)
	return copy(d.data[off:], p), nil
}

func (d *memDisk) Size() int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return int64(len(d.data))
}

func (d *memDisk) grow(blocks int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.data = append(d.data, make([]byte, blocks*BlockSize)...)
	d.mapped = append(d.mapped, make([]bool, blocks)...)
}

func (d *memDisk) Sync() error {
	d.mu.Lock()
	d.syncs++
	err, hook := d.syncErr, d.onSync
	d.mu.Unlock()
	if hook != nil {
		hook()
	}
	return err
}

func (d *memDisk) Unmap(off, n int64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.check(off, n)
	if d.writeErr != nil {
		return d.writeErr
	}
	d.mark(off, n, false)
	clear(d.data[off : off+n])
	return nil
}

func (d *memDisk) Extent(off int64) (int64, bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.check(off, 0)
	if d.readErr != nil {
		return 0, false, d.readErr
	}
	first := off / BlockSize
	if first == int64(len(d.mapped)) {
		return 0, false, errors.New("extent at the end")
	}
	end := first + 1
	for end < int64(len(d.mapped)) && d.mapped[end] == d.mapped[first] {
		end++
	}
	return (end - first) * BlockSize, d.mapped[first], nil
}

func (d *memDisk) mark(off, n int64, mapped bool) {
	for b := off / BlockSize; b < (off+n)/BlockSize; b++ {
		d.mapped[b] = mapped
	}
}
