package redfish

import (
	"context"
	"fmt"
	"time"

	"ironhook/baremetal"
	"ironhook/internal/limit"
)

// order is what a BMC is told to do with the power.
type order int

const (
	on order = iota
	off
	soft
	interrupt
)

// plans are the power actions. A reboot is off and on, as with ipmi: after a reset it would
// be unknown whether it happened.
var plans = map[baremetal.PowerState][]order{
	baremetal.PowerOn: {on}, baremetal.PowerOff: {off}, baremetal.SoftPowerOff: {soft},
	baremetal.Reboot: {off, on}, baremetal.SoftReboot: {soft, on},
}

// results are the states that orders lead to.
var results = map[order]baremetal.PowerState{on: baremetal.PowerOn, off: baremetal.PowerOff, soft: baremetal.PowerOff}

// Set carries out a power action and returns when the BMC reports the state it leads to. A
// machine that is in that state already is left alone.
func (d *Driver) Set(ctx context.Context, n *baremetal.Node, target baremetal.PowerState) error {
	plan, ok := plans[target]
	if !ok {
		return baremetal.Errorf(baremetal.ErrInvalid, "set_power_state called with invalid power state %s.", target)
	}
	for _, o := range plan {
		if err := d.do(ctx, n, o); err != nil {
			return err
		}
	}
	return nil
}

// do gives an order, and again as long as the state is another: a BMC can take it and do
// nothing.
func (d *Driver) do(ctx context.Context, n *baremetal.Node, o order) error {
	patience, again := d.c.Hard, d.c.Again
	if o == soft {
		patience, again = d.c.Soft, 4*d.c.Again
	}
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	given, due := 0, time.Time{}
	for {
		there := false
		err := d.call(waiting, n, func(c *conversation, s *system) error {
			state, err := s.state()
			if there = state == results[o]; there || err != nil || time.Now().Before(due) {
				return err
			}
			given, due, again = given+1, time.Now().Add(again), 2*again
			return c.reset(waiting, s, o)
		})
		switch {
		case there && err == nil:
			return nil
		case err != nil && (waiting.Err() == nil || given == 0):
			return err
		case err == nil && limit.Pause(waiting, d.c.Poll) == nil:
		case ctx.Err() != nil:
			return fmt.Errorf("node %s: wait for %q: %w", n.Label(), results[o], ctx.Err())
		case o == soft:
			return fmt.Errorf("node %s: its operating system has not switched it off within %s: shut it down there, or use \"power off\": %w",
				n.Label(), patience, baremetal.ErrBMC)
		default:
			return fmt.Errorf("node %s: its BMC took the order for %q, %d times in %s, yet nothing has changed: look at the machine and at the "+
				"BMC's event log: %w",
				n.Label(), results[o], given, patience, baremetal.ErrBMC)
		}
	}
}
