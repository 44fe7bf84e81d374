package dhcp6

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv6"
	"github.com/insomniacslk/dhcp/iana"

	"ironhook/baremetal"
)

// A relay passes a message of a machine on within one of its own, and relays may pass on
// those of others (RFC 8415 section 19). The one next to the machine says with its
// link-address in which network that is, and may add the card (RFC 6939).

// maxHops is HOP_COUNT_LIMIT (RFC 8415 section 7.6).
const maxHops = 8

// relayed is what a chain of relays says about the machine behind them.
type relayed struct {
	message *dhcpv6.Message
	link    netip.Addr       // address of the relay next to the machine, there
	card    net.HardwareAddr // nil where it is not known
}

// unpack takes the message out of what relays have made of it. ok is false for a chain that
// is damaged, too long, or not a machine's.
func unpack(r *dhcpv6.RelayMessage) (u relayed, ok bool) {
	for range maxHops {
		if r.MessageType != dhcpv6.MessageTypeRelayForward {
			return u, false
		}
		switch inner := r.Options.RelayMessage().(type) {
		case *dhcpv6.RelayMessage:
			r = inner
		case *dhcpv6.Message:
			u.message, u.card = inner, cardOf(r)
			u.link, ok = netip.AddrFromSlice(r.LinkAddr)
			return u, ok
		default:
			return u, false
		}
	}
	return u, false
}

// cardOf is the card of the machine next to the relay: as the relay says, or as its
// link-local address is made of it.
func cardOf(r *dhcpv6.RelayMessage) net.HardwareAddr {
	if kind, card := r.Options.ClientLinkLayerAddress(); kind == iana.HWTypeEthernet && len(card) == 6 && card[0]&1 == 0 {
		return card
	}
	if peer, ok := netip.AddrFromSlice(r.PeerAddr); ok && peer.IsLinkLocalUnicast() {
		return Card(peer)
	}
	return nil
}

// forward answers a message that relays have passed on, nil for silence. It must come
// through a relay that the operator has named, in a frame from the card to which frames for
// that relay are sent: its own or a router's.
func (s *Server) forward(ctx context.Context, r *dhcpv6.RelayMessage, d datagram) (dhcpv6.DHCPv6, error) {
	u, ok := unpack(r)
	if !ok || d.to != s.Address.Addr() {
		return nil, nil
	}
	i := slices.IndexFunc(s.Relays, func(p netip.Prefix) bool { return p.Addr() == u.link })
	if i < 0 {
		s.Journal.Note(ctx, baremetal.Event{Kind: baremetal.EventNetwork,
			Detail: fmt.Sprintf("DHCPv6 messages come to %s through the relay %s, which is none of those "+
				"in the configuration: the machines behind it get no answer. Name it there, with its subnet", s.Interface.Name, u.link)})
		return nil, nil
	}
	if u.card == nil || !bytes.Equal(s.Card(ctx, u.link), d.card) || !s.admit(u.card, time.Now()) {
		return nil, nil
	}
	a, err := s.Handle(ctx, u.message, Sender{u.card, s.Relays[i]})
	if err != nil || a == nil {
		return nil, err
	}
	return dhcpv6.NewRelayReplFromRelayForw(r, a)
}
