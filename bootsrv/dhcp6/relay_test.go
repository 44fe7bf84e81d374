package dhcp6

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/insomniacslk/dhcp/dhcpv6"
	"github.com/insomniacslk/dhcp/iana"

	"ironhook/baremetal"
	"ironhook/store"
)

var (
	router = net.HardwareAddr{2, 0, 0, 0, 0, 0x99}
	nearUs = netip.MustParseAddrPort("[fd77::fe]:547") // the router's address on our side
)

// behindRelay makes fd99::1 a relay of the server's, to which frames go by the router.
func behindRelay(s *Server) *Server {
	s.Relays = []netip.Prefix{netip.MustParsePrefix("fd99::1/64")}
	s.Card = func(_ context.Context, a netip.Addr) net.HardwareAddr {
		if a.String() == "fd99::1" {
			return router
		}
		return nil
	}
	return s
}

// forward is the message as a relay passes it on from a machine of this link-local address.
func forward(inner dhcpv6.DHCPv6, link, peer string, options ...dhcpv6.Option) *dhcpv6.RelayMessage {
	r := &dhcpv6.RelayMessage{MessageType: dhcpv6.MessageTypeRelayForward, LinkAddr: net.ParseIP(link), PeerAddr: net.ParseIP(peer)}
	for _, o := range append(options, dhcpv6.OptRelayMessage(inner)) {
		r.AddOption(o)
	}
	return r
}

const linkLocal = "fe80::5054:ff:fe77:11"

// A machine behind a relay gets the address of its card in the relay's network, and what the
// relays added comes back. It is known by its link-local address, or by what the relay says.
func TestForward(t *testing.T) {
	firmware := func() dhcpv6.DHCPv6 {
		return ask(dhcpv6.MessageTypeSolicit, boots(iana.EFI_X86_64, "PXEClient:Arch:00007")...)
	}
	port := dhcpv6.OptInterfaceID([]byte("Gi0/1"))
	says := func(card net.HardwareAddr) dhcpv6.Option {
		return dhcpv6.OptClientLinkLayerAddress(iana.HWTypeEthernet, card)
	}
	chain := func(n int) *dhcpv6.RelayMessage {
		r := forward(firmware(), "fd99::1", linkLocal, port)
		for range n {
			r = forward(r, "::", "fe80::99", port)
		}
		return r
	}
	for _, c := range []struct {
		name string
		r    *dhcpv6.RelayMessage
		card net.HardwareAddr // that the frame came from
		to   string
		deep int // relays that the answer goes through, 0 for no answer
	}{
		{"by its link-local address", forward(firmware(), "fd99::1", linkLocal, port), router, "fd77::1", 1},
		{"by the card that the relay says", forward(firmware(), "fd99::1", "fe80::1:2", port, says(enrolled)), router, "fd77::1", 1},
		{"through two relays", chain(1), router, "fd77::1", 2},
		{"through eight relays", chain(7), router, "fd77::1", 8},
		{"through nine relays", chain(8), router, "fd77::1", 0},
		{"an unknown card", forward(firmware(), "fd99::1", "fe80::1:2", port), router, "fd77::1", 0},
		{"a stranger", forward(firmware(), "fd99::1", linkLocal, says(stranger)), router, "fd77::1", 0},
		{"a relay that is not named", forward(firmware(), "fd98::1", linkLocal, port), router, "fd77::1", 0},
		{"a relay that says nothing", forward(firmware(), "::", linkLocal, port), router, "fd77::1", 0},
		{"another card in the name of the relay", forward(firmware(), "fd99::1", linkLocal, port), stranger, "fd77::1", 0},
		{"to another server, through us", forward(firmware(), "fd99::1", linkLocal, port), router, "fd77::5", 0},
		{"an empty one", &dhcpv6.RelayMessage{MessageType: dhcpv6.MessageTypeRelayForward, LinkAddr: net.ParseIP("fd99::1"),
			PeerAddr: net.ParseIP(linkLocal)}, router, "fd77::1", 0},
		{"an answer of a relay", &dhcpv6.RelayMessage{MessageType: dhcpv6.MessageTypeRelayReply, LinkAddr: net.ParseIP("fd99::1"),
			PeerAddr: net.ParseIP(linkLocal)}, router, "fd77::1", 0},
	} {
		s := behindRelay(newServer(t))
		a, err := s.respond(t.Context(), datagram{c.card, nearUs, netip.MustParseAddr(c.to), c.r.ToBytes()})
		if err != nil || (a == nil) != (c.deep == 0) {
			t.Errorf("%s: answer %v, %v", c.name, a, err)
		}
		if a == nil {
			continue
		}
		if a, err = dhcpv6.FromBytes(a.ToBytes()); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		asked := c.r
		for i := range c.deep {
			r, isRelay := a.(*dhcpv6.RelayMessage)
			if !isRelay || r.MessageType != dhcpv6.MessageTypeRelayReply || string(r.Options.InterfaceID()) != "Gi0/1" ||
				!r.PeerAddr.Equal(asked.PeerAddr) || !r.LinkAddr.Equal(asked.LinkAddr) {
				t.Fatalf("%s: relay %d gets %v", c.name, i, a)
			}
			a = r.Options.RelayMessage()
			asked, _ = asked.Options.RelayMessage().(*dhcpv6.RelayMessage)
		}
		m := a.(*dhcpv6.Message)
		if got := m.Options.OneIANA().Options.OneAddress().IPv6Addr.String(); m.MessageType != dhcpv6.MessageTypeAdvertise ||
			got != "fd99::5054:ff:fe77:11" || m.Options.BootFileURL() != "tftp://[fd77::1]/snponly.efi" {
			t.Errorf("%s: address %s, %v", c.name, got, m)
		}
	}
}

// A relay that is not named is told once, not for each message.
func TestForwardTells(t *testing.T) {
	s := behindRelay(newServer(t))
	for range 5 {
		r := forward(ask(dhcpv6.MessageTypeSolicit), "fd98::1", linkLocal)
		if _, err := s.respond(t.Context(), datagram{router, nearUs, s.Address.Addr(), r.ToBytes()}); err != nil {
			t.Fatal(err)
		}
	}
	var told []string
	err := s.Store.View(t.Context(), func(tx *store.Tx) error {
		events, err := tx.Events(store.EventQuery{})
		for _, e := range events {
			if e.Kind == baremetal.EventNetwork {
				told = append(told, e.Detail)
			}
		}
		return err
	})
	if err != nil || len(told) == 0 || !strings.Contains(told[0], "through the relay fd98::1, which is none of those") {
		t.Errorf("told %q, %v", told, err)
	}
}

// FuzzForward holds the server to an answer through as many relays or none, whatever comes.
func FuzzForward(f *testing.F) {
	f.Add(forward(ask(dhcpv6.MessageTypeSolicit, boots(iana.EFI_X86_64, "PXEClient:Arch:00007")...), "fd99::1", linkLocal,
		dhcpv6.OptInterfaceID([]byte("1"))).ToBytes())
	f.Add(forward(forward(ask(dhcpv6.MessageTypeRequest), "fd99::1", linkLocal), "::", "fe80::1").ToBytes())
	f.Add([]byte{12, 0})
	s := behindRelay(newServer(f))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := s.respond(t.Context(), datagram{router, nearUs, s.Address.Addr(), b})
		if err != nil {
			t.Fatal(err)
		}
		if a != nil && len(a.ToBytes()) > 1280+len(b) {
			t.Errorf("an answer of %d bytes to one of %d", len(a.ToBytes()), len(b))
		}
	})
}
