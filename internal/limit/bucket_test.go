package limit

import (
	"testing"
	"time"
)

var start = time.Unix(1000, 0)

// taken is one call of Take, some time after the start, and its answer.
type taken struct {
	after time.Duration
	want  bool
}

func hold(t *testing.T, name string, r Rate, calls []taken) {
	t.Helper()
	b := NewBucket(r)
	for i, c := range calls {
		if got := b.Take(start.Add(c.after)); got != c.want {
			t.Fatalf("%s: call %d at %v = %v, want %v", name, i, c.after, got, c.want)
		}
	}
}

func burst(n int, after time.Duration) (calls []taken) {
	for range n {
		calls = append(calls, taken{after, true})
	}
	return append(calls, taken{after, false})
}

// The figures of every rate, as they are on the wire: the burst, then one action for
// each interval, and never more than a burst saved up.
func TestRates(t *testing.T) {
	for r, c := range []struct {
		name  string
		burst int
		every time.Duration
	}{
		StrangerLeases:   {"stranger leases", 256, time.Second / 32},
		AddressConflicts: {"address conflicts", 16, time.Minute},
		HearsayLines:     {"hearsay lines", 5, 10 * time.Second},
		UnsentReplies:    {"unsent replies", 10, 5 * time.Second},
		MachineEvents:    {"machine events", 40, 2 * time.Second},
		EnrolledEvents:   {"enrolled events", 2000, 5 * time.Millisecond},
		StrangerEvents:   {"stranger events", 100, time.Second},
		EachStranger:     {"each stranger", 20, 20 * time.Second},
		ExhaustedLines:   {"exhausted lines", 3, time.Minute},
		Advertisements:   {"advertisements", 20, 100 * time.Millisecond},
		Requests6:        {"DHCPv6 messages", 400, 5 * time.Millisecond},
		EachRequest6:     {"DHCPv6 messages of one card", 30, time.Second},
		RefusedFiles:     {"refused files", 20, 5 * time.Second},
		HTTPErrorLines:   {"HTTP error lines", 20, 5 * time.Second},
		DiskFaults:       {"disk faults", 1, 10 * time.Second},
	} {
		calls := burst(c.burst, 0)
		calls = append(calls, taken{c.every * 4 / 5, false}, taken{c.every, true}, taken{c.every, false})
		calls = append(calls, burst(c.burst, time.Hour*24)...)
		calls = append(calls, taken{0, false}) // a clock that goes back gives nothing
		hold(t, c.name, Rate(r), calls)
	}
	if len(rates) != 15 {
		t.Errorf("%d rates, and the test knows 15", len(rates))
	}
}

func TestEachSourceHasItsOwnBucket(t *testing.T) {
	b := NewBuckets[string](UnsentReplies, 2)
	drain := func(source string) (n int) {
		for b.Take(source, start) {
			n++
		}
		return n
	}
	if a, c := drain("a"), drain("c"); a != 10 || c != 10 {
		t.Errorf("two sources take %d and %d, want the burst of 10 each", a, c)
	}
	if n := drain("a"); n != 0 {
		t.Errorf("an empty bucket gives %d more", n)
	}
	drain("d") // one more than is remembered
	if n := b.Sources(); n > 2 {
		t.Errorf("%d sources remembered, want 2 at most", n)
	}
}

// What was refused is counted for its source until the next action that is allowed.
func TestRefusedAreCounted(t *testing.T) {
	b := NewBuckets[string](DiskFaults, 8)
	for i, c := range []struct {
		source  string
		after   time.Duration
		ok      bool
		refused int
	}{
		{"a", 0, true, 0}, {"a", 0, false, 0}, {"b", 0, true, 0}, {"a", 9 * time.Second, false, 0},
		{"a", 10 * time.Second, true, 2}, {"b", 10 * time.Second, true, 0}, {"a", 20 * time.Second, true, 0},
	} {
		if ok, refused := b.TakeCounting(c.source, start.Add(c.after)); ok != c.ok || refused != c.refused {
			t.Errorf("call %d: %v, %d refused before; want %v, %d", i, ok, refused, c.ok, c.refused)
		}
	}
}
