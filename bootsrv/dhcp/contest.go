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
	maxContests = 16 // looked into at once
	hearings    = 10
	recess      = 300 * time.Millisecond // between two of them
)

// contest is a machine that says the other server gave it an address of which we
// have seen another's lease. That server may have taken it from there, or the machine
// may lie. Ethernet decides: the machine must be found at the address.
type contest struct {
	address       netip.Addr
	holder, rival string // MAC addresses
}

// contests are looked into one goroutine each, as many as there is room for.
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

// hearing asks who has the address until one of the two is there, and moves the
// lease when it is the rival.
func (s *Server) hearing(ctx context.Context, c contest, whoHas func(context.Context, netip.Addr) (net.HardwareAddr, error)) {
	for range hearings {
		owner, err := whoHas(ctx, c.address)
		if err != nil || owner.String() == c.holder {
			return
		}
		if owner.String() == c.rival {
			err := s.Store.Update(ctx, func(tx *store.Tx) error { return s.pool().award(tx, c) })
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

// award gives the address to the rival if the holder still has it by observation.
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

// contend notes a contest for judge; one too many is not looked into.
func (s *Server) contend(l *baremetal.Lease, rival string) {
	select {
	case s.contests <- contest{l.Address, l.MAC, rival}:
	default:
	}
}
