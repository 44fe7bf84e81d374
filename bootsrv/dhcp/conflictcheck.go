package dhcp

import (
	"context"
	"net/netip"
	"time"

	"golang.org/x/sync/errgroup"

	"ironhook/store"
)

const (
	// maxLooking is how many offers at once wait until their address was looked for.
	maxLooking = 64
	// attempts are how many addresses a client is looked for at most. A host that
	// claims them all delays the others for a second, and keeps nobody out.
	attempts = 4
)

// conflictCheck sends replies, those that promise a new address after a look at whether
// another host has it. The others do not wait behind them.
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
		default: // better an offer unseen than none in the crowd
		}
	}
	l.server.send(l.on, q, r)
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
		s.Log.Warn("another host has an address of the range; not offered for an hour", "interface", s.Interface.Name, "address", a, "host", owner)
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
