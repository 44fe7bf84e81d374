package web

import (
	"fmt"
	"testing"

	"ironhook/baremetal"
	"ironhook/store"
)

// crew fills a store with n machines that have booted twice, and returns a room
// over it.
func crew(b *testing.B, n int) *room {
	b.Helper()
	r := newRoom(b)
	for i := range n {
		node := r.enroll(&baremetal.Node{UUID: fmt.Sprintf("node-%d", i), Name: fmt.Sprintf("pc-%d", i)}, fmt.Sprintf("52:54:00:00:00:%02x", i))
		r.happen(node.UUID, baremetal.BootSteps...)
		r.happen(node.UUID, baremetal.BootSteps...)
	}
	b.ResetTimer()
	return r
}

// BenchmarkDashboard is the whole dashboard of 60 machines, read and rendered.
func BenchmarkDashboard(b *testing.B) {
	r := crew(b, 60)
	for b.Loop() {
		s := r.web.newStream(lost)
		if body, err := s.message(b.Context(), opened); err != nil || len(body) < 60_000 {
			b.Fatalf("message = %d bytes, %v", len(body), err)
		}
	}
}

// BenchmarkTile is what one event of one of 60 machines costs per browser.
func BenchmarkTile(b *testing.B) {
	r := crew(b, 60)
	s := r.web.newStream(r.last())
	if _, err := s.message(b.Context(), opened); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		b.StopTimer()
		if err := r.store.Update(b.Context(), func(tx *store.Tx) error {
			return tx.Append(baremetal.Event{Node: "node-7", Kind: baremetal.EventRefused, Detail: "no"})
		}); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		if _, err := s.message(b.Context(), changed); err != nil {
			b.Fatal(err)
		}
	}
}
