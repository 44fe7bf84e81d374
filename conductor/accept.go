package conductor

import (
	"context"

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
	uuid, err = c.reserve(ctx, ident, f)
	if err != nil {
		<-c.workers
	}
	return uuid, err
}

// reserve reserves the node in the transaction of the change that f makes. After nil the
// caller must release it.
func (c *Conductor) reserve(ctx context.Context, ident string, f func(tx *store.Tx, n *baremetal.Node) error) (uuid string, err error) {
	err = fleet.Edit(ctx, c.Store, ident, func(tx *store.Tx, n *baremetal.Node) error {
		if err := f(tx, n); err != nil {
			return err
		}
		uuid, n.Reservation = n.UUID, c.Host
		return tx.Nodes().Update(n)
	})
	return uuid, err
}

// release ends the node's reservation.
func (c *Conductor) release(uuid string) error {
	return c.Store.Update(context.Background(), func(tx *store.Tx) error {
		return tx.Nodes().Change(&baremetal.Node{UUID: uuid}, "reservation")
	})
}
