package dhcp

import (
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
)

// Only an address that is new to the client, or that it had long ago, is probed: a machine
// that boots again does not wait.
func TestFresh(t *testing.T) {
	for _, c := range []struct {
		name  string
		seed  string // the client's lease
		life  time.Duration
		fresh bool
	}{
		{"a new client", "", 0, true},
		{"a client with its lease", "10.77.0.102", time.Hour, false},
		{"a client with an offer", "10.77.0.102", holdTime, false},
		{"a client that was gone", "10.77.0.102", -time.Hour, true},
		{"a client of a range that is no more", "10.77.0.7", time.Hour, true},
	} {
		n := newNetwork(t, nil)
		if c.seed != "" {
			n.seed(known1, c.seed, c.life, false)
		}
		if offer := n.ask(build(t, known1, discover)); offer.Fresh != c.fresh {
			t.Errorf("%s: fresh = %v, want %v", c.name, offer.Fresh, c.fresh)
		}
	}
	n := newNetwork(t, nil)
	n.seed(known1, "10.77.0.102", time.Hour, false)
	if ack := n.ask(build(t, known1, request, wants("10.77.0.102"))); ack.Fresh {
		t.Error("a confirmed lease is looked for")
	}
}

// An address in use by another host is not offered; the client gets the next one.
func TestInstead(t *testing.T) {
	n := newNetwork(t, nil)
	p := build(t, known1, discover)
	first := addr(n.ask(p).Packet.YourIPAddr)
	r, err := n.server.instead(t.Context(), Request{Packet: p, Card: p.ClientHWAddr, Port: serverPort}, first)
	if err != nil || addr(r.Packet.YourIPAddr) == first || !r.Fresh {
		t.Fatalf("instead of %s: %+v, %v", first, r, err)
	}
	for _, mac := range []string{known2, stranger} {
		if a := addr(n.ask(build(t, mac, discover, wants(first.String()))).Packet.YourIPAddr); a == first {
			t.Errorf("%s was offered %s, which another host has", mac, a)
		}
	}
}

// A client that declines every offer does not exhaust the range.
func TestDeclineFlood(t *testing.T) {
	n := newNetwork(t, func(c *Config) { c.Range.Last = netip.MustParseAddr("10.77.0.199") })
	for i := range 100 {
		mac := fmt.Sprintf("52:54:02:00:00:%02x", i)
		a := addr(n.ask(build(t, mac, discover)).Packet.YourIPAddr)
		n.ask(build(t, mac, dhcpv4.MessageTypeDecline, from("10.77.0.1"), wants(a.String())))
	}
	declined := 0
	for _, l := range n.leases() {
		if _, err := net.ParseMAC(l.MAC); err != nil {
			declined++
		}
	}
	if declined != 16 {
		t.Errorf("%d addresses are out of use after 100 were declined, want 16", declined)
	}
}

func TestARPOwner(t *testing.T) {
	mine, theirs := net.HardwareAddr{2, 0, 0, 0, 0, 1}, net.HardwareAddr{2, 0, 0, 0, 0, 9}
	a := netip.MustParseAddr("10.77.0.100")
	answer := func(change func(arp []byte)) []byte {
		f := arpProbe(theirs, netip.MustParseAddr("10.77.0.1"))
		copy(f[ethernetHeader+14:], a.AsSlice())
		change(f[ethernetHeader:])
		return f
	}
	for _, c := range []struct {
		name  string
		frame []byte
		want  string
	}{
		{"an answer", answer(func(arp []byte) { arp[7] = 2 }), theirs.String()},
		{"a question of its owner", answer(func([]byte) {}), theirs.String()},
		{"our own question", arpProbe(mine, a), ""},
		{"an answer about another address", answer(func(arp []byte) { arp[17]++ }), ""},
		{"another protocol", answer(func(arp []byte) { arp[2] = 0x86 }), ""},
		{"no ARP", append(make([]byte, 12), answer(func([]byte) {})[14:]...), ""},
		{"cut short", answer(func([]byte) {})[:ethernetHeader+arpLength-1], ""},
		{"nothing", nil, ""},
	} {
		if got := arpOwner(c.frame, a).String(); got != c.want {
			t.Errorf("%s: owner %q, want %q", c.name, got, c.want)
		}
	}
}

func FuzzARPOwner(f *testing.F) {
	a := netip.MustParseAddr("10.77.0.100")
	f.Add(arpProbe(net.HardwareAddr{2, 0, 0, 0, 0, 1}, a))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, frame []byte) {
		if owner := arpOwner(frame, a); owner != nil && len(owner) != 6 {
			t.Errorf("owner %v of %x", owner, frame)
		}
	})
}
