package dhcp

import (
	"net/netip"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"ironhook/baremetal"
)

func asProxy(c *Config) { c.Mode = Proxy; c.Range = Range{} }

// A proxy leases nothing and learns the addresses of machines.
func TestProxyObserves(t *testing.T) {
	n := newNetwork(t, asProxy)
	if r := n.ask(build(t, stranger, discover)); r != nil {
		t.Errorf("a proxy answered an operating system: %v", r)
	}
	if r := n.ask(build(t, known1, request, from("10.77.0.2"), wants("10.77.0.200"))); r != nil {
		t.Errorf("a proxy answered a request for another server: %v", r)
	}
	l := n.lease(known1)
	if l == nil || !l.Observed || l.Address.String() != "10.77.0.200" || l.Interface != "br0" {
		t.Fatalf("lease %+v, want 10.77.0.200 observed on br0", l)
	}
	n.ask(build(t, known1, request, from("10.77.0.2"), wants("10.77.0.201")))
	if l := n.lease(known1); l.Address.String() != "10.77.0.201" {
		t.Errorf("lease %+v, want the newer address", l)
	}
	n.ask(build(t, known2, request, from("10.77.0.2"), wants("10.77.0.201")))
	if l := n.lease(known1); l == nil {
		t.Errorf("%s lost its lease because %s says it has the address", known1, known2)
	}
	for _, odd := range []string{"192.168.1.1", "10.77.0.1", "0.0.0.0"} {
		n.ask(build(t, stranger, request, wants(odd)))
		if l := n.lease(stranger); l != nil {
			t.Errorf("observed %s, which cannot be a client's here", l.Address)
		}
	}
}

// No claim on the wire displaces a live lease of our own.
func TestProxyKeepsLiveLeases(t *testing.T) {
	n := newNetwork(t, asProxy)
	n.seed(known1, "10.77.0.100", time.Hour, false)
	n.seed(known2, "10.77.0.101", -time.Hour, false)
	n.ask(build(t, stranger, request, wants("10.77.0.100")))
	if l := n.lease(known1); l == nil || l.Address.String() != "10.77.0.100" {
		t.Errorf("live lease became %+v", l)
	}
	n.ask(build(t, stranger, request, wants("10.77.0.101")))
	if l := n.lease(stranger); l == nil || l.Address.String() != "10.77.0.101" {
		t.Errorf("address of an expired lease: observed %+v", l)
	}
}

// A machine that is not enrolled may belong to another boot server of the network: a proxy
// records it and does not answer.
func TestProxyLeavesStrangersAlone(t *testing.T) {
	n := newNetwork(t, asProxy)
	if r := n.ask(build(t, stranger, discover, asPXE)); r != nil {
		t.Errorf("a stranger was offered %s", r.Packet.BootFileName)
	}
	if !n.hasEvent(baremetal.EventDiscover, stranger, "PXE, BIOS") {
		t.Errorf("nobody was told of a stranger: %v", n.events())
	}
	r, err := n.server.Handle(t.Context(), Request{
		Packet: build(t, stranger, request, asPXE, has("10.77.0.9")), From: netip.MustParseAddrPort("10.77.0.9:4011"), Port: proxyPort,
	})
	if r != nil || err != nil {
		t.Errorf("a stranger on port 4011 was answered %v, %v", r, err)
	}
	n.enrol(known1, true)
	if r := n.ask(build(t, known1, discover, asPXE)); r == nil || r.Packet.BootFileName != "undionly.kpxe" {
		t.Errorf("an enrolled machine was answered %v", r)
	}
}

// Firmware that asks the proxy on port 4011 thereby shows its address.
func TestProxyPort(t *testing.T) {
	n := newNetwork(t, asProxy)
	p, err := dhcpv4.FromBytes(captured(t, "ovmf-pxe-proxy-request"))
	if err != nil {
		t.Fatal(err)
	}
	n.enrol(p.ClientHWAddr.String(), true)
	r, err := n.server.Handle(t.Context(),
		Request{Packet: p, Card: p.ClientHWAddr, From: netip.MustParseAddrPort("10.77.0.203:4011"), Port: proxyPort})
	if err != nil || r == nil || r.To.String() != "10.77.0.203:4011" || r.Packet.BootFileName != "snponly.efi" {
		t.Fatalf("answer %+v, %v", r, err)
	}
	if l := n.lease(p.ClientHWAddr.String()); l == nil || l.Address.String() != "10.77.0.203" || !l.Observed {
		t.Errorf("lease %+v, want 10.77.0.203 observed", l)
	}
	r, err = n.server.Handle(t.Context(), Request{Packet: build(t, stranger, discover, asPXE), Port: proxyPort})
	if err != nil || r != nil {
		t.Errorf("DISCOVER on port 4011: %v, %v, want silence", r, err)
	}
}
