package dhcp

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"ironhook/baremetal"
)

// Relay is a DHCP relay that the operator vouches for (RFC 1542 section 4), and the
// network of the machines behind it: of IPv4, or of IPv6 for package dhcp6.
type Relay struct {
	Address netip.Prefix // the relay's there (giaddr; link-address of DHCPv6), with the subnet's length
	Range   Range        // to lease there; empty if another server leases addresses
}

// ParseRelay reads "ADDRESS/LENGTH", or for IPv4 "ADDRESS/LENGTH=FIRST-LAST".
func ParseRelay(s string) (r Relay, err error) {
	address, addrs, leases := strings.Cut(s, "=")
	r.Address, err = netip.ParsePrefix(strings.TrimSpace(address))
	if a := r.Address.Addr(); err == nil && a.Is6() && !a.Is4In6() {
		return r, parseRelay6(s, r.Address, leases)
	}
	if err != nil || !r.Address.Addr().Is4() || !usable(r.Address, r.Address.Addr()) {
		return r, fmt.Errorf("%q is not the address of a relay with the length of its subnet, such as 10.1.0.1/24", address)
	}
	if !leases {
		return r, nil
	}
	if r.Range, err = ParseRange(addrs); err == nil && !r.Range.Within(r.Address) {
		err = fmt.Errorf("the range %q does not lie in the subnet %s of its relay", addrs, r.Address.Masked())
	}
	return r, err
}

// parseRelay6 refuses a relay in whose subnet machines cannot get the address of their card.
func parseRelay6(s string, p netip.Prefix, leases bool) error {
	switch {
	case leases:
		return fmt.Errorf("%q has a range, but over IPv6 machines get the address of their card: leave the range out", s)
	case p.Bits() > 64 || !p.Addr().IsGlobalUnicast() || p.Addr() == p.Masked().Addr():
		return fmt.Errorf("%q is not the address of a relay in a subnet of 64 bits or more, such as fd00:99::1/64", s)
	}
	return nil
}

// subnet is the network of a machine.
type subnet struct {
	prefix  netip.Prefix // our address there, or that of its relay
	addrs   Range        // ours to lease, empty for none
	router  netip.Addr   // invalid for none
	fixed   netip.Addr   // that of the machine which asks, besides those; invalid for none
	relayed bool
	leases  bool // we lease addresses there now; otherwise another server does
	yield   bool // another server may appear there, and we step back
}

func (s *Server) local() subnet {
	return subnet{prefix: s.Address, addrs: s.Range, router: s.Router, leases: !s.proxy.Load(), yield: s.Yield}
}

// locate finds the network of the sender, and whether the message is the machine's own. One
// that comes through a relay of ours counts as such if its frame is from the card to which
// we send for the relay, its own or a router's; the relay answers for its machines. A
// machine with an address asks us without its relay.
func (s *Server) locate(ctx context.Context, x *exchange) {
	x.net, x.hearsay = s.local(), x.mac != x.Card.String()
	for _, r := range s.Relays {
		via := addr(x.Packet.GatewayIPAddr) == r.Address.Addr()
		direct := !relayed(x.Packet) && r.Address.Contains(x.From.Addr()) && !s.Address.Contains(x.From.Addr())
		if !via && !direct {
			continue
		}
		x.hearsay = s.Card(ctx, r.Address.Addr()).String() != x.Card.String()
		if !s.Address.Contains(r.Address.Addr()) {
			x.net = subnet{prefix: r.Address, addrs: r.Range, router: r.Address.Addr(), relayed: true, leases: !r.Range.Empty()}
		}
		return
	}
}

// elsewhere reports whether the request came through a relay of another network that the
// operator has not named.
func (s *Server) elsewhere(x *exchange) bool {
	return relayed(x.Packet) && !x.net.relayed && !s.Address.Contains(addr(x.Packet.GatewayIPAddr))
}

// reportRelay records a relay that is not known, instead of an answer.
func (s *Server) reportRelay(ctx context.Context, x *exchange) error {
	e := baremetal.Event{Kind: baremetal.EventNetwork,
		Detail: fmt.Sprintf("DHCP messages come to %s through the relay %s, which is none of those "+
			"in the configuration: the machines behind it get no answer. Name it there, with its subnet",
			s.Interface.Name, addr(x.Packet.GatewayIPAddr))}
	if !s.hearsay.Take(time.Now()) || !s.Journal.Admit(e) {
		return nil
	}
	s.Log.Warn(e.Detail)
	x.events = append(x.events, e)
	return s.commit(ctx, x, nil)
}

// handler answers the message as the network of the sender needs it, nil for silence.
func (x *exchange) handler() handler {
	handlers := proxyHandlers
	if x.net.leases {
		handlers = fullHandlers
	}
	return handlers[message{x.Port, x.Packet.MessageType()}]
}

// relayed reports whether a relay has passed p on.
func relayed(p *dhcpv4.DHCPv4) bool {
	relay := addr(p.GatewayIPAddr)
	return relay.IsValid() && !relay.IsUnspecified()
}
