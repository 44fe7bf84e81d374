package scsi

import (
	"slices"
	"sync"
)

// span is a run of blocks.
type span struct{ lba, n uint64 }

func (s span) overlaps(o span) bool { return s.lba < o.lba+o.n && o.lba < s.lba+s.n }

// rangeLock makes some commands atomic for all others on the blocks they touch (COMPARE AND
// WRITE, ORWRITE, WRITE ATOMIC). Ordinary reads and writes share their blocks with each
// other, in any order, as SAM allows for simple tasks. A caller holds one span at a time,
// so there is no deadlock. The zero value is ready to use.
type rangeLock struct {
	mu     sync.Mutex
	freed  sync.Cond
	shared []span  // held by ordinary commands, in no order
	alone  []*span // held or waited for by atomic commands, oldest first
}

// share takes a span for an ordinary command. With wait false it returns false instead of
// waiting for an atomic one.
func (r *rangeLock) share(s span, wait bool) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.claimed(s, len(r.alone)) {
		if !wait {
			return false
		}
		r.waitLocked()
	}
	r.shared = append(r.shared, s)
	return true
}

// unshare gives back what share took.
func (r *rangeLock) unshare(s span) {
	r.mu.Lock()
	defer r.mu.Unlock()
	last := len(r.shared) - 1
	i := slices.Index(r.shared, s)
	r.shared[i] = r.shared[last]
	r.shared = r.shared[:last]
	if len(r.alone) > 0 {
		r.freed.Broadcast()
	}
}

// own takes a span for an atomic command: it waits for earlier commands, and later ones
// wait for it. The caller calls release once.
func (r *rangeLock) own(s span) (release func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	mine := &s
	r.alone = append(r.alone, mine)
	for r.claimed(s, slices.Index(r.alone, mine)) || slices.ContainsFunc(r.shared, s.overlaps) {
		r.waitLocked()
	}
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.alone = slices.DeleteFunc(r.alone, func(o *span) bool { return o == mine })
		r.freed.Broadcast()
	}
}

// claimed reports whether one of the first n atomic commands has blocks of s.
func (r *rangeLock) claimed(s span, n int) bool {
	for _, o := range r.alone[:n] {
		if s.overlaps(*o) {
			return true
		}
	}
	return false
}

func (r *rangeLock) waitLocked() {
	if r.freed.L == nil {
		r.freed.L = &r.mu
	}
	r.freed.Wait()
}
