package limit

import (
	"sync"
	"time"
)

// Slowdown is how [Attempts] treats one source.
type Slowdown struct {
	Free    int           // attempts before waiting begins; then a second, doubled each time
	Longest time.Duration // wait between two attempts
	Forget  time.Duration // after so long without an attempt all is forgiven
	Sources int           // remembered at most
}

// Attempts slows down guessing: a source that keeps failing waits longer and longer. It
// is safe for concurrent use.
type Attempts[K comparable] struct {
	Slowdown

	mu sync.Mutex
	by map[K]*attempts // mu guards it
}

// attempts are those of one source.
type attempts struct {
	count int
	next  time.Time // no earlier than this
	last  time.Time
}

// NewAttempts returns Attempts without any source.
func NewAttempts[K comparable](s Slowdown) *Attempts[K] {
	return &Attempts[K]{Slowdown: s, by: map[K]*attempts{}}
}

// Take counts an attempt of the source, or returns how long the source must wait for
// the next. An attempt counts before its outcome is known, so that many at once gain
// nothing; Forgive takes it back.
func (a *Attempts[K]) Take(source K, now time.Time) (wait time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	made := a.by[source]
	if made == nil || now.Sub(made.last) > a.Forget {
		a.makeRoom(now)
		made = &attempts{}
		a.by[source] = made
	}
	if wait := made.next.Sub(now); wait > 0 {
		return wait
	}
	made.last = now
	made.count++
	if over := made.count - a.Free; over >= 0 {
		made.next = now.Add(min(a.Longest, time.Second<<min(over, 30)))
	}
	return 0
}

// Forgive forgets the attempts of the source, because one has succeeded.
func (a *Attempts[K]) Forgive(source K) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.by, source)
}

// makeRoom drops the sources whose attempts have expired, or else the one whose last attempt
// is the oldest.
func (a *Attempts[K]) makeRoom(now time.Time) {
	if len(a.by) < a.Sources {
		return
	}
	var oldest K
	for source, made := range a.by {
		if now.Sub(made.last) > a.Forget {
			delete(a.by, source)
		} else if o := a.by[oldest]; o == nil || made.last.Before(o.last) {
			oldest = source
		}
	}
	if len(a.by) >= a.Sources {
		delete(a.by, oldest)
	}
}
