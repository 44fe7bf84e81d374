package volume

import (
	"sync"
	"syscall"
)

// room is the free space that may still be used. Writers take from an allowance, which is
// renewed from the file system when it is used up: a statfs for every write would cost more
// than some writes.
type room struct {
	free    func() (int64, error)
	reserve int64

	mu        sync.Mutex
	allowance int64
}

// allowanceStep is the allowance of one renewal, in bytes: how far our figure may differ
// from the free space.
const allowanceStep = 64 << 20

// filePage is the unit of allocation of a file system, in bytes.
const filePage = 4096

// need returns how much space a write of n bytes at off may take up.
func need(off, n int64) int64 {
	return (off+n+filePage-1)/filePage*filePage - off/filePage*filePage
}

// take returns ENOSPC if n more bytes would leave less than the reserve. If the file system
// cannot report its free space, the write is tried.
func (r *room) take(n int64) error {
	if r.reserve <= 0 {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.allowance < n {
		free, err := r.free()
		if err != nil {
			return nil
		}
		r.allowance = min(free-r.reserve, max(allowanceStep, n))
	}
	if r.allowance < n {
		return syscall.ENOSPC
	}
	r.allowance -= n
	return nil
}
