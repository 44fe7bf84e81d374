package conductor

import (
	"context"
	"errors"
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

// observePower asks one machine; when its answer differs from what is recorded,
// the node is taken and asked again, so that no verb is overtaken.
func (c *Conductor) observePower(ctx context.Context, n *baremetal.Node) {
	ctx, cancel := context.WithTimeout(ctx, syncTime)
	defer cancel()
	power, err := c.powerOf(n, "power")
	if err != nil || power.Validate(n) != nil {
		return
	}
	state, err := power.State(ctx, n)
	if err != nil {
		c.Log.Warn("ask for power state", "node", n.UUID, "error", err)
		return
	}
	if state == "" || state == n.PowerState {
		return
	}
	uuid, err := c.accept(ctx, n.UUID, func(_ *store.Tx, now *baremetal.Node) error {
		if now.PowerState != n.PowerState {
			return errOvertaken
		}
		return nil
	})
	if err != nil {
		return // somebody is at work on it: the next round sees
	}
	c.run(ctx, uuid, func(ctx context.Context) error { return c.recordPower(ctx, n, power) })
}

var errOvertaken = errors.New("the power state has been recorded since")

// recordPower writes down what a reserved machine says. One that is off has no use
// for its volumes; they are withdrawn as if Ironhook had switched it off.
func (c *Conductor) recordPower(ctx context.Context, n *baremetal.Node, power Power) error {
	state, err := power.State(ctx, n)
	if err != nil || state == "" || state == n.PowerState {
		return err
	}
	event := baremetal.Event{Kind: baremetal.EventPowerOn, Detail: "seen on; not switched by Ironhook"}
	if state == baremetal.PowerOff {
		event = baremetal.Event{Kind: baremetal.EventPowerOff, Detail: "seen off; not switched by Ironhook"}
		c.withdraw(ctx, n)
	}
	return c.change(ctx, n.UUID, func(n *baremetal.Node, now time.Time) []baremetal.Event {
		setPower(n, state, now)
		return []baremetal.Event{event}
	})
}
