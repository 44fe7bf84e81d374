package limit

import (
	"strings"
	"testing"
	"time"
)

// Holders arrive one second apart, named by their source; "!" uses the place of that
// number again. The last arrival, and whom it replaces.
func TestPlaces(t *testing.T) {
	for _, c := range []struct{ arrivals, last, gone string }{
		{"a b c", "d", ""},                // room for four
		{"a b c d", "e", "0"},             // the oldest of all
		{"a b c d !0", "e", "1"},          // unless it was used
		{"a a", "a", "0"},                 // two for each source
		{"b a a", "a", "1"},               // of the same source
		{"a a !0", "a", "1"},              //
		{"a b c d !0 !1 !2 !3", "e", "-"}, // all are in use
	} {
		now := time.Now()
		p := NewPlaces[string](2, 4, time.Second, TFTPTransfers)
		var all []*Place[string]
		gone := ""
		for _, word := range strings.Fields(c.arrivals) {
			if n, used := strings.CutPrefix(word, "!"); used {
				all[n[0]-'0'].Use(now)
				continue
			}
			i := len(all)
			all = append(all, p.Take(now, word, func() { gone += string(rune('0' + i)) }))
			now = now.Add(time.Second)
		}
		if p.Take(now, c.last, nil) == nil {
			gone = "-"
		}
		if gone != c.gone {
			t.Errorf("%s, then %s: %q gives way, want %q", c.arrivals, c.last, gone, c.gone)
		}
	}
}

// A place that was given back makes room, once, also where it was given to another before.
func TestPlacesReturned(t *testing.T) {
	p, now := NewPlaces[int](1, 1, time.Second, TFTPTransfers), time.Now()
	first := p.Take(now, 1, func() {})
	second := p.Take(now.Add(time.Second), 2, func() {})
	first.Return()
	if p.Take(now.Add(time.Second), 3, func() {}) != nil {
		t.Error("the return of a lost place makes room")
	}
	second.Return()
	if p.Take(now.Add(time.Second), 3, func() {}) == nil {
		t.Error("the return of a place makes no room")
	}
}
