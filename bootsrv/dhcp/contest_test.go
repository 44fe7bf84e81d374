package dhcp

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"ironhook/store"
)

// TestAward: ARP can move an observed lease. A lease of our own stays with its machine,
// even if another card uses the address.
func TestAward(t *testing.T) {
	const holder, rival = "52:54:00:00:00:01", "52:54:00:00:00:02"
	for _, c := range []struct {
		what    string
		seed    func(n *network)
		address string
		want    string // the holder afterwards
	}{
		{"seen", func(n *network) { n.seed(holder, "10.77.0.50", time.Hour, true) }, "10.77.0.50", rival},
		{"given by us", func(n *network) { n.seed(holder, "10.77.0.100", time.Hour, false) }, "10.77.0.100", holder},
		{"moved on meanwhile", func(n *network) { n.seed(holder, "10.77.0.51", time.Hour, true) }, "10.77.0.50", ""},
		{"gone meanwhile", func(*network) {}, "10.77.0.50", ""},
	} {
		n := newNetwork(t, asProxy)
		c.seed(n)
		address := netip.MustParseAddr(c.address)
		n.update(func(tx *store.Tx) error {
			return n.server.pool(n.server.local()).award(tx, contest{address, holder, rival})
		})
		got := ""
		for _, l := range n.leases() {
			if l.Address == address {
				got = l.MAC
			}
		}
		if got != c.want {
			t.Errorf("a lease %s: %s has %q afterwards, want %q", c.what, c.address, got, c.want)
		}
	}
}

// TestAckIsInTheStoreFirst: a lease that was lost after it was read, without another free
// address, is not acknowledged.
func TestAckIsInTheStoreFirst(t *testing.T) {
	n := newNetwork(t, nil)
	for i, a := range []string{"10.77.0.100", "10.77.0.101", "10.77.0.102", "10.77.0.103"} {
		n.seed(string(rune('a'+i)), a, time.Hour, false)
	}
	p := build(t, stranger, request)
	x := &exchange{Request: Request{Packet: p}, mac: stranger}
	r, err := n.server.ack(t.Context(), x, netip.MustParseAddr("10.77.0.100"))
	if r != nil || !errors.Is(err, errExhausted) {
		t.Errorf("ack = %v, %v; want none, and %v", r, err, errExhausted)
	}
}
