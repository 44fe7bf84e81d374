package conductor

import (
	"context"
	"fmt"

	"ironhook/baremetal"
	"ironhook/store"
)

// Recover releases the nodes that this conductor had reserved when it stopped and fails
// their unfinished work, as Ironic does at its start. Reports of ramdisks that were accepted are made
// records of. It must be called before any verb is accepted.
func (c *Conductor) Recover(ctx context.Context) error {
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
		}
		return nil
	})
	for _, uuid := range reported {
		c.workers <- struct{}{} // when all work, the next waits for one
		c.finishInspection(ctx, uuid)
	}
	return err
}

func (c *Conductor) recoverNode(tx *store.Tx, n *baremetal.Node) error {
	n.Reservation = ""
	if n.TargetPowerState != "" {
		n.TargetPowerState = ""
		n.LastError = "Ironhook stopped during a power action; ask for it again."
	}
	if n.ProvisionState.Transient() {
		f, stepwise := flows[n.ProvisionState]
		next, _ := n.ProvisionState.Next(baremetal.Fail)
		n.LastError = fmt.Sprintf("Ironhook stopped while the node was %s; ask for it again.", n.ProvisionState)
		if err := tx.Append(enterState(n, next, tx.Now())); err != nil {
			return err
		}
		if stepwise {
			f.leave(n)
		}
	}
	return tx.Nodes().Update(n)
}
