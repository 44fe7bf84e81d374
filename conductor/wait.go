package conductor

import (
	"context"
	"errors"
	"time"

	"ironhook/baremetal"
	"ironhook/store"
)

// longestWait is how long a node waits for its ramdisk; Ironic's *_callback_timeout.
const longestWait = 30 * time.Minute

// waits are the states in which a node waits for its ramdisk to report.
var waits = []string{
	string(baremetal.DeployWait), string(baremetal.CleanWait), string(baremetal.ServiceWait),
	string(baremetal.InspectWait), string(baremetal.RescueWait),
}

// errNotWaiting is the answer to a ramdisk that nothing waits for.
var errNotWaiting = errors.New("the node does not wait")

// Continue takes the steps up again of a node whose ramdisk has reported. A node that waits
// for nothing, or is worked on, is left alone: the next report comes soon.
func (c *Conductor) Continue(ctx context.Context, ident string) error {
	var state baremetal.ProvisionState
	uuid, err := c.accept(ctx, ident, func(tx *store.Tx, n *baremetal.Node) error {
		f, stepwise := flows[n.ProvisionState]
		next, ok := n.ProvisionState.Next(baremetal.Resume)
		if !ok || !stepwise || *f.field(n) == nil {
			return errNotWaiting
		}
		state = next
		return tx.Append(enterState(n, next, tx.Now()))
	})
	if errors.Is(err, errNotWaiting) || errors.Is(err, baremetal.ErrLocked) {
		return nil
	}
	if err != nil {
		return err
	}
	c.run(ctx, uuid, func(ctx context.Context) error { return c.carryOut(ctx, uuid, state) })
	return nil
}

// expire fails the nodes that have waited too long, as Ironic does. A node in maintenance
// is being looked after.
func (c *Conductor) expire(ctx context.Context) error {
	return c.Store.Update(ctx, func(tx *store.Tx) error {
		waiting, err := tx.Nodes().List(store.Query{Filters: []store.Filter{
			{Column: "provision_state", Match: store.In, Value: waits}, {Column: "reservation", Match: store.Null},
			{Column: "maintenance", Value: false},
		}})
		for _, n := range waiting {
			if err == nil && tx.Now().Sub(n.ProvisionUpdatedAt) > longestWait {
				err = expireNode(tx, n)
			}
		}
		return err
	})
}

func expireNode(tx *store.Tx, n *baremetal.Node) error {
	f, stepwise := flows[n.ProvisionState]
	next, _ := n.ProvisionState.Next(baremetal.Fail)
	n.LastError = "Timeout reached while waiting for callback for node " + n.UUID
	if err := tx.Append(baremetal.Event{Node: n.UUID, Kind: baremetal.EventError, Detail: n.LastError}); err != nil {
		return err
	}
	if err := tx.Append(enterState(n, next, tx.Now())); err != nil {
		return err
	}
	if stepwise {
		f.leave(n)
	}
	return tx.Nodes().Update(n)
}
