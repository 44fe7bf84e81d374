package conductor

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"
)

// wakeInterval is the time between two looks at the nodes that wait.
const wakeInterval = 5 * time.Second

// recoveryInterval is the time between two looks at the machines whose BMC failed; Ironic's
// power_failure_recovery_interval.
const recoveryInterval = 5 * time.Minute

// Run looks after the nodes until ctx ends: it reads the power state of every machine
// periodically, so that the API also shows changes made at the machine, and fails the nodes
// that have waited too long. It observes and never switches.
func (c *Conductor) Run(ctx context.Context) error {
	sync := newPowerSync(c)
	defer sync.asks.Wait()
	defer c.sensors.asks.Wait()
	var g errgroup.Group
	wake := &waker{c, map[string]time.Time{}}
	g.Go(func() error { return c.every(ctx, wakeInterval, wake.round) })
	g.Go(func() error { return c.every(ctx, deafInterval, c.searchDeaf) })
	if c.PowerInterval > 0 {
		g.Go(func() error { return c.every(ctx, c.PowerInterval, sync.round) })
		g.Go(func() error { return c.every(ctx, recoveryInterval, sync.recovery) })
		g.Go(func() error { return c.every(ctx, recoveryInterval, sync.healths) })
	}
	if c.SensorInterval > 0 {
		g.Go(func() error { return c.every(ctx, c.SensorInterval, c.sensors.round) })
	}
	return g.Wait()
}

// every calls f at once and then each interval until ctx ends. An error is for the log: the next call may fare better.
func (c *Conductor) every(ctx context.Context, interval time.Duration, f func(context.Context) error) error {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		if err := f(ctx); err != nil && ctx.Err() == nil {
			c.Log.Error("look after the nodes", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
