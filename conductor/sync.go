package conductor

import (
	"context"
	"time"

	"ironhook/baremetal"
	"ironhook/store"

	"golang.org/x/sync/errgroup"
)

// syncTime bounds one question to a BMC, syncWorkers how many are asked at once.
const (
	syncTime    = 30 * time.Second
	syncWorkers = 8
)

// Run asks every machine for its power state again and again until ctx ends, so
// that what the API shows stays true when somebody presses a button. It observes
// and never switches.
func (c *Conductor) Run(ctx context.Context) error {
	if c.PowerInterval == 0 {
		<-ctx.Done()
		return nil
	}
	tick := time.NewTicker(c.PowerInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if err := c.syncPower(ctx); err != nil && ctx.Err() == nil {
				c.Log.Error("ask machines for their power state", "error", err)
			}
		}
	}
}

func (c *Conductor) syncPower(ctx context.Context) error {
	var nodes []*baremetal.Node
	err := c.Store.View(ctx, func(tx *store.Tx) (err error) {
		nodes, err = tx.Nodes().List(store.Query{Filters: []store.Filter{
			{Column: "reservation", Match: store.Null},
			{Column: "maintenance", Value: false},
			{Column: "provision_state", Match: store.NotEqual, Value: string(baremetal.Enroll)},
		}})
		return err
	})
	if err != nil {
		return err
	}
	var g errgroup.Group
	g.SetLimit(syncWorkers)
	for _, n := range nodes {
		g.Go(func() error { c.observePower(ctx, n); return nil })
	}
	return g.Wait()
}

// observePower asks one machine and records a changed answer, unless the node was
// taken in the meantime.
func (c *Conductor) observePower(ctx context.Context, n *baremetal.Node) {
	ctx, cancel := context.WithTimeout(ctx, syncTime)
	defer cancel()
	power, err := c.powerOf(n, "power")
	if err != nil || power.Validate(n) != nil {
		return
	}
	state, err := power.State(ctx, n)
	if err != nil || state == "" || state == n.PowerState {
		if err != nil {
			c.Log.Warn("ask for power state", "node", n.UUID, "error", err)
		}
		return
	}
	if err := c.recordPower(ctx, n, state); err != nil {
		c.Log.Error("record power state", "node", n.UUID, "error", err)
	}
}

func (c *Conductor) recordPower(ctx context.Context, seen *baremetal.Node, state baremetal.PowerState) error {
	return c.Store.Update(ctx, func(tx *store.Tx) error {
		n, err := tx.Nodes().Get(seen.UUID)
		if err != nil || n.Reservation != "" || n.PowerState != seen.PowerState {
			return err
		}
		kind := baremetal.EventPowerOn
		if state == baremetal.PowerOff {
			kind = baremetal.EventPowerOff
		}
		setPower(n, state, tx.Now())
		if err := tx.Nodes().Update(n); err != nil {
			return err
		}
		return tx.Append(baremetal.Event{Node: n.UUID, Kind: kind, Detail: "seen: not by Ironhook"})
	})
}
