package dhcp

import (
	"context"
	"net/netip"
	"time"

	"golang.org/x/sync/errgroup"

	"ironhook/internal/limit"
	"ironhook/store"
)

const (
	// maxLooking is the limit of offers whose address is being probed.
	maxLooking = 64
	// attempts is how many addresses are probed for one client. A host that claims all of
	// them delays a client for a second, but does not keep it out.
	attempts = 4
)

// conflictCheck sends replies. It probes a newly offered address first, in case another
// host has it; other replies are not delayed.
type conflictCheck struct {
	server  *Server
	on      *Sockets
	group   *errgroup.Group // of the server's loops, one of which calls
	looking chan struct{}
}

func (l conflictCheck) reply(ctx context.Context, q Request, r *Reply) {
	if r.Fresh {
		select {
		case l.looking <- struct{}{}:
			l.group.Go(func() error {
				defer func() { <-l.looking }()
				l.server.look(ctx, l.on, q, r)
				return nil
			})
			return
		default: // too many probes: send the offer unprobed rather than none
			limit.Reached(limit.DHCPProbes)
		}
	}
	l.server.send(l.on, q, r)
}

// look probes a newly offered address and sends the offer. If another host has the address,
// it is quarantined and the client is offered another one (RFC 2131 section 2.2).
func (s *Server) look(ctx context.Context, on *Sockets, q Request, r *Reply) {
	for range attempts {
		a := addr(r.Packet.YourIPAddr)
		owner, err := on.whoHas(ctx, a)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			s.Log.Debug("address not looked for", "interface", s.Interface.Name, "error", err) // the offer is sent unprobed
		}
		if err != nil || owner == nil || owner.String() == q.Packet.ClientHWAddr.String() || !s.conflicts.Take(time.Now()) {
			s.send(on, q, r)
			return
		}
		s.Log.Warn("another host has an address of the range; not offered for an hour", "interface", s.Interface.Name, "address", a, "host",
			owner)
		if r, err = s.instead(ctx, q, a); err != nil {
			s.Log.Error("DHCP request not answered; the client will ask again", "interface", s.Interface.Name, "mac", q.Packet.ClientHWAddr.String(),
				"error", err)
			return
		}
		if r == nil {
			return
		}
	}
	s.send(on, q, r)
}

// instead quarantines the offered address a and answers q again.
func (s *Server) instead(ctx context.Context, q Request, a netip.Addr) (*Reply, error) {
	err := s.Store.Update(ctx, func(tx *store.Tx) error {
		_, err := s.pool(s.local()).decline(tx, q.Packet.ClientHWAddr.String(), a)
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.Handle(ctx, q)
}
