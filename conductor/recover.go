package conductor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"ironhook/baremetal"
	"ironhook/store"
)

// recoveries is how many interrupted plans are taken back at once.
const recoveries = 16

// Recover fails the work that this conductor had not finished when it stopped, as Ironic does at
// its start, and releases the nodes. A node that waits goes on waiting: its step was only asked how it does,
// or was being given up, which is done again. One that stood in a plan of steps stays reserved until
// what the plan had done is undone, which goes on after Recover has returned: its machine must
// not run what has failed. Reports of ramdisks that were accepted are made records of. Recover must be called before any verb is accepted.
func (c *Conductor) Recover(ctx context.Context) error {
	var cut []*baremetal.Node
	var reported []string
	err := c.Store.Update(ctx, func(tx *store.Tx) error {
		held, err := tx.Nodes().List(store.Query{Filters: []store.Filter{{Column: "reservation", Match: store.NotNull}}})
		if err != nil {
			return err
		}
		for _, n := range held {
			r, err := tx.Reports().Find(n.UUID)
			if err != nil {
				return err
			}
			if r != nil && n.ProvisionState == baremetal.Inspecting {
				reported = append(reported, n.UUID) // it stays reserved
				continue
			}
			if err := c.recoverNode(tx, n); err != nil {
				return fmt.Errorf("recover node %s: %w", n.UUID, err)
			}
			if n.Reservation != "" {
				cut = append(cut, n)
			}
		}
		return nil
	})
	for _, uuid := range reported {
		c.workers <- struct{}{} // when all work, the next waits for one
		c.finishInspection(ctx, uuid)
	}
	if len(cut) > 0 && err == nil {
		c.tasks.Go(func() { c.takeBackAll(cut) })
	}
	return err
}

func (c *Conductor) recoverNode(tx *store.Tx, n *baremetal.Node) error {
	n.Reservation = ""
	if n.TargetPowerState != "" {
		n.TargetPowerState = ""
		n.LastError = "Ironhook stopped during a power action; ask for it again."
	}
	f, underway := flowOf(n)
	if underway && !slices.Contains(waits, string(n.ProvisionState)) {
		n.Reservation = c.Host
		f.show(n, nil)
	}
	if n.ProvisionState.Transient() {
		next, _ := n.ProvisionState.Next(baremetal.Fail)
		n.LastError = fmt.Sprintf("Ironhook stopped while the node was %s; ask for it again.", n.ProvisionState)
		if err := tx.Append(enterState(n, next, tx.Now())); err != nil {
			return err
		}
	}
	return tx.Nodes().Update(n)
}

// takeBackAll undoes the plans of reserved nodes, and releases each.
func (c *Conductor) takeBackAll(nodes []*baremetal.Node) {
	var g errgroup.Group
	g.SetLimit(recoveries)
	for _, n := range nodes {
		g.Go(func() error {
			ctx, cancel := context.WithTimeout(c.base, taskTime)
			defer cancel()
			if err := errors.Join(c.takeBackCut(ctx, n), c.base.Err()); err != nil {
				c.Log.Error("take back what an exit interrupted", "node", n.UUID, "error", err)
			}
			if c.base.Err() != nil {
				return nil // the next Recover goes on
			}
			if err := c.release(n.UUID); err != nil {
				c.Log.Error("release node", "node", n.UUID, "error", err)
			}
			return nil
		})
	}
	_ = g.Wait() // each has logged its own
}

// takeBackCut undoes the plan of one node. What goes wrong is added to its last_error.
func (c *Conductor) takeBackCut(ctx context.Context, n *baremetal.Node) error {
	f, _ := flowOf(n)
	failed := c.takeBack(ctx, n, nil)
	if c.base.Err() != nil {
		return nil
	}
	return errors.Join(failed, c.change(ctx, n.UUID, func(n *baremetal.Node, _ time.Time) []baremetal.Event {
		f.leave(n)
		if failed == nil {
			return nil
		}
		n.LastError += "; " + sentence(failed)
		return []baremetal.Event{{Kind: baremetal.EventError, Detail: n.LastError}}
	}))
}
