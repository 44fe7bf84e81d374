package ipmi

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"ironhook/baremetal"
	"ironhook/internal/limit"
	"ironhook/power/ipmi/rmcp"
)

// Config sets the pace. A zero field stands for the value in parentheses.
type Config struct {
	Pause    time.Duration // between two sessions with one BMC (250 ms)
	Turn     time.Duration // of a session with much to read, while another call waits (5 s)
	Patience time.Duration // how long calls to a silent or busy BMC are repeated (30 s)
	Hard     time.Duration // for the power to change when it is switched (1 min)
	Soft     time.Duration // for an operating system to shut down (10 min)
	Poll     time.Duration // between two queries of the power state while waiting (1 s)

	// How long an order may be without effect before it is given again; each time
	// twice as long.
	HardAgain time.Duration // on and off (4 s)
	SoftAgain time.Duration // a request to the operating system (1 min)
}

// Driver is the power and management interface "ipmitool". Its methods are safe
// for concurrent use.
type Driver struct {
	c       Config
	mu      sync.Mutex
	gates   map[string]*gate        // by address of the BMC
	records map[string]*keptRecords // of sensors, by the same
}

// New makes a driver. It starts nothing.
func New(c Config) *Driver {
	for _, p := range []struct {
		field   *time.Duration
		instead time.Duration
	}{
		{&c.Pause, 250 * time.Millisecond}, {&c.Turn, 5 * time.Second}, {&c.Patience, 30 * time.Second},
		{&c.Hard, time.Minute}, {&c.Soft, 10 * time.Minute}, {&c.Poll, time.Second},
		{&c.HardAgain, 4 * time.Second}, {&c.SoftAgain, time.Minute},
	} {
		if *p.field == 0 {
			*p.field = p.instead
		}
	}
	return &Driver{c: c, gates: map[string]*gate{}, records: map[string]*keptRecords{}}
}

// Commands of the chassis (chapter 28).
const (
	cmdStatus     = 0x01
	cmdControl    = 0x02
	cmdSetOptions = 0x08
	cmdGetOptions = 0x09

	optionValidBits = 3 // which events clear the boot flags
	optionBootFlags = 5
	keepOnTimeout   = 0x08
)

// Validate checks driver_info without talking to the BMC; errors are ErrInvalid.
func (d *Driver) Validate(n *baremetal.Node) error {
	_, err := parse(n)
	return err
}

// State asks the BMC whether the machine is on.
func (d *Driver) State(ctx context.Context, n *baremetal.Node) (state baremetal.PowerState, err error) {
	err = d.call(ctx, n, func(_ info, s *rmcp.Session) error {
		state, err = powerState(ctx, s)
		return err
	})
	return state, err
}

func powerState(ctx context.Context, s *rmcp.Session) (baremetal.PowerState, error) {
	b, err := s.Again(ctx, rmcp.NetFnChassis, cmdStatus)
	switch {
	case err != nil:
		return "", err
	case len(b) < 1:
		return "", fmt.Errorf("%w: empty chassis status", rmcp.ErrProtocol)
	case b[0]&1 == 0:
		return baremetal.PowerOff, nil
	}
	return baremetal.PowerOn, nil
}

// Keys lists the keys of driver_info that the driver reads.
func (d *Driver) Keys() []baremetal.Key { return baremetal.DriverKeys["ipmi"] }

// BootDevices lists what SetBootDevice accepts.
func (d *Driver) BootDevices() []string { return deviceNames() }

// BootDevice asks the BMC. The result is "" when it has no valid boot flags: the
// machine's own boot order decides.
func (d *Driver) BootDevice(ctx context.Context, n *baremetal.Node) (device string, persistent bool, err error) {
	err = d.call(ctx, n, func(_ info, s *rmcp.Session) error {
		b, err := s.Again(ctx, rmcp.NetFnChassis, cmdGetOptions, optionBootFlags, 0, 0)
		if errors.Is(err, rmcp.ParameterNotThere) {
			return nil
		}
		if err == nil && len(b) >= 2 {
			device, persistent = decodeFlags(b[2:])
		}
		return err
	})
	return device, persistent, err
}

