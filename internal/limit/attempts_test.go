package limit

import (
	"slices"
	"testing"
	"time"
)

var slow = Slowdown{Free: 5, Longest: time.Minute, Forget: 15 * time.Minute, Sources: 100}

func TestAttemptsSlowDown(t *testing.T) {
	a := NewAttempts[string](slow)
	now := start
	var waits []time.Duration
	for range 13 {
		if wait := a.Take("guest", now); wait > 0 {
			waits = append(waits, wait)
			now = now.Add(wait)
			a.Take("guest", now)
		}
	}
	s := time.Second
	if want := []time.Duration{s, 2 * s, 4 * s, 8 * s, 16 * s, 32 * s, 60 * s, 60 * s}; !slices.Equal(waits, want) {
		t.Errorf("waits = %v, want %v", waits, want)
	}
	if wait := a.Take("other", now); wait != 0 {
		t.Errorf("another source waits %v", wait)
	}
	if a.Forgive("guest"); a.Take("guest", now) != 0 {
		t.Error("a source waits after it was forgiven")
	}
	if wait := a.Take("guest", now.Add(slow.Forget+slow.Longest)); wait != 0 {
		t.Errorf("a source waits %v after all was forgotten", wait)
	}
}

func TestAttemptsAreBounded(t *testing.T) {
	a := NewAttempts[int](slow)
	last := slow.Sources + 10
	for i := range last + 1 {
		a.Take(i, start.Add(time.Duration(i)*time.Millisecond))
	}
	if len(a.by) != slow.Sources || a.by[last] == nil || a.by[0] != nil {
		t.Errorf("%d sources remembered, want the last %d", len(a.by), slow.Sources)
	}
}
