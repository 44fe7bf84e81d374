package dhcp

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"golang.org/x/sync/errgroup"

	"ironhook/internal/limit"
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
	l := lookout{server: s, on: on, group: group, looking: make(chan struct{}, maxLooking)}
	for port, conn := range on.ports {
		group.Go(func() error { return s.loop(ctx, conn, port, l.reply) })
	}
	return group.Wait()
}

// loop outlives every failure of its interface; only ctx ends it.
func (s *Server) loop(ctx context.Context, conn *net.UDPConn, port uint16, reply func(context.Context, Request, *Reply)) error {
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
			limit.Backoff(ctx)
			continue
		}
		s.answer(ctx, buffer[:n], netip.AddrPortFrom(from.Addr().Unmap(), from.Port()), port, reply)
	}
}

// answer handles one datagram. What is no DHCP is dropped without a word.
func (s *Server) answer(ctx context.Context, datagram []byte, from netip.AddrPort, port uint16, reply func(context.Context, Request, *Reply)) {
	p, err := dhcpv4.FromBytes(datagram)
	if err != nil {
		return
	}
	q := Request{Packet: p, From: from, Port: port}
	r, err := s.Handle(ctx, q)
	if err != nil {
		s.Log.Error("DHCP request not answered; the client will ask again", "interface", s.Interface.Name, "mac", p.ClientHWAddr.String(), "error", err)
		limit.Backoff(ctx) // a store that fails is not asked at the rate of the wire
		return
	}
	if r != nil {
		reply(ctx, q, r)
	}
}

// send puts a reply on the wire. One that does not go is asked for again; a flood of
// those tells the log only so much.
func (s *Server) send(on *Sockets, q Request, r *Reply) {
	err := on.send(r, netip.AddrPortFrom(s.Address.Addr(), q.Port))
	if err != nil && s.unsent.Take(time.Now()) {
		s.Log.Warn("DHCP reply not sent", "interface", s.Interface.Name, "mac", q.Packet.ClientHWAddr.String(), "to", r.To, "error", err)
	}
}
