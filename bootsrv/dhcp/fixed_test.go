package dhcp

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"ironhook/baremetal"
)

// reserve gives the port of mac an address of its own.
func (n *network) reserve(mac, address string) {
	n.t.Helper()
	n.extra(mac, baremetal.Object{"fixed_ip": address})
}

// offered is the address that a booting machine is offered, "" for none.
func (n *network) offered(mac string) string {
	n.t.Helper()
	r := n.ask(build(n.t, mac, discover, dhcpv4.WithOption(dhcpv4.OptClassIdentifier("PXEClient:Arch:00000"))))
	if r == nil {
		return ""
	}
	return r.Packet.YourIPAddr.String()
}

// A machine whose port has an address gets it, at its next boot, and keeps it.
func TestFixedIP(t *testing.T) {
	n := newNetwork(t, nil)
	n.enrol(known1, true)
	before := n.offered(known1)
	n.ask(build(t, known1, request, from("10.77.0.1"), wants(before)))
	n.reserve(known1, "10.77.0.7")
	if r := n.ask(build(t, known1, request, has(before))); r == nil || r.Packet.MessageType() != dhcpv4.MessageTypeAck {
		t.Errorf("the address of a machine that runs is not renewed: %v", r) // its root may be at the other end
	}
	if got := n.offered(known1); got != "10.77.0.7" {
		t.Errorf("at the next boot: %s, want 10.77.0.7", got)
	}
	for _, how := range []dhcpv4.Modifier{from("10.77.0.1"), has("0.0.0.0")} { // selecting, and starting again
		r := n.ask(build(t, known1, request, how, wants("10.77.0.7")))
		if r == nil || r.Packet.MessageType() != dhcpv4.MessageTypeAck || r.Packet.YourIPAddr.String() != "10.77.0.7" {
			t.Errorf("request: %v", r)
		}
	}
	if l := n.lease(known1); l == nil || l.Address.String() != "10.77.0.7" || time.Until(l.Expires) < leaseTime/2 {
		t.Errorf("lease %v", l)
	}
	if r := n.ask(build(t, known1, request, wants(before))); r == nil || r.Packet.MessageType() != dhcpv4.MessageTypeNak {
		t.Errorf("the old address is confirmed: %v", r)
	}
	n.reserve(known1, "")
	if got := n.offered(known1); got != before && !n.server.Range.Contains(n.lease(known1).Address) {
		t.Errorf("without an address of its own: %s", got)
	}
}

// Addresses that cannot be one machine's own are not leased, and the timeline says why.
func TestFixedIPUnfit(t *testing.T) {
	for address, says := range map[string]string{
		"10.77.0.101": "from which all machines get addresses", "10.77.0.1": "of a router or of this server", "10.77.0.254": "of a router",
		"10.77.0.0": "no address for a machine in 10.77.0.0/24", "10.77.0.255": "no address for a machine",
		"192.168.1.7": "no address for a machine",
		"10.77.0.9":   "another machine has it: " + known2,
	} {
		n := newNetwork(t, func(c *Config) { c.Router = netip.MustParseAddr("10.77.0.254") })
		n.enrol(known1, true)
		n.reserve(known1, address)
		n.seed(known2, "10.77.0.9", time.Hour, false)
		if got := n.offered(known1); got == address && address != "10.77.0.101" || !n.server.Range.Contains(netip.MustParseAddr(got)) {
			t.Errorf("%s: offered %s", address, got)
		}
		if !n.hasEvent(baremetal.EventOffer, known1, "; not its fixed_ip "+address+": ") || !n.hasEvent(baremetal.EventOffer, known1, says) {
			t.Errorf("%s: no event says %q", address, says)
		}
	}
}

// An address whose last owner is away goes to the port that has it now; nobody else gets it.
func TestFixedIPMoves(t *testing.T) {
	n := newNetwork(t, nil)
	n.enrol(known1, true)
	n.reserve(known1, "10.77.0.7")
	n.seed(known2, "10.77.0.7", -time.Minute, false)
	if got := n.offered(known1); got != "10.77.0.7" {
		t.Errorf("offered %s", got)
	}
	if r := n.ask(build(t, known2, discover, wants("10.77.0.7"))); r == nil || r.Packet.YourIPAddr.String() == "10.77.0.7" {
		t.Errorf("another machine: %v", r)
	}
	forged := build(t, known1, discover)
	r, err := n.server.Handle(t.Context(), Request{Packet: forged, Card: build(t, known2, discover).ClientHWAddr, Port: serverPort})
	if err != nil || r != nil && strings.HasPrefix(r.Packet.YourIPAddr.String(), "10.77.0.10") {
		t.Errorf("a message of another card: %v, %v; lease %v", r, err, n.lease(known1))
	}
	if l := n.lease(known1); l.Address.String() != "10.77.0.7" {
		t.Errorf("a message of another card moved the lease to %s", l.Address)
	}
}
