package dhcp

import (
	"context"
	"net"
	"net/netip"
	"time"

	"golang.org/x/sync/errgroup"

	"ironhook/baremetal"
	"ironhook/store"
)

const (
	maxContests = 16 // waiting for a decision
	hearings    = 10
	recess      = 300 * time.Millisecond // between two probes
)

// contest is a claim of a machine to an address that another server leased to a different
// machine. The server may have reassigned it, or the claim may be forged. ARP decides: the
// claimant must answer at the address.
type contest struct {
	address       netip.Addr
	holder, rival string // MAC addresses
}

// judge decides contests, each in its own goroutine, as many as there is room for.
func (s *Server) judge(ctx context.Context, group *errgroup.Group, whoHas func(context.Context, netip.Addr) (net.HardwareAddr, error)) {
	room := make(chan struct{}, maxContests)
	for {
		select {
		case <-ctx.Done():
			return
		case c := <-s.contests:
			select {
			case room <- struct{}{}:
			case <-ctx.Done():
				return
			}
			group.Go(func() error {
				defer func() { <-room }()
				s.hearing(ctx, c, whoHas)
				return nil
			})
		}
	}
}

// hearing probes the address until one of the two answers, and moves the lease if it is the
// rival.
func (s *Server) hearing(ctx context.Context, c contest, whoHas func(context.Context, netip.Addr) (net.HardwareAddr, error)) {
	for range hearings {
		owner, err := whoHas(ctx, c.address)
		if err != nil || owner.String() == c.holder {
			return
		}
		if owner.String() == c.rival {
			err := s.Store.Update(ctx, func(tx *store.Tx) error { return s.pool(s.local()).award(tx, c) })
			if err != nil && ctx.Err() == nil {
				s.Log.Error("lease not moved", "address", c.address, "mac", c.rival, "error", err)
			}
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(recess):
		}
	}
}

// award moves the lease to the rival if the holder's lease is still an observed one.
func (p pool) award(tx *store.Tx, c contest) error {
	held, err := tx.Leases().Find(c.holder)
	if err != nil || held == nil || held.Address != c.address || !held.Observed {
		return err
	}
	if err := tx.Leases().Delete(c.holder); err != nil {
		return err
	}
	return p.note(tx, c.rival, c.address)
}

// contend queues a contest for judge; it drops one too many.
func (s *Server) contend(l *baremetal.Lease, rival string) {
	select {
	case s.contests <- contest{l.Address, l.MAC, rival}:
	default:
	}
}
