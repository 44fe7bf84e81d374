package conductor

import (
	"context"
	"time"

	"ironhook/baremetal"
	"ironhook/fleet"
	"ironhook/store"
)

// accept takes a worker, and reserves the node in the transaction of the change that f
// makes; on any error neither is taken. After nil the caller must call run.
func (c *Conductor) accept(ctx context.Context, ident string, f func(tx *store.Tx, n *baremetal.Node) error) (uuid string, err error) {
	if err := c.worker(); err != nil {
		return "", err
	}
	err = fleet.Edit(ctx, c.Store, ident, func(tx *store.Tx, n *baremetal.Node) error {
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

// release ends the node's reservation.
func (c *Conductor) release(uuid string) error {
	return c.change(context.Background(), uuid, func(n *baremetal.Node, _ time.Time) []baremetal.Event {
		n.Reservation = ""
		return nil
	})
}
