package scsi

import "sync"

// flusher merges concurrent flushes: callers that arrive while a sync is under way share
// the next one, because only a sync that started after their writes covers them. The zero
// value is ready to use.
//
// A failed sync is remembered. The kernel reports a lost page once and then marks it clean,
// so the next fdatasync succeeds although the data is gone. After a failure every flush
// fails, until reset.
type flusher struct {
	mu       sync.Mutex
	done     sync.Cond
	started  uint64 // syncs begun
	finished uint64 // syncs ended; one at a time, so at most one behind
	lost     error  // the first failure
}

// flush returns once a sync that began after the call has ended.
func (f *flusher) flush(do func() error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.done.L == nil {
		f.done.L = &f.mu
	}
	for mine := f.started + 1; f.finished < mine; {
		if f.started > f.finished {
			f.done.Wait()
			continue
		}
		f.run(do)
	}
	return f.lost
}

// run does one sync for all callers that wait. The lock is held before and after.
func (f *flusher) run(do func() error) {
	f.started++
	f.mu.Unlock()
	err := do()
	f.mu.Lock()
	f.finished = f.started
	if f.lost == nil {
		f.lost = err
	}
	f.done.Broadcast()
}

// reset lets flushes succeed again. It follows a reset of the unit, which is reported to
// every initiator: each then knows that data it had not flushed may be lost.
func (f *flusher) reset() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lost = nil
}
