package agent

import (
	"fmt"
	"testing"
	"time"
)

// TestUntilQuiet: a slow machine gets all of its drivers, a disk that comes late is waited for, and one that comes
// and goes is not waited for without end.
func TestUntilQuiet(t *testing.T) {
	for _, test := range []struct {
		name    string
		each    time.Duration // that a probe takes
		drivers int           // one with each probe
		disks   func(probe int) string
		least   int // probes
		atMost  time.Duration
	}{
		{"quick", time.Millisecond, 5, func(int) string { return "sda" }, 5, 2 * time.Second},
		{"slow", 6 * time.Second, 5, func(int) string { return "" }, 5, time.Minute},
		{"a late disk", 100 * time.Millisecond, 1, func(n int) string { return fmt.Sprint(n > 3) }, 8, 5 * time.Second},
		{"a disk that comes and goes", 100 * time.Millisecond, 1, func(n int) string { return fmt.Sprint(n) }, 2, settled + 2*time.Second},
	} {
		at, probes := time.Unix(0, 0), 0
		untilQuiet(func() (int, string) {
			at = at.Add(test.each)
			probes++
			return min(1, max(0, test.drivers-probes+1)), test.disks(probes)
		}, func() time.Time { return at }, func() { at = at.Add(50 * time.Millisecond) })
		if took := at.Sub(time.Unix(0, 0)); probes < test.least || took > test.atMost {
			t.Errorf("%s: %d probes in %v, want %d at least, in %v", test.name, probes, took, test.least, test.atMost)
		}
	}
}
