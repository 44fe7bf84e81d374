package web

import (
	"fmt"
	"testing"

	"ironhook/baremetal"
	"ironhook/store"
)

// hall is a room with n machines, each of which has booted.
func hall(t testing.TB, n int) *room {
	t.Helper()
	r := newRoom(t)
	r.update(func(tx *store.Tx) error {
		for i := range n {
			uuid := fmt.Sprintf("c0ffee00-0000-4000-8000-%012d", i)
			node := &baremetal.Node{UUID: uuid, Name: fmt.Sprintf("pc-%d", i), ProvisionState: baremetal.Active, PowerState: baremetal.PowerOn}
			if err := tx.Nodes().Insert(node); err != nil {
				return err
			}
			mac := fmt.Sprintf("52:54:00:00:%02x:%02x", i>>8, i&0xff)
			if err := tx.Ports().Insert(&baremetal.Port{UUID: "port-" + uuid, NodeUUID: uuid, Address: mac, PXEEnabled: true}); err != nil {
				return err
			}
			for _, kind := range baremetal.BootSteps {
				if err := tx.Append(baremetal.Event{Node: uuid, Kind: kind}); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return r
}

// The wall of a thousand machines is 150 kB on the wire at most, and a machine that comes or
// goes costs each browser 5 kB at most.
func TestAThousandMachines(t *testing.T) {
	r := hall(t, 1000).enter()
	if page := r.get("/ui/", "Accept-Encoding", "gzip"); page.header.Get("Content-Encoding") != "gzip" || len(page.body) > 150_000 {
		t.Errorf("the wall is %d bytes in %q, want at most 150 kB in gzip", len(page.body), page.header.Get("Content-Encoding"))
	} else {
		t.Logf("the wall is %d bytes", len(page.body))
	}
	s := r.web.newStream(r.last())
	if _, err := s.message(t.Context(), opened); err != nil {
		t.Fatal(err)
	}
	r.enroll(&baremetal.Node{UUID: "new", Name: "newcomer"}, "52:54:00:ff:00:00")
	if body, err := s.message(t.Context(), changed); err != nil || len(body) == 0 || len(body) > 5_000 {
		t.Errorf("a machine that comes costs %d bytes, %v, want at most 5 kB", len(body), err)
	} else {
		t.Logf("a machine that comes costs %d bytes", len(body))
	}
	r.update(func(tx *store.Tx) error {
		if err := tx.Nodes().Delete("new"); err != nil {
			return err
		}
		return tx.Append(baremetal.Event{Node: "new", Kind: baremetal.EventNode, Detail: "deleted"})
	})
	if body, err := s.message(t.Context(), changed); err != nil || len(body) == 0 || len(body) > 5_000 {
		t.Errorf("a machine that goes costs %d bytes, %v, want at most 5 kB", len(body), err)
	}
}

// BenchmarkHall is the wall of a thousand machines, from the request to the last byte.
func BenchmarkHall(b *testing.B) {
	r := hall(b, 1000).enter()
	for b.Loop() {
		if a := r.get("/ui/", "Accept-Encoding", "gzip"); a.status != 200 {
			b.Fatal(a.status)
		}
	}
}
