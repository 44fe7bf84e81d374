package dhcp

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"ironhook/baremetal"
)

// Three thousand fake machines fill neither the log nor the range, and a real one boots
// meanwhile.
func TestFlood(t *testing.T) {
	n := newNetwork(t, nil)
	n.enrol(known1, true)
	start := time.Now()
	for i := range 3000 {
		n.ask(build(t, fmt.Sprintf("52:54:01:00:%02x:%02x", i>>8, i&255), discover, asPXE))
	}
	t.Logf("3000 requests in %v", time.Since(start))
	if leases := len(n.leases()); leases > 4 {
		t.Errorf("%d leases in a range of 4", leases)
	}
	if events := len(n.events()); events > 200 {
		t.Errorf("the flood left %d events", events)
	}
	r := n.ask(build(t, known1, discover, asPXE))
	if r == nil || r.Packet.BootFileName != "undionly.kpxe" {
		t.Fatalf("the enrolled machine got %v", r)
	}
	ack := n.ask(build(t, known1, request, asPXE, from("10.77.0.1"), wants(r.Packet.YourIPAddr.String())))
	if ack == nil || ack.Packet.MessageType() != dhcpv4.MessageTypeAck {
		t.Errorf("the enrolled machine's request got %v", ack)
	}
	if !n.hasEvent(baremetal.EventOffer, known1, "undionly.kpxe") {
		t.Error("the enrolled machine's story is lost in the flood")
	}
}

// Strangers that accept what they are offered leave addresses for enrolled machines, as many
// as there are without one.
func TestStrangersLeaveAddresses(t *testing.T) {
	for enrolled, left := range []int{0: 4, 1: 3, 2: 2, 3: 2} { // of a range of 4; half of it at most is kept
		n := newNetwork(t, nil)
		macs := []string{known1, "52:54:00:00:0a:02", "52:54:00:00:0a:03"}[:enrolled]
		for _, mac := range macs {
			n.enrol(mac, true)
		}
		take := func(mac string) bool {
			r := n.ask(build(t, mac, discover, asPXE))
			if r == nil {
				return false
			}
			ack := n.ask(build(t, mac, request, asPXE, from("10.77.0.1"), wants(r.Packet.YourIPAddr.String())))
			return ack != nil && ack.Packet.MessageType() == dhcpv4.MessageTypeAck
		}
		got := 0
		for i := range 30 {
			if take(fmt.Sprintf("52:54:01:00:00:%02x", i)) {
				got++
			}
		}
		if got != left {
			t.Errorf("%d enrolled: strangers have %d of 4 addresses, want %d", enrolled, got, left)
		}
		for i, mac := range macs[:min(enrolled, 2)] {
			if !take(mac) {
				t.Errorf("enrolled machine %d of %d gets no address", i+1, enrolled)
			}
		}
	}
}

// Repeated packets of one machine make one event.
func TestRepetition(t *testing.T) {
	n := newNetwork(t, nil)
	n.enrol(known1, true)
	for range 500 {
		n.ask(build(t, known1, discover, asPXE))
	}
	if events := n.events(); len(events) > 10 {
		t.Errorf("500 equal packets left %d events", len(events))
	}
}

// Whatever arrives: no panic, every answer can be parsed, and no two machines have the same
// address.
func FuzzHandle(f *testing.F) {
	for _, name := range []string{
		"ipxe-bios-discover", "ipxe-bios-request", "ovmf-pxe-discover", "ovmf-pxe-request", "ovmf-pxe-elsewhere",
		"ovmf-pxe-proxy-request", "ovmf-http-discover", "udhcpc-discover", "udhcpc-request",
	} {
		f.Add(captured(f, name), false)
		f.Add(captured(f, name), true)
	}
	full, proxy := newNetwork(f, nil), newNetwork(f, asProxy)
	full.enrol(known1, true)
	f.Fuzz(func(t *testing.T, datagram []byte, toProxy bool) {
		p, err := decode(datagram)
		if err != nil {
			return
		}
		n := full
		if toProxy {
			n = proxy
		}
		for _, port := range []uint16{serverPort, proxyPort} {
			r, err := n.server.Handle(t.Context(),
				Request{Packet: p, Card: p.ClientHWAddr, From: netip.MustParseAddrPort("10.77.0.5:68"), Port: port})
			if err != nil {
				t.Fatal(err)
			}
			if r == nil {
				continue
			}
			again, err := dhcpv4.FromBytes(r.Packet.ToBytes())
			if err != nil || again.OpCode != dhcpv4.OpcodeBootReply || again.TransactionID != p.TransactionID {
				t.Fatalf("answer %v cannot be read again: %v", r.Packet, err)
			}
			if a := addr(again.YourIPAddr); !a.IsUnspecified() && !n.server.Range.Contains(a) {
				t.Fatalf("gave %s, which is outside %s", a, n.server.Range)
			}
		}
	})
}

func FuzzOfferIn(f *testing.F) {
	p, err := dhcpv4.FromBytes(captured(f, "udhcpc-discover"))
	if err != nil {
		f.Fatal(err)
	}
	offer := reply(p, dhcpv4.MessageTypeOffer, netip.MustParseAddr("10.77.0.1"))
	offer.YourIPAddr = []byte{10, 77, 0, 9}
	here, there := netip.MustParseAddrPort("10.77.0.1:67"), netip.MustParseAddrPort("10.77.0.9:68")
	f.Add(frame(offer.ToBytes(), here, there, broadcastMAC, broadcastMAC))
	f.Add([]byte{})
	f.Fuzz(func(_ *testing.T, b []byte) { offerIn(b, p.TransactionID) })
}
