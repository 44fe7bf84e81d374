package journal

import (
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"ironhook/baremetal"
	"ironhook/store"
	"ironhook/store/storetest"
)

func TestAdmit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := New(nil, nil)
		e := baremetal.Event{Kind: baremetal.EventDiscover, MAC: "52:54:00:00:00:01", Detail: "PXE"}
		if !j.Admit(e) || j.Admit(e) {
			t.Error("a fact is written once, then not again at once")
		}
		other := e
		other.Kind = baremetal.EventOffer
		if !j.Admit(other) {
			t.Error("another fact about the same machine was dropped")
		}
		time.Sleep(repeat)
		if !j.Admit(e) {
			t.Error("the same fact, later, was dropped")
		}
	})
}

// Strangers exhaust their budget without using memory; enrolled machines have their own.
func TestAdmitFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := New(nil, nil)
		admitted := 0
		for i := range 100_000 {
			if j.Admit(baremetal.Event{Kind: baremetal.EventDiscover, MAC: fmt.Sprint(i)}) {
				admitted++
			}
		}
		if admitted != 100 || len(j.seen) > remembered {
			t.Errorf("%d events of strangers admitted, %d remembered", admitted, len(j.seen))
		}
		if !j.Admit(baremetal.Event{Kind: baremetal.EventDiscover, MAC: "52:54:00:00:00:01", Node: "n"}) {
			t.Error("an enrolled machine was dropped for the strangers' sake")
		}
		time.Sleep(time.Minute)
		if !j.Admit(baremetal.Event{Kind: baremetal.EventDiscover, MAC: "new"}) {
			t.Error("strangers are never admitted again")
		}
	})
}

// A stranger has few events, and one that makes many leaves the budget of all to others.
func TestAdmitOneStranger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := New(nil, nil)
		count := func(mac string) (n int) {
			for i := range 1000 {
				if j.Admit(baremetal.Event{Kind: []baremetal.EventKind{baremetal.EventDiscover, baremetal.EventOffer, baremetal.EventRefused}[i%3],
					MAC: mac, Detail: fmt.Sprint(i)}) {
					n++
				}
			}
			return n
		}
		for _, mac := range []string{"a", "b", "c"} {
			if n := count(mac); n != 20 {
				t.Errorf("stranger %s has %d events, want 20", mac, n)
			}
		}
		time.Sleep(45 * time.Second)
		if n := count("a"); n != 2 {
			t.Errorf("after 45 s %d more, want 2", n)
		}
	})
}

// The events of one machine are limited, even if all differ.
func TestAdmitOneMachine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := New(nil, nil)
		admitted := 0
		for i := range 600 {
			if j.Admit(baremetal.Event{Node: "n", MAC: "52:54:00:00:00:01", Detail: fmt.Sprint(i)}) {
				admitted++
			}
			time.Sleep(100 * time.Millisecond)
		}
		if admitted < 60 || admitted > 75 {
			t.Errorf("%d events of one machine in a minute, want 40 and then one every two seconds", admitted)
		}
	})
}

// Requests for a machine's script from many addresses are limited; the events of the
// machine's own boot are still written.
func TestAdmitBesideAnImpostor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := New(nil, nil)
		for i := range 1000 {
			j.Admit(baremetal.Event{Node: "n", MAC: "52:54:00:00:00:01", Kind: baremetal.EventRefused, Detail: fmt.Sprint(i)})
		}
		for _, kind := range []baremetal.EventKind{baremetal.EventDiscover, baremetal.EventOffer, baremetal.EventScript} {
			if !j.Admit(baremetal.Event{Node: "n", MAC: "52:54:00:00:00:01", Kind: kind}) {
				t.Errorf("%s of the machine itself was dropped", kind)
			}
		}
	})
}

// Memory is bounded for enrolled machines too, and old entries make room.
func TestAdmitForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := New(nil, nil)
		for i := range 60 {
			for k := range 200 {
				j.Admit(baremetal.Event{Node: "n", MAC: fmt.Sprint(i, k)})
			}
			time.Sleep(time.Second)
		}
		if len(j.seen) > remembered || j.machines.Sources() > remembered {
			t.Errorf("%d facts and %d machines remembered, the limit is %d", len(j.seen), j.machines.Sources(), remembered)
		}
		if !j.Admit(baremetal.Event{Node: "n", MAC: "one more"}) {
			t.Error("old facts make no room for new ones")
		}
	})
}

func TestNote(t *testing.T) {
	s := storetest.Open(t)
	const enrolled, stranger = "52:54:00:00:00:01", "52:54:00:00:00:02"
	address := netip.MustParseAddr("10.77.0.100")
	err := s.Update(t.Context(), func(tx *store.Tx) error {
		if err := tx.Nodes().Insert(&baremetal.Node{UUID: "node", ProvisionState: baremetal.Active}); err != nil {
			return err
		}
		if err := tx.Ports().Insert(&baremetal.Port{UUID: "port", NodeUUID: "node", Address: enrolled}); err != nil {
			return err
		}
		return tx.Leases().Insert(&baremetal.Lease{MAC: enrolled, Address: address, Expires: tx.Now()})
	})
	if err != nil {
		t.Fatal(err)
	}
	file := baremetal.Event{Kind: baremetal.EventFile, Detail: "snponly.efi"}
	j := New(s, slog.New(slog.NewTextHandler(io.Discard, nil)))
	j.Note(t.Context(), baremetal.Event{Kind: baremetal.EventScript, MAC: stranger, Detail: "refused"})
	j.NoteAt(t.Context(), address, file)
	j.NoteAt(t.Context(), netip.MustParseAddr("10.77.0.101"), file)
	var got []string
	err = s.View(t.Context(), func(tx *store.Tx) error {
		events, err := tx.Events(store.EventQuery{})
		for _, e := range events {
			got = append(got, fmt.Sprintf("%s %s %q %s", e.Kind, e.MAC, e.Node, e.Detail))
		}
		return err
	})
	want := []string{`script 52:54:00:00:00:02 "" refused`, `file 52:54:00:00:00:01 "node" snponly.efi`}
	if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("events %q, %v, want %q", got, err, want)
	}
}
