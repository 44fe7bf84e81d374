package dhcp

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/mdlayher/packet"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"ironhook/internal/limit"
	"ironhook/internal/timing"
)

// Serve answers on the sockets until ctx ends, and closes them. One loop answers one packet
// after the other; under load packets are dropped in the kernel's queue and clients repeat
// them. In mode auto it probes for another server from time to time.
func (s *Server) Serve(ctx context.Context, on *Sockets) error {
	group, ctx := errgroup.WithContext(ctx)
	stop := context.AfterFunc(ctx, func() {
		if err := on.Close(); err != nil {
			s.Log.Debug("close DHCP sockets", "interface", s.Interface.Name, "error", err)
		}
	})
	defer stop()
	l := conflictCheck{server: s, on: on, group: group, looking: make(chan struct{}, maxLooking)}
	group.Go(func() error { return s.loop(ctx, on.raw, l.reply) })
	group.Go(func() error { s.judge(ctx, group, on.whoHas); return nil })
	if s.Yield {
		group.Go(func() error { s.seek(ctx); return nil })
	}
	return group.Wait()
}

// loop outlives every failure of its interface; only ctx ends it.
func (s *Server) loop(ctx context.Context, conn *packet.Conn, reply func(context.Context, Request, *Reply)) error {
	buffer := make([]byte, 4096)
	for {
		n, _, err := conn.ReadFrom(buffer)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, net.ErrClosed):
			return err
		case errors.Is(err, unix.ENETDOWN): // reported by the follower of the interface
			limit.Backoff(ctx)
			continue
		case err != nil:
			s.Log.Warn("DHCP socket", "interface", s.Interface.Name, "error", err)
			limit.Backoff(ctx)
			continue
		}
		if d, ok := unwrap(buffer[:n]); ok && s.forUs(d.to.Addr()) {
			s.answer(ctx, d, reply)
		}
	}
}

// forUs reports whether a datagram to a is for this server: not one that this
// machine, as a router, passes on to another.
func (s *Server) forUs(a netip.Addr) bool {
	return a == s.Address.Addr() || a == everybody || a == last(s.Address)
}

// answer handles one datagram. It silently drops anything but DHCP and BOOTP.
func (s *Server) answer(ctx context.Context, d datagram, reply func(context.Context, Request, *Reply)) {
	p, err := decode(d.payload)
	if err != nil {
		return
	}
	q := Request{Packet: p, Card: d.card, From: d.from, Port: d.to.Port()}
	begun, key := time.Now(), timing.Key{Server: "dhcp", What: kindOf(p), Outcome: "ok"}
	defer func() { s.Times.Since(begun, key) }()
	r, err := s.Handle(ctx, q)
	if err != nil {
		key.Outcome = "failed"
		s.Log.Error("DHCP request not answered; the client will ask again", "interface", s.Interface.Name, "mac", p.ClientHWAddr.String(),
			"error", err)
		limit.Backoff(ctx) // do not retry a failing store at wire speed
		return
	}
	if r == nil {
		key.Outcome = "silent"
		return
	}
	reply(ctx, q, r)
}

// kindOf is the kind of a message among those that there are: a client writes the number.
func kindOf(p *dhcpv4.DHCPv4) string {
	switch t := p.MessageType(); {
	case t == dhcpv4.MessageTypeNone:
		return "BOOTP"
	case t <= dhcpv4.MessageTypeInform:
		return t.String()
	}
	return "other"
}

// send sends a reply. The client repeats its request if that fails; the log of failures is
// limited.
func (s *Server) send(on *Sockets, q Request, r *Reply) {
	err := on.send(r, netip.AddrPortFrom(s.Address.Addr(), q.Port))
	if err != nil && s.unsent.Take(time.Now()) {
		s.Log.Warn("DHCP reply not sent", "interface", s.Interface.Name, "mac", q.Packet.ClientHWAddr.String(), "to", r.To, "error", err)
	}
}
