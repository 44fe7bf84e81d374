package block

import (
	"testing"
	"time"
)

func TestCount(t *testing.T) {
	var s LUNStats
	for _, c := range []Command{
		{Reads: true, Bytes: 512, Took: time.Microsecond},
		{Writes: true, Bytes: 1024, Took: 3 * time.Microsecond},
		{Took: 0},
		{Failed: true, Reads: true, Bytes: 99, Took: time.Hour}, // moved nothing that counts
	} {
		s.Count(c)
	}
	want := LUNStats{
		Reads: 1, ReadBytes: 512, Writes: 1, WrittenBytes: 1024, Others: 2, Errors: 1, Time: time.Hour + 4*time.Microsecond,
		Latency: [24]uint64{0: 1, 1: 1, 2: 1, 23: 1},
	}
	if s != want {
		t.Errorf("counted %+v\nwant %+v", s, want)
	}
}

func TestWithin(t *testing.T) {
	var s LUNStats
	if got := s.Within(0.5); got != 0 {
		t.Errorf("Within(0.5) of nothing = %v, want 0", got)
	}
	s.Latency[3], s.Latency[10], s.Latency[23] = 50, 49, 1
	for share, want := range map[float64]time.Duration{
		0.5: 8 * time.Microsecond, 0.51: 1024 * time.Microsecond, 0.99: 1024 * time.Microsecond, 1: LatencyBound(23),
	} {
		if got := s.Within(share); got != want {
			t.Errorf("Within(%v) = %v, want %v", share, got, want)
		}
	}
}
