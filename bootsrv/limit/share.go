package limit

import (
	"net/netip"
	"sync"
)

// Share lets each address have only so many of something at once, so that one slow
// or hostile machine leaves room for the others. It is safe for concurrent use and
// remembers only addresses that have something.
type Share struct {
	each int

	mu   sync.Mutex
	held map[netip.Addr]int
}

// NewShare returns a share of each for every address.
func NewShare(each int) *Share { return &Share{each: each, held: map[netip.Addr]int{}} }

// Take tells whether a may have one more. Who gets true owes Return.
func (s *Share) Take(a netip.Addr) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held[a] >= s.each {
		return false
	}
	s.held[a]++
	return true
}

// Return gives one back.
func (s *Share) Return(a netip.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held[a]--; s.held[a] == 0 {
		delete(s.held, a)
	}
}

// Holders is how many addresses have something now.
func (s *Share) Holders() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.held)
}
