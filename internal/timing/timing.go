// Package timing counts the requests of the servers and how long they took, for Prometheus.
package timing

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// family is that of the metrics.
var family = struct{ name, kind, help string }{"ironhook_request_duration_seconds", "histogram",
	"Requests of the servers and how long they took."}

// bounds of the buckets, in seconds: from a packet to the import of an image.
var bounds = []float64{.001, .005, .025, .1, .5, 2.5, 10, 60, 600}

// most is the limit of different labels: what a client sends must not fill the memory.
const most = 500

// Key is whose request it was, of which kind, and how it ended. None of them may be what a client has written.
type Key struct {
	Server  string // dhcp, tftp, http, api, store, conductor
	What    string // such as the type of a DHCP message
	Outcome string // ok, refused, failed; for HTTP the class of the status
}

type sample struct {
	buckets []int64 // of those above the bound before
	count   int64
	sum     float64
}

// Set is a set of counters. Its methods are safe for concurrent use; those of a nil Set do
// nothing.
type Set struct {
	mu      sync.Mutex
	samples map[Key]*sample
}

// New makes a set.
func New() *Set { return &Set{samples: map[Key]*sample{}} }

// Since counts a request that began at a time and has just ended.
func (s *Set) Since(begun time.Time, k Key) {
	if s != nil {
		s.add(k, time.Since(begun).Seconds())
	}
}

func (s *Set) add(k Key, seconds float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.samples[k]
	if x == nil {
		if len(s.samples) >= most {
			return
		}
		x = &sample{buckets: make([]int64, len(bounds))}
		s.samples[k] = x
	}
	if i, _ := slices.BinarySearch(bounds, seconds); i < len(bounds) {
		x.buckets[i]++
	}
	x.count++
	x.sum += seconds
}

// Outcome is the word for an error of a request.
func Outcome(err error) string {
	if err != nil {
		return "failed"
	}
	return "ok"
}

// Class is the class of a status of HTTP, as an outcome.
func Class(status int) string { return fmt.Sprintf("%dxx", status/100) }

// Write writes the family in the text format of Prometheus.
func (s *Set) Write(w io.Writer) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %[1]s %[3]s\n", family.name, family.help, family.kind)
	keys := slices.SortedFunc(maps.Keys(s.samples), func(x, y Key) int {
		return strings.Compare(x.Server+"\x00"+x.What+"\x00"+x.Outcome, y.Server+"\x00"+y.What+"\x00"+y.Outcome)
	})
	for _, k := range keys {
		labels := fmt.Sprintf("server=%q,what=%q,outcome=%q", k.Server, k.What, k.Outcome)
		x, sum := s.samples[k], int64(0)
		for i, bound := range bounds {
			sum += x.buckets[i]
			fmt.Fprintf(&b, "%s_bucket{%s,le=\"%g\"} %d\n", family.name, labels, bound, sum)
		}
		fmt.Fprintf(&b, "%s_bucket{%s,le=\"+Inf\"} %d\n", family.name, labels, x.count)
		fmt.Fprintf(&b, "%s_sum{%s} %g\n%[1]s_count{%[2]s} %[4]d\n", family.name, labels, x.sum, x.count)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
