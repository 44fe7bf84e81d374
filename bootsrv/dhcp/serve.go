package dhcp

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"golang.org/x/sync/errgroup"
)

// pause is how long a loop waits after a failure that may pass: an interface
// that is down, a store that does not answer.
const pause = 200 * time.Millisecond

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
	for port, conn := range on.ports {
		group.Go(func() error { return s.loop(ctx, on, conn, port) })
	}
	return group.Wait()
}

// loop outlives every failure of its interface; only ctx ends it.
func (s *Server) loop(ctx context.Context, on *Sockets, conn *net.UDPConn, port uint16) error {
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
			rest(ctx, pause)
			continue
		}
		s.answer(ctx, on, buffer[:n], netip.AddrPortFrom(from.Addr().Unmap(), from.Port()), port)
	}
}

// answer handles one datagram. What is no DHCP is dropped without a word.
func (s *Server) answer(ctx context.Context, on *Sockets, datagram []byte, from netip.AddrPort, port uint16) {
	p, err := dhcpv4.FromBytes(datagram)
	if err != nil {
		return
	}
	r, err := s.Handle(ctx, Request{Packet: p, From: from, Port: port})
	if err != nil {
		s.Log.Error("DHCP request not answered; the client will ask again", "interface", s.Interface.Name, "mac", p.ClientHWAddr.String(), "error", err)
		rest(ctx, pause) // a store that fails is not asked at the rate of the wire
		return
	}
	if r == nil {
		return
	}
	if err := on.send(r, netip.AddrPortFrom(s.Address.Addr(), port)); err != nil {
		s.Log.Warn("DHCP reply not sent", "interface", s.Interface.Name, "mac", p.ClientHWAddr.String(), "to", r.To, "error", err)
	}
}

// rest waits for d or the end of ctx.
func rest(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
