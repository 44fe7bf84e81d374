package ipmi

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ironhook/baremetal"
	"ironhook/power/ipmi/rmcp"
)

// Chassis control (table 28-4).
const (
	controlOff        = 0
	controlOn         = 1
	controlDiagnostic = 4
	controlSoft       = 5
)

// step is one order to the BMC and the state it leads to.
type step struct {
	control byte
	want    baremetal.PowerState
}

var (
	on   = step{controlOn, baremetal.PowerOn}
	off  = step{controlOff, baremetal.PowerOff}
	soft = step{controlSoft, baremetal.PowerOff}
)

// plans are the power actions. A reboot is off and on, as in Ironic, and not
// control 3, reset: after it nobody could tell whether it happened.
var plans = map[baremetal.PowerState][]step{
	baremetal.PowerOn:      {on},
	baremetal.PowerOff:     {off},
	baremetal.SoftPowerOff: {soft},
	baremetal.Reboot:       {off, on},
	baremetal.SoftReboot:   {soft, on},
}

// Set carries out a power action and returns when the BMC reports the state it
// leads to. A machine that is in that state already is left alone.
func (d *Driver) Set(ctx context.Context, n *baremetal.Node, target baremetal.PowerState) error {
	plan, ok := plans[target]
	if !ok {
		return baremetal.Errorf(baremetal.ErrInvalid, "set_power_state called with invalid power state %s.", target)
	}
	for _, s := range plan {
		if err := d.do(ctx, n, s); err != nil {
			return err
		}
	}
	return nil
}

// do gives one order, unless it would change nothing, and waits for its effect.
func (d *Driver) do(ctx context.Context, n *baremetal.Node, s step) error {
	limit := d.c.Hard
	if s == soft {
		limit = d.c.Soft
	}
	waiting, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	there := false
	err := d.call(waiting, n, func(_ info, session *rmcp.Session) error {
		state, err := powerState(waiting, session)
		if there = state == s.want; err != nil || there {
			return err
		}
		return control(waiting, session, s.control)
	})
	for pause := d.c.Pause; err == nil && !there; pause = min(2*pause, d.c.Poll) {
		if sleep(waiting, pause) != nil {
			return stuck(ctx, n, s, limit)
		}
		var state baremetal.PowerState
		state, err = d.State(waiting, n)
		if err != nil && waiting.Err() != nil {
			return stuck(ctx, n, s, limit)
		}
		there = state == s.want
	}
	return err
}

// control sends one order. "Not in the present state" is what some BMCs say to
// "on" when it is on; what the state is will be seen.
func control(ctx context.Context, s *rmcp.Session, order byte) error {
	_, err := s.Do(ctx, rmcp.NetFnChassis, cmdControl, order)
	if errors.Is(err, rmcp.NotInPresentState) {
		return nil
	}
	return err
}

// stuck is the error of a BMC that took the order and did nothing.
func stuck(ctx context.Context, n *baremetal.Node, s step, limit time.Duration) error {
	if ctx.Err() != nil {
		return fmt.Errorf("node %s: wait for %q: %w", n.Label(), s.want, ctx.Err())
	}
	if s == soft {
		return fmt.Errorf("node %s: its operating system has not switched it off within %s: shut it down there, or use \"power off\"", n.Label(), limit)
	}
	return fmt.Errorf("node %s: its BMC took the order for %q, yet within %s nothing has changed: look at the machine's front panel and at the BMC's event log", n.Label(), s.want, limit)
}
