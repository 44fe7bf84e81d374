package conductor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ironhook/baremetal"
	"ironhook/store"
)

// waker looks after the nodes that wait. Its method is for one goroutine.
type waker struct {
	*Conductor
	asked map[string]time.Time // when it last continued a node, by UUID
}

// round asks the steps again that want to be asked so often, and gives up the nodes that have
// waited too long, as Ironic does. A node in maintenance is being looked after: it is asked,
// and not given up. One that another task holds, or for which there is no worker, has its
// turn in a later round.
func (k *waker) round(ctx context.Context) error {
	waiting, now, err := k.waiting(ctx)
	if len(waiting) == 0 {
		clear(k.asked)
	}
	for _, n := range waiting {
		w, since := flows[n.ProvisionState].waiting(n)
		switch {
		case err != nil:
			return err
		case now.Sub(since) > w.Within && !n.Maintenance:
			err = k.timeOut(ctx, n.UUID)
		case w.Every > 0 && now.Sub(k.asked[n.UUID]) >= w.Every:
			k.asked[n.UUID] = now
			err = k.Continue(ctx, n.UUID)
		}
		err = ignoring(ignoring(err, baremetal.ErrBusy), baremetal.ErrLocked)
	}
	return err
}

func (c *Conductor) waiting(ctx context.Context) (nodes []*baremetal.Node, now time.Time, err error) {
	err = c.Store.View(ctx, func(tx *store.Tx) (err error) {
		now = tx.Now()
		nodes, err = tx.Nodes().List(store.Query{Filters: []store.Filter{
			{Column: "provision_state", Match: store.In, Value: waits}, {Column: "reservation", Match: store.Null},
		}})
		return err
	})
	return nodes, now, err
}

// timeOut gives up a node that has waited too long.
func (c *Conductor) timeOut(ctx context.Context, uuid string) error {
	var node baremetal.Node
	_, err := c.accept(ctx, uuid, func(tx *store.Tx, n *baremetal.Node) error {
		w, since := flows[n.ProvisionState].waiting(n)
		if _, waits := n.ProvisionState.Next(baremetal.Resume); !waits || tx.Now().Sub(since) <= w.Within {
			return errNotWaiting
		}
		node = *n
		return nil
	})
	if err != nil {
		return ignoring(err, errNotWaiting)
	}
	c.run(ctx, uuid, func(ctx context.Context) error { return c.giveUp(ctx, &node, "%[2]s", tooLong(&node)) })
	return nil
}

// tooLong is the end of a wait. For a ramdisk the words are Ironic's.
func tooLong(n *baremetal.Node) error {
	if w, _ := flows[n.ProvisionState].waiting(n); w.For != "" && w.For != ramdisk {
		return fmt.Errorf("waited %v for %s", w.Within, w.For)
	}
	return errors.New("Timeout reached while waiting for callback for node " + n.UUID) //nolint:staticcheck // Ironic's sentence
}
