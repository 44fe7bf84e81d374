package scsi

import (
	"sync"
	"sync/atomic"
)

// sanitizing is the state of a sanitize. Resets, aborts and logouts do not affect it. The
// zero value is ready to use.
type sanitizing struct {
	closed       atomic.Bool // running or failed: every command looks here
	mu           sync.Mutex
	running      bool
	done, total  uint64 // blocks
	failed       bool   // the last one failed, and no EXIT FAILURE MODE has come since
	unrestricted bool   // it was started with AUSE: EXIT FAILURE MODE may leave it
}

// refuse returns the error for most commands while a sanitize runs or has failed.
func (s *sanitizing) refuse() error {
	if !s.closed.Load() {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.running:
		return s.progress()
	case s.failed:
		return errSanitizeFailed
	}
	return nil
}

// progress returns the progress of the running sanitize, in 65536ths.
func (s *sanitizing) progress() *sense {
	e := &sense{key: notReady, code: 0x041b}
	e.specific[0] = 0x80
	put16(e.specific[1:], uint16(s.done*65535/max(s.total, 1)))
	return e
}

// begin claims the unit for one sanitize, or returns the progress of another one as an
// error.
func (s *sanitizing) begin(blocks uint64, unrestricted bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running {
		return s.progress()
	}
	s.running, s.failed, s.unrestricted, s.done, s.total = true, false, unrestricted, 0, blocks
	s.closed.Store(true)
	return nil
}

func (s *sanitizing) advance(done uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done = done
}

func (s *sanitizing) end(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running, s.failed = false, err != nil
	s.closed.Store(s.failed)
}

// leave is EXIT FAILURE MODE.
func (s *sanitizing) leave() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running {
		return s.progress()
	}
	if s.failed && !s.unrestricted {
		return errSanitizeFailed
	}
	s.failed = false
	s.closed.Store(false)
	return nil
}

// sanitizeStep is how much is erased between two updates of the progress, in blocks.
const sanitizeStep = 1 << 30 / BlockSize

// eraseAll is SANITIZE with BLOCK ERASE and with CRYPTOGRAPHIC ERASE: every block is
// unmapped and reads as zeros for good. It discards the map from blocks to storage, as an
// SSD discards its key; what the storage below does with the freed space is not covered.
// OVERWRITE is not supported: a thin volume would fill up, and older copies would remain in
// the layers below.
func (t task) eraseAll(c sanitizeCDB) ([]byte, error) {
	if t.cdb.number(t.op.count) != 0 {
		return nil, invalidField(t.op.count.at, -1)
	}
	t.lun.gate.RUnlock()
	defer t.lun.gate.RLock() // dispatch unlocks it
	blocks, err := t.empty(c.unrestrictedExit())
	if err != nil {
		return nil, err
	}
	err = t.erase(blocks)
	t.lun.sanitizing.end(err)
	return nil, err
}

// empty waits until all commands that had entered the unit have left, and begins a
// sanitize. Later commands are refused, so the gate can stay open for them. While the task
// waited for the gate the unit may have been reserved, so access is checked again.
func (t *task) empty(unrestricted bool) (blocks uint64, err error) {
	t.lun.gate.Lock()
	defer t.lun.gate.Unlock()
	if err := t.admit(); err != nil {
		return 0, err
	}
	blocks = t.lun.blocks.Load()
	return blocks, t.lun.sanitizing.begin(blocks, unrestricted)
}

// erase unmaps everything.
func (t *task) erase(blocks uint64) error {
	for lba := uint64(0); lba < blocks; lba += sanitizeStep {
		n := min(sanitizeStep, blocks-lba)
		if err := t.lun.disk.Unmap(int64(lba*BlockSize), int64(n*BlockSize)); err != nil {
			return t.lun.fault(errSanitizeFailed, "sanitize", lba, err)
		}
		t.lun.sanitizing.advance(lba + n)
	}
	return t.lun.sync()
}

// exitFailureMode is SANITIZE with EXIT FAILURE MODE.
func (t task) exitFailureMode() ([]byte, error) {
	if t.cdb.number(t.op.count) != 0 {
		return nil, invalidField(t.op.count.at, -1)
	}
	return nil, t.lun.sanitizing.leave()
}
