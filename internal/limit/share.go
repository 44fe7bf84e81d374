package limit

import "sync"

// Share bounds the resources held at once, in total and by each source, so that one slow or
// hostile source leaves room for the others. It is safe for concurrent use and stores only
// sources that hold something.
type Share[K comparable] struct {
	each, total int
	name        Name

	mu   sync.Mutex
	held map[K]int // mu guards it
	all  int       // mu guards it: the sum of held
}

// NewShare allows each source at most each resources, and all sources total; a total of 0
// sets no bound. name counts those that get none.
func NewShare[K comparable](each, total int, name Name) *Share[K] {
	return &Share[K]{each: each, total: total, name: name, held: map[K]int{}}
}

// Take reports whether the source may hold one more. If so, it must call Return.
func (s *Share[K]) Take(source K) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held[source] >= s.each || s.total > 0 && s.all >= s.total {
		Reached(s.name)
		return false
	}
	s.held[source]++
	s.all++
	return true
}

// Return gives back what Take granted.
func (s *Share[K]) Return(source K) {
	s.mu.Lock()
	defer s.mu.Unlock()
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
