package limit

import (
	"sync"
	"time"
)

// Places bounds what is held at once, in total and by each source, as [Share] does, but an
// idle holder gives way: at the bound of a source the one of the same source that has been
// idle for longest, at the total bound the one of all. It is safe for concurrent use.
type Places[K comparable] struct {
	each, total int
	idle        time.Duration
	name        Name

	mu   sync.Mutex
	held map[*Place[K]]struct{} // mu guards it
}

// NewPlaces allows each source at most each places, and all sources total. A place is idle
// when it has not been used for that long. name counts those that give way or get none.
func NewPlaces[K comparable](each, total int, idle time.Duration, name Name) *Places[K] {
	return &Places[K]{each: each, total: total, idle: idle, name: name, held: map[*Place[K]]struct{}{}}
}

// Place is what a source holds.
type Place[K comparable] struct {
	places *Places[K]
	source K
	last   time.Time // Places.mu guards it
	end    func()
}

// Take returns a place for the source, or nil if all are in use. The holder must Return it.
// end is called when the place is given to another.
func (p *Places[K]) Take(now time.Time, source K, end func()) *Place[K] {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		idlest, full := p.crowded(source)
		if !full {
			break
		}
		Reached(p.name)
		if now.Sub(idlest.last) < p.idle {
			return nil
		}
		delete(p.held, idlest)
		idlest.end()
	}
	n := &Place[K]{p, source, now, end}
	p.held[n] = struct{}{}
	return n
}

// crowded reports whether the source can have no further place, and if so which holder has
// been idle for longest.
func (p *Places[K]) crowded(source K) (idlest *Place[K], full bool) {
	var own, any *Place[K]
	held := 0
	for h := range p.held {
		if any == nil || h.last.Before(any.last) {
			any = h
		}
		if h.source != source {
			continue
		}
		if held++; own == nil || h.last.Before(own.last) {
			own = h
		}
	}
	if held >= p.each {
		return own, true
	}
	return any, len(p.held) >= p.total
}

// Use marks the place as used at this time.
func (h *Place[K]) Use(now time.Time) {
	h.places.mu.Lock()
	defer h.places.mu.Unlock()
	h.last = now
}

// Return gives the place back. It may have been given to another already.
func (h *Place[K]) Return() {
	h.places.mu.Lock()
	defer h.places.mu.Unlock()
	delete(h.places.held, h)
}
