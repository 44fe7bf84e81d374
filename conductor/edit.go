package conductor

import (
	"context"
	"errors"
	"time"

	"ironhook/baremetal"
	"ironhook/store"
)

// lockPatience is how long a request waits for a reserved node before it is told
// so; Ironic tries three times, a second apart.
const lockPatience = 2 * time.Second

// Edit runs f on an unreserved node in one transaction, writing nothing itself.
// While the node is reserved it waits for at most two seconds, then returns
// ErrLocked.
func (c *Conductor) Edit(ctx context.Context, ident string, f func(tx *store.Tx, n *baremetal.Node) error) error {
	deadline := time.NewTimer(lockPatience)
	defer deadline.Stop()
	for {
		changed := c.Store.Changed()
		err := c.Store.Update(ctx, func(tx *store.Tx) error {
			n, err := tx.Nodes().Get(ident)
			if err != nil {
				return err
			}
			if n.Reservation != "" {
				return locked(n)
			}
			return f(tx, n)
		})
		if !errors.Is(err, baremetal.ErrLocked) {
			return err
		}
		select {
		case <-changed:
		case <-deadline.C:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func locked(n *baremetal.Node) error {
	return baremetal.Errorf(baremetal.ErrLocked,
		"Node %s is locked by host %s, please retry after the current operation is completed.", n.UUID, n.Reservation)
}

// accept takes a worker, and the node's reservation together with the change that
// f makes; on any error nothing is taken. After nil the caller owes run.
func (c *Conductor) accept(ctx context.Context, ident string, f func(tx *store.Tx, n *baremetal.Node) error) (uuid string, err error) {
	if err := c.worker(); err != nil {
		return "", err
	}
	err = c.Edit(ctx, ident, func(tx *store.Tx, n *baremetal.Node) error {
		if err := f(tx, n); err != nil {
			return err
		}
		uuid, n.Reservation = n.UUID, c.Host
		return tx.Nodes().Update(n)
	})
	if err != nil {
		<-c.workers
	}
	return uuid, err
}

// release gives the node's reservation back.
func (c *Conductor) release(uuid string) error {
	return c.change(context.Background(), uuid, func(n *baremetal.Node, _ time.Time) []baremetal.Event {
		n.Reservation = ""
		return nil
	})
}
