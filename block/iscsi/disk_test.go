package iscsi_test

import (
	"slices"
	"sync"
	"testing"

	"ironhook/block/scsi"
	"ironhook/block/scsi/disktest"
)

// ram is a disk in memory. Its gate, while shut, holds up every write and flush that
// has begun.
type ram struct {
	mu      sync.Mutex
	data    []byte
	syncs   int
	syncErr error

	gate    sync.RWMutex
	entered chan struct{} // gets a token for each write or flush that waits at the gate, if the test receives it
}

func newRAM(size int) *ram { return &ram{data: make([]byte, size), entered: make(chan struct{}, 100)} }

func (r *ram) pass() {
	select {
	case r.entered <- struct{}{}:
	default:
	}
	r.gate.RLock()
	defer r.gate.RUnlock()
}

func (r *ram) ReadAt(p []byte, off int64) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return copy(p, r.data[off:]), nil
}

func (r *ram) ReadCached(p []byte, off int64) bool {
	r.ReadAt(p, off)
	return true
}

func (r *ram) WriteAt(p []byte, off int64) (int, error) {
	r.pass()
	r.mu.Lock()
	defer r.mu.Unlock()
	return copy(r.data[off:], p), nil
}

func (r *ram) Sync() error {
	r.pass()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.syncs++
	return r.syncErr
}

func (r *ram) Unmap(off, n int64) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.data[off : off+n])
	return nil
}

// snapshot returns the contents, and how often they were flushed.
func (r *ram) snapshot() ([]byte, int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.data), r.syncs
}

func (r *ram) Size() int64                           { return int64(len(r.data)) }
func (r *ram) Extent(off int64) (int64, bool, error) { return r.Size() - off, true, nil }

// uncached is a disk without a cache: every read goes to the pool.
type uncached struct{ *ram }

func (uncached) ReadCached([]byte, int64) bool { return false }

func newDevice(t testing.TB, disk scsi.Disk) *scsi.Device {
	t.Helper()
	unit, err := scsi.NewLUN(disk, scsi.Options{Serial: "0001"})
	if err != nil {
		t.Fatal(err)
	}
	return scsi.NewDevice("iqn.2026-11.test:disk", unit)
}

func TestRAM(t *testing.T) {
	disktest.Run(t, func(*testing.T) disktest.Disk { return disktest.Disk{Disk: newRAM(disktest.MinSize)} })
}
