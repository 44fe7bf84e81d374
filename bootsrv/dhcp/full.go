package dhcp

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"ironhook/baremetal"
	"ironhook/store"
)

// pool is the addresses of a network.
func (s *Server) pool(n subnet) pool {
	return pool{iface: s.Interface.Name, addrs: n.addrs, own: n.prefix.Addr(), fixed: n.fixed, next: s.next[n.addrs]}
}

// discover offers an address (RFC 2131 section 4.3.1).
func (s *Server) discover(ctx context.Context, x *exchange) (*Reply, error) {
	if x.hearsay && s.settled(x) {
		return nil, nil
	}
	s.note(x, baremetal.EventDiscover, x.client.String())
	if l := x.lease; l != nil && s.pool(x.net).keeps(l.Address) && !l.Observed && time.Until(l.Expires) > holdTime/2 {
		s.noteOffer(x, l.Address)
		return s.give(x, dhcpv4.MessageTypeOffer, l.Address), s.commit(ctx, x, nil)
	}
	if !x.known() && !s.strangers.Take(time.Now()) {
		return nil, nil
	}
	return s.offer(ctx, x, dhcpv4.MessageTypeOffer, holdTime)
}

// offer leases an address for at least d and makes an answer of type t with it.
func (s *Server) offer(ctx context.Context, x *exchange, t dhcpv4.MessageType, d time.Duration) (*Reply, error) {
	var lease *baremetal.Lease
	err := s.commit(ctx, x, func(tx *store.Tx) (err error) {
		p, want := s.pool(x.net), addr(x.Packet.RequestedIPAddress())
		if p.fixed.IsValid() {
			want = p.fixed
		}
		lease, err = p.hold(tx, x.mac, want, x.known(), d)
		if err == nil {
			s.noteOffer(x, lease.Address)
		}
		return err
	})
	switch {
	case errors.Is(err, errExhausted):
		return nil, s.exhausted(ctx, x)
	case err != nil:
		return nil, err
	}
	offer := s.give(x, t, lease.Address)
	offer.Fresh = !x.net.relayed && (x.lease == nil || x.lease.Address != lease.Address || x.lease.Expires.Before(time.Now()))
	return offer, nil
}

// bootp answers a client without DHCP (RFC 951, RFC 1534 section 2). It never renews, so
// its lease is long.
func (s *Server) bootp(ctx context.Context, x *exchange) (*Reply, error) {
	if x.hearsay || !x.known() && !s.strangers.Take(time.Now()) {
		return nil, nil
	}
	s.note(x, baremetal.EventDiscover, "BOOTP")
	return s.offer(ctx, x, dhcpv4.MessageTypeNone, bootpTime)
}

// forWhom says that there may be addresses left for others.
func (x *exchange) forWhom() string {
	if x.known() {
		return ""
	}
	return " for a machine that is not enrolled"
}

// known reports whether an enrolled machine itself is asking.
func (x *exchange) known() bool { return x.port != nil && !x.hearsay }

// settled reports whether a machine has a live lease that an offer of ours would end.
func (s *Server) settled(x *exchange) bool {
	l := x.lease
	return l != nil && l.Expires.After(time.Now()) && (l.Observed || !s.pool(x.net).has(l.Address))
}

// noteOffer records the offer to a booting client, or why it gets no boot file.
func (s *Server) noteOffer(x *exchange, a netip.Addr) {
	if x.refusal != nil {
		s.noteRefusal(x)
		return
	}
	s.note(x, baremetal.EventOffer, fmt.Sprintf("%s, boot file %s%s", a, x.file, x.unfixed))
}

