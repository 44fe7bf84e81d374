package bootsrv

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"ironhook/baremetal"
	"ironhook/bootsrv/http"
	"ironhook/bootsrv/netlink"
	"ironhook/store"
	"ironhook/store/storetest"
)

// itself identifies every sender as the enrolled machine.
func itself(context.Context, netip.Addr) (peer, error) {
	card, err := net.ParseMAC(enrolled)
	return peer{Peer: netlink.Peer{Interface: "br0", Card: card}}, err
}

// notGiven is a network without DHCPv6.
func notGiven(netip.Addr, string) string { return "" }

// A request that comes before we have recorded the machine's lease waits for it. A machine
// without a lease is refused.
func TestScriptWaitsForTheLease(t *testing.T) {
	s := storetest.Open(t)
	enrol(t, s, enrolled, "10.77.0.1:3260")
	question := http.Request{MAC: enrolled, From: netip.MustParseAddr("10.77.0.204"), At: time.Now()}
	answered := make(chan http.Answer, 1)
	go func() {
		a, err := scripts{store: s, find: itself, gave: notGiven}.answer(t.Context(), question)
		if err != nil {
			t.Error(err)
		}
		answered <- a
	}()
	err := s.Update(t.Context(), func(tx *store.Tx) error {
		return tx.Leases().Insert(&baremetal.Lease{MAC: enrolled, Address: question.From, Interface: "br0", Observed: true,
			Expires: tx.Now().Add(time.Hour)})
	})
	if err != nil {
		t.Fatal(err)
	}
	if a := <-answered; a.Event.Kind != baremetal.EventScript {
		t.Errorf("asked a moment too soon: %s, %s", a.Event.Kind, a.Event.Detail)
	}
	question.From = netip.MustParseAddr("10.77.0.205")
	began := time.Now()
	a, err := scripts{store: s, find: itself, gave: notGiven}.answer(t.Context(), question)
	if took := time.Since(began); err != nil || a.Event.Kind != baremetal.EventRefused || !strings.Contains(a.Event.Detail, "10.77.0.205") ||
		took < patience {
		t.Errorf("asked from another address: %s, %s, %v after %v, want a refusal after %v", a.Event.Kind, a.Event.Detail, err, took, patience)
	}
}

// A machine that is not enrolled gets the operator's script, and an event; one that is, its own.
func TestUnknownScript(t *testing.T) {
	s := storetest.Open(t)
	enrol(t, s, enrolled, "10.77.0.1:3260")
	script := scripts{store: s, find: itself, gave: notGiven, offers: &offers{unknown: []byte("#!ipxe\nmenu\n")}}
	for mac, own := range map[string]bool{"52:54:00:00:00:99": true, enrolled: false} {
		a, err := script.now(t.Context(), http.Request{MAC: mac, From: netip.MustParseAddr("10.77.0.204"), At: time.Now()})
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		if _, err := a.Script.WriteTo(&b); err != nil {
			t.Fatal(err)
		}
		if (b.String() == "#!ipxe\nmenu\n") != own || a.Event.Kind != baremetal.EventRefused {
			t.Errorf("%s: %+v, %s", mac, a.Event, b.String())
		}
	}
}
