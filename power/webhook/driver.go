// Package webhook switches machines by HTTP requests: plugs, power strips and home
// automation in front of machines without a BMC, the hardware type "webhook". The devices
// it knows are rows of templates.go; any other is described by URLs.
//
// A plug cuts the power. So the soft actions are refused, and the machine's firmware must be
// set to switch on when the power returns.
package webhook

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"ironhook/baremetal"
	"ironhook/internal/limit"
	"ironhook/power/manual"
	"ironhook/power/webclient"
)

// HardwareType is the name of the hardware type and of its power interface, and the
// section of [baremetal.DriverKeys].
const HardwareType = "webhook"

// Config sets the pace. A zero field stands for the value in parentheses.
type Config struct {
	Off    time.Duration // without power in a reboot, for the capacitors of the machine (5 s)
	Poll   time.Duration // between two looks at the state while waiting (1 s)
	Settle time.Duration // for the device to show the new state (30 s)
}

// Power is the power interface. The boot order is set by hand, as with manual.Management.
// Its methods are safe for concurrent use.
type Power struct {
	manual.Management
	c Config
}

// New makes a driver.
func New(c Config) Power {
	for field, instead := range map[*time.Duration]time.Duration{&c.Off: 5 * time.Second, &c.Poll: time.Second, &c.Settle: 30 * time.Second} {
		if *field == 0 {
			*field = instead
		}
	}
	return Power{c: c}
}

// Keys lists the keys of driver_info that the driver reads.
func (Power) Keys() []baremetal.Key { return baremetal.DriverKeys[HardwareType] }

// Validate checks driver_info without sending anything; errors are ErrInvalid.
func (Power) Validate(n *baremetal.Node) error {
	_, err := parse(n)
	return err
}

// State asks the device; without webhook_state_url the state is unknown.
func (Power) State(ctx context.Context, n *baremetal.Node) (baremetal.PowerState, error) {
	i, err := parse(n)
	if err != nil || i.state.url == "" {
		return "", err
	}
	return state(ctx, n, i)
}

func state(ctx context.Context, n *baremetal.Node, i info) (baremetal.PowerState, error) {
	body, err := call(ctx, n, i, i.state)
	if err != nil {
		return "", err
	}
	s, err := i.match.state(body)
	if err != nil {
		return "", failed(n, i.state, err,
			"check webhook_template, and webhook_state_pointer, webhook_state_on and webhook_state_off; some devices answer so to a wrong password")
	}
	return s, nil
}

// Set switches, and returns when the device shows the state, or has taken the order if the
// state is unknown.
func (p Power) Set(ctx context.Context, n *baremetal.Node, target baremetal.PowerState) error {
	i, err := parse(n)
	if err != nil {
		return err
	}
	switch target {
	case baremetal.PowerOn:
		return p.order(ctx, n, i, i.on, target)
	case baremetal.PowerOff:
		return p.order(ctx, n, i, i.off, target)
	case baremetal.Reboot:
		if err := p.order(ctx, n, i, i.off, baremetal.PowerOff); err != nil {
			return err
		}
		if err := limit.Pause(ctx, p.c.Off); err != nil {
			return err
		}
		return p.order(ctx, n, i, i.on, baremetal.PowerOn)
	case baremetal.SoftPowerOff, baremetal.SoftReboot:
		return baremetal.Errorf(baremetal.ErrUnsupported, "node %s: %q needs the operating system, and a webhook only cuts the power: "+
			"shut it down there, then use \"power off\".", n.Label(), target)
	}
	return baremetal.Errorf(baremetal.ErrInvalid, "set_power_state called with an invalid power state: %s.", target)
}

func (p Power) order(ctx context.Context, n *baremetal.Node, i info, q request, want baremetal.PowerState) error {
	if _, err := call(ctx, n, i, q); err != nil || i.state.url == "" {
		return err
	}
	waiting, cancel := context.WithTimeout(ctx, p.c.Settle)
	defer cancel()
	for {
		got, err := state(waiting, n, i)
		switch {
		case got == want:
			return nil
		case err != nil && waiting.Err() == nil:
			return err
		case limit.Pause(waiting, p.c.Poll) == nil:
		case ctx.Err() != nil:
			return fmt.Errorf("node %s: wait for %q: %w", n.Label(), want, ctx.Err())
		default:
			return failed(n, q, fmt.Errorf("it took the order for %q, and does not show it %s later", want, p.c.Settle), "look at the device")
		}
	}
}

// call sends a request; anything but success is an error.
func call(ctx context.Context, n *baremetal.Node, i info, q request) ([]byte, error) {
	c := webclient.New(i.trust, i.timeout)
	defer c.Close()
	reply, err := c.Do(ctx, q.method, q.url, q.body, i.header)
	if err != nil {
		return nil, failed(n, q, err, "check the address, and that the device is on")
	}
	switch s := reply.Status; {
	case s >= 200 && s < 300:
		return reply.Body, nil
	case s >= 300 && s < 400:
		return nil, failed(n, q, fmt.Errorf("it redirects (%d), which is not followed", s), "set the address that it redirects to")
	case s == http.StatusUnauthorized || s == http.StatusForbidden:
		return nil, failed(n, q, fmt.Errorf("it refuses the login (%d)", s),
			"check webhook_username and webhook_password, webhook_token or webhook_headers")
	default:
		return nil, failed(n, q, fmt.Errorf("it answers %d %s", s, http.StatusText(s)), "check the address and what the device offers there")
	}
}

// failed says which machine, which device, what happened, what to do.
func failed(n *baremetal.Node, q request, cause error, advice string) error {
	if errors.Is(cause, context.Canceled) {
		advice = "it was interrupted"
	}
	return &webclient.Failure{Text: fmt.Sprintf("node %s: %s: %v; %s", n.Label(), webclient.Origin(q.url), cause, advice), Cause: cause}
}