// exhausted records that a client got no address.
func (s *Server) exhausted(ctx context.Context, x *exchange) error {
	e := baremetal.Event{
		Kind: baremetal.EventRefused, Step: baremetal.EventOffer, MAC: x.mac,
		Detail: fmt.Sprintf("no address left in %s on %s%s", x.net.addrs, s.Interface.Name, x.forWhom()),
	}
	if x.port != nil {
		e.Node = x.port.NodeUUID
	}
	if x.hearsay || !s.Journal.Admit(e) {
		return nil
	}
	if s.lines.Take(time.Now()) {
		s.Log.Warn("no address left: the range is too small"+x.forWhom(), "interface", s.Interface.Name, "range", x.net.addrs, "mac", x.mac)
	}
	x.events = append(x.events, e)
	return s.commit(ctx, x, nil)
}

// request confirms an address, or denies it (RFC 2131 section 4.3.2).
func (s *Server) request(ctx context.Context, x *exchange) (*Reply, error) {
	chosen, claimed := addr(x.Packet.ServerIdentifier()), addr(x.Packet.RequestedIPAddress())
	renewing := !claimed.IsValid()
	if renewing {
		claimed = addr(x.Packet.ClientIPAddr)
	}
	switch s.verdict(x.net, x.lease, chosen, claimed, renewing) {
	case others:
		return nil, s.otherServer(ctx, x, chosen)
	case deny:
		return s.nak(x), nil
	case confirm:
		return s.ack(ctx, x, claimed)
	}
	return nil, nil
}

