package limit

import (
	"context"
	"slices"
	"sync"
)

// Share bounds the resources held at once, in total and by each source, so that one slow or
// hostile source leaves room for the others. It is safe for concurrent use and stores only
// sources that hold something.
type Share[K comparable] struct {
	each, total int
	name        Name

	mu    sync.Mutex
	held  map[K]int             // mu guards it
	all   int                   // mu guards it: the sum of held
	queue map[K][]chan struct{} // mu guards it: who waits, longest first; closed for who may hold
}

// maxWaiting bounds how many wait for one source.
const maxWaiting = 1024

// NewShare allows each source at most each resources, and all sources total; a total of 0
// sets no bound. name counts those that get none.
func NewShare[K comparable](each, total int, name Name) *Share[K] {
	return &Share[K]{each: each, total: total, name: name, held: map[K]int{}, queue: map[K][]chan struct{}{}}
}

// Take reports whether the source may hold one more. If so, it must call Return.
func (s *Share[K]) Take(source K) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.hold(source) {
		Reached(s.name)
		return false
	}
	return true
}

// hold is called with the lock held.
func (s *Share[K]) hold(source K) bool {
	if s.held[source] >= s.each || s.total > 0 && s.all >= s.total {
		return false
	}
	s.held[source]++
	s.all++
	return true
}

// Wait is Take that waits in turn until the source may hold one more. It reports false when ctx
// ends before that, or too many wait already. It is for shares without a total.
func (s *Share[K]) Wait(ctx context.Context, source K) bool {
	turn, ok := s.enter(source)
	if turn == nil {
		return ok
	}
	select {
	case <-turn:
		return true
	case <-ctx.Done():
		return s.leave(source, turn)
	}
}

// enter returns the turn to wait for, nil if there is none: then ok is the answer.
func (s *Share[K]) enter(source K) (turn chan struct{}, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.hold(source):
		return nil, true
	case len(s.queue[source]) >= maxWaiting:
		Reached(s.name)
		return nil, false
	}
	turn = make(chan struct{})
	s.queue[source] = append(s.queue[source], turn)
	return turn, false
}

// leave gives up waiting, and reports whether the turn came meanwhile.
func (s *Share[K]) leave(source K, turn chan struct{}) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.Index(s.queue[source], turn)
	if i < 0 {
		return true
	}
	s.dequeue(source, i)
	Reached(s.name)
	return false
}

func (s *Share[K]) dequeue(source K, i int) {
	if s.queue[source] = slices.Delete(s.queue[source], i, i+1); len(s.queue[source]) == 0 {
		delete(s.queue, source)
	}
}

// Return gives back what Take or Wait granted, to who waits for it longest.
func (s *Share[K]) Return(source K) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if waiting := s.queue[source]; len(waiting) > 0 {
		close(waiting[0])
		s.dequeue(source, 0)
		return
	}
	s.all--
	if s.held[source]--; s.held[source] == 0 {
		delete(s.held, source)
	}
}

// Held returns how many are held now, and by how many sources.
func (s *Share[K]) Held() (all, sources int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all, len(s.held)
}
