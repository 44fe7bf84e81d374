package dhcp

import (
	"context"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"ironhook/baremetal"
)

// router is the card to which frames for the relays of these tests are sent.
var router = net.HardwareAddr{2, 0, 0, 0, 0, 0x99}

// behind makes the relay 10.99.0.1 of 10.99.0.0/24 one of the server's, with a range.
func behind(addrs string) func(*Config) {
	return func(c *Config) {
		r, err := ParseRelay("10.99.0.1/24" + addrs)
		if err != nil {
			panic(err)
		}
		c.Relays = []Relay{r}
		c.Card = func(_ context.Context, a netip.Addr) net.HardwareAddr {
			if a == r.Address.Addr() {
				return router
			}
			return nil
		}
	}
}

// askFrom sends a packet in a frame of a card, from an address.
func (n *network) askFrom(card net.HardwareAddr, from string, port uint16, p *dhcpv4.DHCPv4) *Reply {
	n.t.Helper()
	r, err := n.server.Handle(n.t.Context(), Request{Packet: p, Card: card, From: netip.MustParseAddrPort(from), Port: port})
	if err != nil {
		n.t.Fatal(err)
	}
	return r
}

// Machines behind a relay of ours get addresses of their own network, by the relay; they
// renew without it. What the relay added comes back with the answer.
func TestRelayedLeases(t *testing.T) {
	n := newNetwork(t, behind("=10.99.0.100-10.99.0.150"))
	n.enrol(known1, true)
	circuit := dhcpv4.WithGeneric(dhcpv4.OptionRelayAgentInformation, []byte("\x01\x04Gi01"))
	ask := func(p *dhcpv4.DHCPv4) *Reply { return n.askFrom(router, "10.77.0.254:67", serverPort, p) }
	offer := ask(build(t, known1, discover, asPXE, via("10.99.0.1"), circuit))
	if offer == nil || offer.To.String() != "10.99.0.1:67" || offer.Frame || offer.Fresh {
		t.Fatalf("offer %+v", offer)
	}
	p := offer.Packet
	if a := p.YourIPAddr.String(); a != "10.99.0.100" || p.Router()[0].String() != "10.99.0.1" ||
		net.IP(p.SubnetMask()).String() != "255.255.255.0" ||
		p.GatewayIPAddr.String() != "10.99.0.1" || string(p.Options.Get(dhcpv4.OptionRelayAgentInformation)) != "\x01\x04Gi01" ||
		p.BootFileName != "undionly.kpxe" {
		t.Errorf("offered %s", p.Summary())
	}
	ack := ask(build(t, known1, request, asPXE, via("10.99.0.1"), from("10.77.0.1"), wants("10.99.0.100")))
	if ack == nil || ack.Packet.MessageType() != dhcpv4.MessageTypeAck {
		t.Fatalf("acknowledgement %v", ack)
	}
	if l := n.lease(known1); l.Address.String() != "10.99.0.100" || l.Observed || l.Interface != "br0" {
		t.Errorf("lease %+v", l)
	}
	renewal := n.askFrom(router, "10.99.0.100:68", serverPort, build(t, known1, request, has("10.99.0.100")))
	if renewal == nil || renewal.Packet.MessageType() != dhcpv4.MessageTypeAck || renewal.To.String() != "10.99.0.100:68" {
		t.Errorf("renewal %v", renewal)
	}
	if r := ask(build(t, known1, request, via("10.99.0.1"), wants("10.77.0.100"))); r == nil ||
		r.Packet.MessageType() != dhcpv4.MessageTypeNak || !r.Packet.IsBroadcast() {
		t.Errorf("a lease of our own network, asked for in the relay's: %v", r)
	}
	ask(build(t, known1, dhcpv4.MessageTypeRelease, from("10.77.0.1"), has("10.99.0.100"), via("10.99.0.1")))
	if l := n.lease(known1); l.Expires.After(time.Now()) {
		t.Errorf("lease %+v after its release", l)
	}
	if r := n.ask(build(t, known2, discover)); r == nil || !n.server.Range.Contains(addr(r.Packet.YourIPAddr)) {
		t.Errorf("a machine of our own network got %v", r)
	}
	if !n.hasEvent(baremetal.EventOffer, known1, "10.99.0.100") {
		t.Errorf("told %v", n.events())
	}
}