// ack extends the lease, then acknowledges it.
func (s *Server) ack(ctx context.Context, x *exchange, claimed netip.Addr) (*Reply, error) {
	var lease *baremetal.Lease
	err := s.commit(ctx, x, func(tx *store.Tx) (err error) {
		lease, err = s.pool(x.net).hold(tx, x.mac, claimed, x.known(), leaseTime)
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case lease.Address != claimed: // it was lost since it was read
		return s.nak(x), nil
	}
	return s.give(x, dhcpv4.MessageTypeAck, claimed), nil
}

func (s *Server) nak(x *exchange) *Reply {
	return route(reply(x.Packet, dhcpv4.MessageTypeNak, s.Address.Addr()), nil)
}

// verdict is the decision about a DHCPREQUEST.
type verdict int

const (
	silence verdict = iota // an unknown client
	confirm                // DHCPACK
	deny                   // DHCPNAK
	others                 // it chose another server
)

// verdict decides about a request: chosen is the server that it names (a client that
// selects an offer), claimed the address that it wants. A client that reboots (INIT-REBOOT)
// or renews names no server. An unknown one may only be denied an address of a foreign
// network, and only if the operator configured mode full.
func (s *Server) verdict(n subnet, lease *baremetal.Lease, chosen, claimed netip.Addr, renewing bool) verdict {
	ours := lease != nil && !lease.Observed && s.pool(n).has(lease.Address)
	switch {
	case chosen.IsValid() && chosen != s.Address.Addr():
		return others
	case ours && lease.Address == claimed:
		return confirm
	case chosen.IsValid(), ours:
		return deny
	case !renewing && !n.yield && !n.prefix.Contains(claimed):
		return deny
	}
	return silence
}

// otherServer records a second DHCP server on the network. In mode auto the server probes
// for it first: the request may be forged.
func (s *Server) otherServer(ctx context.Context, x *exchange, other netip.Addr) error {
	if x.net.yield {
		s.Look()
		return nil
	}
	detail := fmt.Sprintf("another DHCP server, %s, leases addresses on %s", other, s.Interface.Name)
	e := baremetal.Event{Kind: baremetal.EventError, MAC: x.mac, Detail: detail}
	if x.hearsay || !s.Journal.Admit(e) {
		return nil
	}
	s.Log.Warn("two DHCP servers lease addresses here: stop the other, or set this one to proxy", "other", other, "interface",
		s.Interface.Name)
	x.events = append(x.events, e)
	return s.commit(ctx, x, nil)
}

// decline quarantines an address at which the client found another host.
func (s *Server) decline(ctx context.Context, x *exchange) (*Reply, error) {
	a := addr(x.Packet.RequestedIPAddress())
	if x.hearsay || addr(x.Packet.ServerIdentifier()) != s.Address.Addr() || x.lease == nil || x.lease.Address != a {
		return nil, nil
	}
	if !s.conflicts.Take(time.Now()) {
		return nil, nil // a client that declines one address after the other must not exhaust the range
	}
	ok := false
	err := s.commit(ctx, x, func(tx *store.Tx) (err error) {
		ok, err = s.pool(x.net).decline(tx, x.mac, a)
		return err
	})
	if err == nil && ok {
		s.Log.Warn("a client found its address in use by another host; not offered for an hour", "address", a, "mac", x.mac)
	}
	return nil, err
}

// release ends a lease.
func (s *Server) release(ctx context.Context, x *exchange) (*Reply, error) {
	a := addr(x.Packet.ClientIPAddr)
	if x.hearsay || addr(x.Packet.ServerIdentifier()) != s.Address.Addr() || x.lease == nil || x.lease.Address != a {
		return nil, nil
	}
	return nil, s.commit(ctx, x, func(tx *store.Tx) error { return release(tx, x.mac, a) })
}

// inform answers a client that has an address from elsewhere with the options. The answer
// goes to that address, so it must be one of this network.
func (s *Server) inform(_ context.Context, x *exchange) (*Reply, error) {
	if !x.net.prefix.Contains(addr(x.Packet.ClientIPAddr)) {
		return nil, nil
	}
	return s.give(x, dhcpv4.MessageTypeAck, netip.Addr{}), nil
}

// give makes the answer with an address, or the answer to an INFORM without one.
func (s *Server) give(x *exchange, t dhcpv4.MessageType, a netip.Addr) *Reply {
	answer := reply(x.Packet, t, s.Address.Addr())
	if a.IsValid() {
		answer.YourIPAddr = a.AsSlice()
	}
	if a.IsValid() && t != dhcpv4.MessageTypeNone {
		answer.UpdateOption(dhcpv4.OptIPAddressLeaseTime(leaseTime))
	}
	answer.UpdateOption(dhcpv4.OptSubnetMask(net.CIDRMask(x.net.prefix.Bits(), 32)))
	if x.net.router.IsValid() {
		answer.UpdateOption(dhcpv4.OptRouter(x.net.router.AsSlice()))
	}
	if mtu := x.mtu(); mtu != 0 && t != dhcpv4.MessageTypeNone {
		answer.UpdateOption(dhcpv4.OptGeneric(dhcpv4.OptionInterfaceMTU, binary.BigEndian.AppendUint16(nil, mtu)))
	}
	if len(s.DNS) > 0 {
		answer.UpdateOption(dhcpv4.OptDNS(toIPs(s.DNS)...))
	}
	if t == dhcpv4.MessageTypeAck {
		answer.ClientIPAddr = x.Packet.ClientIPAddr
	}
	if x.file != "" {
		load(answer, x.file, s.filesAt())
	}
	x.root.add(answer)
	switch {
	case x.file == "":
	case x.kind == script:
		answer.UpdateOption(noProxyWait)
	case x.kind == pi:
		answer.UpdateOption(dhcpv4.OptClassIdentifier(pxeClient))
		answer.UpdateOption(piMenu)
	case x.kind == uefi: // required in an offer (UEFI specification, HTTP boot)
		answer.UpdateOption(dhcpv4.OptClassIdentifier(httpClient))
	}
	return route(answer, x.Packet.ClientIPAddr)
}

// mtu is that of the machine's port, 0 for none.
func (x *exchange) mtu() uint16 {
	if x.port == nil {
		return 0
	}
	return x.port.Options().MTU
}

func toIPs(addrs []netip.Addr) (ips []net.IP) {
	for _, a := range addrs {
		ips = append(ips, a.AsSlice())
	}
	return ips
}
