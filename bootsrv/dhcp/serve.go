package dhcp

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"golang.org/x/sync/errgroup"

	"ironhook/bootsrv/limit"
	"ironhook/store"
)

// Serve answers on the sockets until ctx ends, and closes them. Each socket has
// one loop that answers one packet after the other: what cannot be answered in
// time waits in the kernel's queue, is dropped there, and is asked for again.
func (s *Server) Serve(ctx context.Context, on *Sockets) error {
	group, ctx := errgroup.WithContext(ctx)
	stop := context.AfterFunc(ctx, func() {
		if err := on.Close(); err != nil {
			s.Log.Debug("close DHCP sockets", "interface", s.Interface.Name, "error", err)
		}
	})
	defer stop()
	looking := make(chan struct{}, maxLooking)
	for port, conn := range on.ports {
		group.Go(func() error {
			return s.loop(ctx, conn, port, func(q Request, r *Reply) {
				if r.Fresh {
					select {
					case looking <- struct{}{}:
						group.Go(func() error { s.look(ctx, on, q, r); <-looking; return nil })
						return
					default: // better an offer unseen than none in the crowd
					}
				}
				s.send(on, q, r)
			})
		})
	}
	return group.Wait()
}

// maxLooking is how many offers at once wait until their address was looked for.
const maxLooking = 64

// loop outlives every failure of its interface; only ctx ends it.
func (s *Server) loop(ctx context.Context, conn *net.UDPConn, port uint16, reply func(Request, *Reply)) error {
	buffer := make([]byte, 4096)
	for {
		n, from, err := conn.ReadFromUDPAddrPort(buffer)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, net.ErrClosed):
			return err
		case err != nil:
			s.Log.Warn("DHCP socket", "interface", s.Interface.Name, "error", err)
			limit.Rest(ctx)
			continue
		}
		s.answer(ctx, buffer[:n], netip.AddrPortFrom(from.Addr().Unmap(), from.Port()), port, reply)
	}
}

// answer handles one datagram. What is no DHCP is dropped without a word.
func (s *Server) answer(ctx context.Context, datagram []byte, from netip.AddrPort, port uint16, reply func(Request, *Reply)) {
	p, err := dhcpv4.FromBytes(datagram)
	if err != nil {
		return
	}
	q := Request{Packet: p, From: from, Port: port}
	r, err := s.Handle(ctx, q)
	if err != nil {
		s.Log.Error("DHCP request not answered; the client will ask again", "interface", s.Interface.Name, "mac", p.ClientHWAddr.String(), "error", err)
		limit.Rest(ctx) // a store that fails is not asked at the rate of the wire
		return
	}
	if r != nil {
		reply(q, r)
	}
}

// look sends an offer of an address that is new to its client, unless another host
// turns out to have it: then that address is put out of use, and the client is
// offered another (RFC 2131 section 2.2).
func (s *Server) look(ctx context.Context, on *Sockets, q Request, r *Reply) {
	for range attempts {
		a := addr(r.Packet.YourIPAddr)
		owner, err := on.whoHas(ctx, a)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			s.Log.Debug("address not looked for", "interface", s.Interface.Name, "error", err) // the offer goes out unseen
		}
		if err != nil || owner == nil || owner.String() == q.Packet.ClientHWAddr.String() || !s.conflicts.Take(time.Now()) {
			s.send(on, q, r)
			return
		}
		s.Log.Warn("another host has an address of --dhcp-range; not offered for an hour", "interface", s.Interface.Name, "address", a, "host", owner)
		if r, err = s.instead(ctx, q, a); err != nil {
			s.Log.Error("DHCP request not answered; the client will ask again", "interface", s.Interface.Name, "mac", q.Packet.ClientHWAddr.String(), "error", err)
			return
		}
		if r == nil {
			return
		}
	}
	s.send(on, q, r)
}

// attempts are how many addresses a client is looked for at most. A host that claims
// them all delays the others for a second, and keeps nobody out.
const attempts = 4

// instead takes a from the client that was to have it and answers q anew.
func (s *Server) instead(ctx context.Context, q Request, a netip.Addr) (*Reply, error) {
	err := s.Store.Update(ctx, func(tx *store.Tx) error {
		_, err := s.pool().decline(tx, q.Packet.ClientHWAddr.String(), a)
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.Handle(ctx, q)
}

// send puts a reply on the wire. One that does not go is asked for again; a flood of
// those tells the log only so much.
func (s *Server) send(on *Sockets, q Request, r *Reply) {
	err := on.send(r, netip.AddrPortFrom(s.Address.Addr(), q.Port))
	if err != nil && s.unsent.Take(time.Now()) {
		s.Log.Warn("DHCP reply not sent", "interface", s.Interface.Name, "mac", q.Packet.ClientHWAddr.String(), "to", r.To, "error", err)
	}
}