// Beside the server that leases addresses behind a relay, a machine's address is learned
// from its relayed request and from its question on port 4011.
func TestRelayedProxy(t *testing.T) {
	for _, own := range []func(*Config){func(*Config) {}, asProxy} { // whatever we do in our own network
		n := newNetwork(t, func(c *Config) { own(c); behind("")(c) })
		n.enrol(known1, true)
		offer := n.askFrom(router, "10.77.0.254:67", serverPort, build(t, known1, discover, asPXE, via("10.99.0.1")))
		if offer == nil || !offer.Packet.YourIPAddr.IsUnspecified() || offer.Packet.BootFileName != "undionly.kpxe" ||
			offer.To.String() != "10.99.0.1:67" {
			t.Fatalf("offer %+v", offer)
		}
		n.askFrom(router, "10.77.0.254:67", serverPort,
			build(t, known1, request, asPXE, via("10.99.0.1"), from("10.77.0.2"), wants("10.99.0.50")))
		if l := n.lease(known1); l == nil || l.Address.String() != "10.99.0.50" || !l.Observed {
			t.Errorf("after the relayed request: lease %+v", l)
		}
		r := n.askFrom(router, "10.99.0.51:4011", proxyPort, build(t, known1, request, asPXE, has("10.99.0.51")))
		if r == nil || r.To.String() != "10.99.0.51:4011" || r.Packet.BootFileName != "undionly.kpxe" {
			t.Errorf("on port 4011: %+v", r)
		}
		if l := n.lease(known1); l == nil || l.Address.String() != "10.99.0.51" {
			t.Errorf("after the question on port 4011: lease %+v", l)
		}
	}
}

// Only the card of the relay speaks for the machines behind it.
func TestForgedRelay(t *testing.T) {
	forger := build(t, stranger, discover).ClientHWAddr
	for _, addrs := range []string{"", "=10.99.0.100-10.99.0.150"} {
		n := newNetwork(t, behind(addrs))
		n.enrol(known1, true)
		n.seed(known1, "10.99.0.50", time.Hour, addrs == "")
		for _, q := range []struct {
			from string
			port uint16
			p    *dhcpv4.DHCPv4
		}{
			{"10.99.0.1:67", serverPort, build(t, known1, request, asPXE, via("10.99.0.1"), from("10.77.0.2"), wants("10.99.0.66"))},
			{"10.99.0.1:67", serverPort, build(t, known1, request, asPXE, via("10.99.0.1"), from("10.77.0.1"), wants("10.99.0.50"))},
			{"10.99.0.66:4011", proxyPort, build(t, known1, request, asPXE, has("10.99.0.66"))},
			{"10.99.0.50:68", serverPort, build(t, known1, dhcpv4.MessageTypeRelease, from("10.77.0.1"), has("10.99.0.50"))},
		} {
			n.askFrom(forger, q.from, q.port, q.p)
			if l := n.lease(known1); l == nil || l.Address.String() != "10.99.0.50" || time.Until(l.Expires) < 50*time.Minute {
				t.Errorf("range %q: %s from another card made the lease %+v", addrs, q.p.Summary(), l)
			}
		}
		if events := n.events(); len(events) > 0 {
			t.Errorf("told %v", events)
		}
	}
}

// A relay that nobody has named is not answered in either mode, and that is said once.
func TestUnknownRelay(t *testing.T) {
	for _, mode := range []func(*Config){func(*Config) {}, asProxy} {
		n := newNetwork(t, mode)
		n.enrol(known1, true)
		for range 100 {
			for _, kind := range []dhcpv4.MessageType{discover, request, dhcpv4.MessageTypeNone} {
				if r := n.askFrom(router, "10.99.0.1:67", serverPort, build(t, known1, kind, asPXE, via("10.99.0.1"))); r != nil {
					t.Fatalf("answered %s", r.Packet.Summary())
				}
			}
		}
		if !n.hasEvent(baremetal.EventNetwork, "", "relay 10.99.0.1, which is none of those") || len(n.events()) != 1 || len(n.leases()) != 0 {
			t.Errorf("told %v, leased %v", n.events(), n.leases())
		}
	}
}

func TestParseRelay(t *testing.T) {
	for _, good := range []string{"10.1.0.1/24", "10.1.0.1/24=10.1.0.100-10.1.0.200", "fd00::1/64", "2001:db8:1::1/48"} {
		if _, err := ParseRelay(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{"", "10.1.0.1", "10.1.0.0/24", "10.1.0.255/24", "fd00::/64", "fd00::1/65", "fe80::1/64", "ff02::1/64",
		"fd00::1/64=fd00::2-fd00::9", "::ffff:10.1.0.1/120", "10.1.0.1/33", "10.1.0.1/24=10.2.0.1-10.2.0.9",
		"10.1.0.1/24=", "10.1.0.1/24=10.1.0.9", "10.1.0.1/24=10.1.0.100-10.1.0.255", "x/24"} {
		if r, err := ParseRelay(bad); err == nil {
			t.Errorf("%q is read as %v", bad, r)
		}
	}
}