// SetBootDevice sets what the machine boots from, next time or from now on. The error of
// a BMC that refuses twice is ErrBootDevice.
func (d *Driver) SetBootDevice(ctx context.Context, n *baremetal.Node, device string, persistent bool) error {
	return d.call(ctx, n, func(i info, s *rmcp.Session) error {
		flags, err := i.encodeFlags(device, persistent)
		if err != nil {
			return err
		}
		if i.keepsFlags {
			if err := keepFlags(ctx, s); err != nil {
				return err
			}
		}
		err = setFlags(ctx, s, flags)
		code := rmcp.CompletionError(0)
		if errors.As(err, &code) && limit.Pause(ctx, d.c.Pause) == nil {
			err = setFlags(ctx, s, flags)
		}
		if errors.As(err, &code) {
			return fmt.Errorf("it refuses the boot device %s: %w", device, refusal{code})
		}
		return err
	})
}

func setFlags(ctx context.Context, s *rmcp.Session, flags []byte) error {
	_, err := s.Do(ctx, rmcp.NetFnChassis, cmdSetOptions, append([]byte{optionBootFlags}, flags...)...)
	return err
}

// keepFlags stops the BMC from forgetting the boot flags after a minute. One that
// refuses, with whatever code, has no such timeout or cannot be helped: the power
// command follows within the minute as a rule.
func keepFlags(ctx context.Context, s *rmcp.Session) error {
	_, err := s.Do(ctx, rmcp.NetFnChassis, cmdSetOptions, optionValidBits, keepOnTimeout)
	if code := rmcp.CompletionError(0); errors.As(err, &code) {
		return nil
	}
	return err
}

// InjectNMI raises a diagnostic interrupt on the machine.
func (d *Driver) InjectNMI(ctx context.Context, n *baremetal.Node) error {
	return d.call(ctx, n, func(_ info, s *rmcp.Session) error { return control(ctx, s, controlDiagnostic) })
}

// call runs f on a session with the node's BMC when it is our turn, and repeats it while
// the BMC is silent or busy, until Patience is over. Other calls have their turn before each repetition.
func (d *Driver) call(ctx context.Context, n *baremetal.Node, f func(info, *rmcp.Session) error) error {
	i, err := parse(n)
	if err != nil {
		return err
	}
	g := d.gate(i.address)
	session := func() error {
		defer g.leave()
		return g.session(ctx, i, d.c.Pause, func(s *rmcp.Session) error { return f(i, s) })
	}
	var patience time.Time // ends, from the first turn on
	for pause := time.Second; ; pause *= 2 {
		if err := g.enter(ctx); err != nil {
			return fmt.Errorf("node %s: wait for other calls to BMC %s: %w", n.Label(), i.address, err)
		}
		if patience.IsZero() {
			patience = time.Now().Add(d.c.Patience)
		}
		err := session()
		if err == nil || !passes(err) || time.Now().Add(pause).After(patience) || limit.Pause(ctx, pause) != nil {
			return explain(n, i, err)
		}
	}
}

// walk reads what takes long, in as many sessions as it takes until it is over. It gives way to other calls: a slow BMC takes
// minutes for its sensors or its log, for which the power sync would give it up. That asks twice where the power has changed, so
// the next session begins a turn later.
func (d *Driver) walk(ctx context.Context, n *baremetal.Node, over *bool,
	read func(i info, s *rmcp.Session, givesWay func() bool) error) error {
	for !*over {
		gave := false
		err := d.call(ctx, n, func(i info, s *rmcp.Session) error {
			return read(i, s, func() bool {
				gave = gave || d.gate(i.address).overdue(d.c.Turn)
				return gave
			})
		})
		if err == nil && gave {
			err = limit.Pause(ctx, d.c.Turn)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// passes reports whether the same call may succeed a little later.
func passes(err error) bool {
	return errors.Is(err, rmcp.ErrNoAnswer) || errors.Is(err, rmcp.ErrBusy) || errors.Is(err, rmcp.ErrProtocol)
}

func (d *Driver) gate(address string) *gate {
	d.mu.Lock()
	defer d.mu.Unlock()
	g, ok := d.gates[address]
	if !ok {
		g = newGate()
		d.gates[address] = g
	}
	return g
}
