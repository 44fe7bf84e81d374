package iscsi

import "sync/atomic"

// budget is what one session, or all sessions of one device, hold of the memory of a
// server. What a session holds counts for its device too.
type budget struct {
	memory *buffers
	device *budget // nil: this is the budget of a device
	kept   int64   // bytes that the session may hold whatever the others do

	used    atomic.Int64 // bytes held
	waiting atomic.Int64 // waits for memory
}

// maxKept bounds what is kept for a session, whatever burst lengths it negotiated.
const maxKept = 512 << 10

// newBudget returns the budget of a session. One burst, with the unsolicited data before
// it, is always kept for each: a session that holds less never waits for others.
func newBudget(memory *buffers, device *budget, p Params) *budget {
	return &budget{memory: memory, device: device, kept: min(int64(p.FirstBurst)+int64(p.MaxBurst), maxKept)}
}

// add counts n bytes in the session's budget and the device's.
func (s *budget) add(n int64) {
	for ; s != nil; s = s.device {
		s.used.Add(n)
	}
}

func (s *budget) wait(n int64) {
	s.waiting.Add(n)
	s.memory.waiting.Add(n)
}

// othersWait reports whether a session other than that of s waits for memory.
func (s *budget) othersWait() bool { return s.memory.waiting.Load() > s.waiting.Load() }

// get returns n bytes of undefined contents, whatever the limits.
func (s *budget) get(n int) *Buffer {
	b := s.memory.get(n)
	b.budget = s
	s.add(int64(cap(b.B)))
	return b
}

// ask is get for data that is to be asked for: it returns nil where the budget allows no
// more. What it returns may exceed the limit by its own size, so that no size is too
// large to be served ever.
func (s *budget) ask(n int) *Buffer {
	if !s.mayAsk(n) {
		return nil
	}
	b := s.get(n)
	b.asked = true
	s.memory.asked.Add(1)
	return b
}

// mayAsk decides by dynamic thresholds (Choudhury and Hahne, 1998): a session and its
// device may each hold as much as is free below the first limit. The greediest device
// gets half of the memory, the next one half of the rest, and some is always free for
// the one that has little. What lies between the limits is for those that hold no more
// than is kept for a session, one write each.
func (s *budget) mayAsk(n int) bool {
	_, size := classOf(n)
	switch {
	case s.used.Load()+size <= s.kept, s.memory.asked.Load() == 0:
		return true
	case s.memory.full():
		return false
	}
	free := s.memory.limit - s.memory.used.Load()
	for level := s; level != nil; level = level.device {
		if u := level.used.Load(); u > s.kept && u+size > free {
			return false
		}
	}
	return true
}

// full reports whether the session has to wait before it takes more off its socket: the
// second limit is reached, and it holds more than what is kept for it.
func (s *budget) full() bool { return s.memory.full() && s.used.Load() > s.kept }

// waitMemory waits while the budget is full, until ended reports that the wait has no
// purpose any more. [buffers.wakeWaiters] has it ask.
func (s *budget) waitMemory(ended func() bool) {
	s.wait(1)
	defer s.wait(-1)
	m := s.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	for s.full() && !ended() {
		m.wake.Wait()
	}
}

// hunger is a session that waits until it may ask for n bytes.
type hunger struct {
	budget *budget
	n      int
	feed   func()
}

// whenRoom has feed called once the session may ask for n bytes. It is called from
// wherever memory comes back, so it must not wait nor take locks that are held there.
func (s *budget) whenRoom(n int, feed func()) {
	s.wait(1)
	m := s.memory
	m.mu.Lock()
	m.pending = append(m.pending, hunger{s, n, feed})
	m.mu.Unlock()
	m.feed() // something may have come back meanwhile
}
