package limit

import (
	"testing"
	"time"
)

func TestBucket(t *testing.T) {
	start := time.Unix(1000, 0)
	b := NewBucket(2, 3)
	for _, c := range []struct {
		after time.Duration
		want  bool
	}{
		{0, true}, {0, true}, {0, true}, {0, false}, // the burst
		{400 * time.Millisecond, false}, {500 * time.Millisecond, true}, {500 * time.Millisecond, false}, // two a second
		{time.Second, true}, {time.Hour, true}, {time.Hour, true}, {time.Hour, true}, {time.Hour, false}, // no more than a burst is saved up
		{0, false}, // a clock that goes back gives nothing
	} {
		if got := b.Take(start.Add(c.after)); got != c.want {
			t.Fatalf("Take at %v = %v, want %v", c.after, got, c.want)
		}
	}
}
