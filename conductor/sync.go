package conductor

import (
	"context"
	"errors"
	"time"

	"ironhook/baremetal"
	"ironhook/store"

	"golang.org/x/sync/errgroup"
)

// syncTime bounds the query of one BMC, syncWorkers the queries at once.
const (
	syncTime    = 30 * time.Second
	syncWorkers = 8
)

// expireInterval is the time between two searches for nodes that have waited too long.
const expireInterval = time.Minute

// Run is the power sync: it reads the power state of every machine periodically until ctx
// ends, so that the API also shows changes made at the machine. It observes and never
// switches. It also fails the nodes that have waited too long.
func (c *Conductor) Run(ctx context.Context) error {
	expiry := time.NewTicker(expireInterval)
	defer expiry.Stop()
	var power <-chan time.Time // nil never ticks
	if c.PowerInterval > 0 {
		tick := time.NewTicker(c.PowerInterval)
		defer tick.Stop()
		power = tick.C
	}
	for {
		var err error
		select {
		case <-ctx.Done():
			return nil
		case <-power:
			err = c.syncPower(ctx)
		case <-expiry.C:
			err = c.expire(ctx)
		}
		if err != nil && ctx.Err() == nil {
			c.Log.Error("look after the nodes", "error", err)
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

// observePower queries one machine. If the answer differs from the recorded state, it
// reserves the node and queries again, so that it never interferes with a verb.
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
		return // the node is reserved: the next round will see
	}
	c.run(ctx, uuid, func(ctx context.Context) error { return c.recordPower(ctx, n, power) })
}

var errOvertaken = errors.New("the power state has been recorded since")

// recordPower records the power state of a reserved node. If the machine is off, its
// volumes are detached as if Ironhook had switched it off.
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
