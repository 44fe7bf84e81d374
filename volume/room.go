package volume

import (
	"sync"
	"syscall"
)

// room is the space that may still be filled. Writers take from an allowance, which
// is made anew from what the file system says when it has been used up: asking at
// every write would cost more than some writes.
type room struct {
	free    func() (int64, error)
	reserve int64

	mu        sync.Mutex
	allowance int64
}

// allowanceStep is how far what is free may be from what we believe it is.
const allowanceStep = 64 << 20

// filePage is the least that a file system allocates, at a multiple of itself.
const filePage = 4096

// need is how much space a write of n bytes at off may take up.
func need(off, n int64) int64 {
	return (off+n+filePage-1)/filePage*filePage - off/filePage*filePage
}

// take returns ENOSPC if n bytes more would leave less than the reserve. A file
// system that cannot report it is believed to have room: a write will find out.
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
