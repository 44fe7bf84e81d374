package ipmi

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ironhook/baremetal"
	"ironhook/internal/limit"
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
// control 3, reset: there is no way to verify that a reset happened.
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

// do brings the machine to the state that the step leads to. It repeats the order until
// the state is reached: a BMC can answer 00 and do nothing, for some seconds after
// switching off or just once.
func (d *Driver) do(ctx context.Context, n *baremetal.Node, s step) error {
	patience, o := d.c.Hard, order{step: s, pause: d.c.HardAgain}
	if s == soft {
		patience, o.pause = d.c.Soft, d.c.SoftAgain
	}
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for pause := d.c.Pause; ; pause = min(2*pause, d.c.Poll) {
		there := false
		err := d.call(waiting, n, func(_ info, session *rmcp.Session) (err error) {
			there, err = o.give(waiting, session)
			return err
		})
		switch {
		case there:
			return nil
		case err != nil && (waiting.Err() == nil || o.given == 0):
			return err
		case err != nil || limit.Pause(waiting, pause) != nil:
			return stuck(ctx, n, o, patience)
		}
	}
}

// order is a step under way.
type order struct {
	step
	given int           // how often the BMC has accepted it
	due   time.Time     // when it is given again
	pause time.Duration // until the time after that
}

// give reports whether the machine is in the state that the order leads to. When it is
// not and the order is due, the order is given.
func (o *order) give(ctx context.Context, s *rmcp.Session) (there bool, err error) {
	state, err := powerState(ctx, s)
	if err != nil || state == o.want || time.Now().Before(o.due) {
		return state == o.want, err
	}
	if err := control(ctx, s, o.control); err != nil {
		return false, err
	}
	o.given++
	o.due, o.pause = time.Now().Add(o.pause), 2*o.pause
	return false, nil
}

// control sends one order. "Not in the present state" is what some BMCs say to
// "on" when it is on; the next query shows the state.
func control(ctx context.Context, s *rmcp.Session, order byte) error {
	send := s.Again
	if order == controlDiagnostic { // it may have been carried out despite the error, and must not happen twice
		send = s.Do
	}
	_, err := send(ctx, rmcp.NetFnChassis, cmdControl, order)
	if errors.Is(err, rmcp.NotInPresentState) {
		return nil
	}
	return err
}

// stuck is the error for a BMC that accepted the order and did nothing.
func stuck(ctx context.Context, n *baremetal.Node, o order, patience time.Duration) error {
	if ctx.Err() != nil {
		return fmt.Errorf("node %s: wait for %q: %w", n.Label(), o.want, ctx.Err())
	}
	if o.step == soft {
		return fmt.Errorf("node %s: its operating system has not switched it off within %s: shut it down there, or use \"power off\"", n.Label(),
			patience)
	}
	return fmt.Errorf("node %s: its BMC took the order for %q, %d times in %s, yet nothing has changed: look at the machine's front panel "+
		"and at the BMC's event log",
		n.Label(), o.want, o.given, patience)
}
