package storage

import (
	"testing"
	"time"

	"ironhook/baremetal"
	"ironhook/internal/limit"
)

// A machine that fails a thousand times a second gets one event in ten seconds, which
// counts the others; another machine, and another kind of event, get theirs.
func TestFaultsAreLimitedByMachineAndKind(t *testing.T) {
	faults := limit.NewBuckets[subject](limit.DiskFaults, maxSubjects)
	start := time.Unix(1000, 0)
	for i, c := range []struct {
		node   string
		kind   baremetal.EventKind
		after  time.Duration
		detail string // "" is no event
	}{
		{"a", baremetal.EventError, 0, "it failed"}, {"a", baremetal.EventError, time.Second, ""},
		{"a", baremetal.EventError, 9 * time.Second, ""},
		{"a", baremetal.EventRefused, 0, "it failed"}, {"b", baremetal.EventError, 0, "it failed"}, {"", baremetal.EventRefused, 0, "it failed"},
		{"a", baremetal.EventError, 10 * time.Second, "it failed (and 2 more like it before)"},
		{"b", baremetal.EventError, 10 * time.Second, "it failed"},
	} {
		e := limited(faults, start.Add(c.after), baremetal.Event{Node: c.node, Kind: c.kind, Detail: "it failed"})
		if e.Detail != c.detail || (e.Kind == "") != (c.detail == "") {
			t.Errorf("event %d = %+v, want the detail %q", i, e, c.detail)
		}
	}
}
