package dhcp

import (
	"context"
	"net/netip"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"ironhook/baremetal"
	"ironhook/store"
)

// proxyDiscover offers a boot file beside the offer of the server that leases addresses
// (PXE specification 2.1, section 2.2.3). It ignores machines that are not enrolled: they
// may belong to another boot server of this network.
func (s *Server) proxyDiscover(ctx context.Context, x *exchange) (*Reply, error) {
	s.note(x, baremetal.EventDiscover, x.client.String())
	if x.port == nil {
		return nil, s.commit(ctx, x, nil)
	}
	if x.refusal != nil {
		s.noteRefusal(x)
	}
	if x.file == "" {
		return nil, s.commit(ctx, x, nil)
	}
	s.note(x, baremetal.EventOffer, "boot file "+x.file+", address from another server")
	return s.point(x, dhcpv4.MessageTypeOffer), s.commit(ctx, x, nil)
}

// proxyRequest answers firmware that asks the proxy itself, on port 4011, once
// it has its address. That address is a lease like one seen in a broadcast.
func (s *Server) proxyRequest(ctx context.Context, x *exchange) (*Reply, error) {
	if x.file == "" || x.port == nil && !x.net.leases {
		return nil, nil
	}
	has := addr(x.Packet.ClientIPAddr)
	if !has.IsValid() || has.IsUnspecified() {
		has = addr(x.Packet.RequestedIPAddress())
	}
	if err := s.observe(ctx, x, has); err != nil {
		return nil, err
	}
	r := s.point(x, dhcpv4.MessageTypeAck)
	if !relayed(x.Packet) && !x.From.Addr().IsUnspecified() { // some firmware does not use its address yet
		r.To, r.Frame = x.From, false
	}
	return r, nil
}

// watch learns which address a client got from the other server, by the broadcast in which
// the client accepts it. Only the client's own frame counts.
func (s *Server) watch(ctx context.Context, x *exchange) (*Reply, error) {
	return nil, s.observe(ctx, x, addr(x.Packet.RequestedIPAddress()))
}

func (s *Server) observe(ctx context.Context, x *exchange, a netip.Addr) error {
	if x.hearsay || x.net.leases || !x.net.prefix.Contains(a) || a == x.net.prefix.Addr() {
		return nil
	}
	if l := x.lease; l != nil && l.Observed && l.Address == a && time.Until(l.Expires) > leaseTime/2 {
		return nil // already recorded
	}
	if x.port == nil && !s.strangers.Take(time.Now()) {
		return nil
	}
	var held *baremetal.Lease
	err := s.commit(ctx, x, func(tx *store.Tx) (err error) {
		held, err = s.pool(x.net).observe(tx, x.mac, a)
		return err
	})
	if err == nil && held != nil && held.Observed && !x.net.relayed { // ARP does not cross a router
		s.contend(held, x.mac)
	}
	return err
}

// point makes an answer with a boot file and without an address.
func (s *Server) point(x *exchange, t dhcpv4.MessageType) *Reply {
	answer := reply(x.Packet, t, s.Address.Addr())
	load(answer, x.file, s.filesAt())
	class := pxeClient
	switch x.kind {
	case uefi:
		class = httpClient
	case pi:
		answer.UpdateOption(piMenu)
	default:
		answer.UpdateOption(skipDiscovery)
	}
	answer.UpdateOption(dhcpv4.OptClassIdentifier(class))
	return route(answer, nil)
}
