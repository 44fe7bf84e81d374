// Package redfish switches machines and chooses their boot device through BMCs that speak
// Redfish (DMTF DSP0266): Ironic's hardware type and interface "redfish".
//
// A call is one login, which ends with it: BMCs have room for few sessions. Calls for one
// BMC wait for each other. Paths that a BMC names are followed only on the BMC itself, and
// redirects not at all. Nothing that a BMC says is repeated in an error but a MessageId.
package redfish

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"ironhook/baremetal"
	"ironhook/power/webclient"
)

// HardwareType is the name of the hardware type and of its interfaces, and the section of
// [baremetal.DriverKeys].
const HardwareType = "redfish"

// Config sets the pace. A zero field stands for the value in parentheses.
type Config struct {
	Request  time.Duration // for one request (30 s)
	Patience time.Duration // how long a BMC that is busy is asked again (1 min)
	Hard     time.Duration // for the power to change when it is switched (1 min)
	Soft     time.Duration // for an operating system to shut down (10 min)
	Poll     time.Duration // between two looks at the power while waiting (1 s)
	Again    time.Duration // until an order without effect is given again (15 s)
	Update   time.Duration // for a component to take new firmware (14 min)
}

// Driver is the power and management interface. Its methods are safe for concurrent use.
type Driver struct {
	c     Config
	mu    sync.Mutex
	turns map[string]chan struct{} // by address: holds one token
}

// New makes a driver. It starts nothing.
func New(c Config) *Driver {
	for field, instead := range map[*time.Duration]time.Duration{
		&c.Request: 30 * time.Second, &c.Patience: time.Minute, &c.Hard: time.Minute, &c.Soft: 10 * time.Minute,
		&c.Poll: time.Second, &c.Again: 15 * time.Second, &c.Update: 14 * time.Minute,
	} {
		if *field == 0 {
			*field = instead
		}
	}
	return &Driver{c: c, turns: map[string]chan struct{}{}}
}

// Keys lists the keys of driver_info that the driver reads.
func (*Driver) Keys() []baremetal.Key { return baremetal.DriverKeys[HardwareType] }

// Validate checks driver_info without talking to the BMC; errors are ErrInvalid.
func (d *Driver) Validate(n *baremetal.Node) error {
	_, err := d.parse(n)
	return err
}

// State asks the BMC whether the machine is on.
func (d *Driver) State(ctx context.Context, n *baremetal.Node) (state baremetal.PowerState, err error) {
	err = d.call(ctx, n, func(_ *conversation, s *system) error {
		state, err = s.state()
		return err
	})
	return state, err
}

// BootDevices lists what SetBootDevice accepts.
func (*Driver) BootDevices() []string { return deviceNames() }

// BootDevice asks the BMC; "" is none.
func (d *Driver) BootDevice(ctx context.Context, n *baremetal.Node) (device string, persistent bool, err error) {
	err = d.call(ctx, n, func(_ *conversation, s *system) error {
		device, persistent = s.bootDevice()
		return nil
	})
	return device, persistent, err
}

// SetBootDevice chooses what the machine boots from, next time or from now on. A BMC that
// knows no override that lasts takes it for the next time. One that refuses is
// ErrBootDevice.
func (d *Driver) SetBootDevice(ctx context.Context, n *baremetal.Node, device string, persistent bool) error {
	return d.call(ctx, n, func(c *conversation, s *system) error { return c.setBoot(ctx, s, device, persistent, n.BootsUEFI()) })
}

// InjectNMI raises a diagnostic interrupt on the machine.
func (d *Driver) InjectNMI(ctx context.Context, n *baremetal.Node) error {
	return d.call(ctx, n, func(c *conversation, s *system) error { return c.reset(ctx, s, interrupt) })
}

// call has f use the node's system when it is our turn at the BMC.
func (d *Driver) call(ctx context.Context, n *baremetal.Node, f func(*conversation, *system) error) error {
	i, err := d.parse(n)
	if err != nil {
		return err
	}
	turn := d.turn(i.address)
	select {
	case <-turn:
		defer func() { turn <- struct{}{} }()
	case <-ctx.Done():
		return fmt.Errorf("node %s: wait for other calls to its BMC: %w", n.Label(), ctx.Err())
	}
	c, err := login(ctx, i, d.c.Patience)
	if err != nil {
		return explain(n, i, err)
	}
	defer c.end(ctx)
	s, err := c.system(ctx)
	if err == nil {
		err = f(c, s)
	}
	return explain(n, i, err)
}

func (d *Driver) turn(address string) chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.turns[address] == nil {
		d.turns[address] = make(chan struct{}, 1)
		d.turns[address] <- struct{}{}
	}
	return d.turns[address]
}

// remedies is what to look at for each kind of failure.
var remedies = []struct {
	kind   error
	advice string
}{
	{errLogin, "check redfish_username, redfish_password and redfish_auth_type, and that the BMC lets this user switch"},
	{errSystem, "set redfish_system_id to the path of the machine"},
	{baremetal.ErrBootDevice,
		"put that device first in the boot order of the machine's firmware; with management_interface noop the BMC is not asked"},
	{errNoAnswer, "check redfish_address and redfish_verify_ca, and that Redfish is enabled on the BMC"},
	{errNoMedium, "ask for one that it has: GET /v1/nodes/NODE/vmedia lists them"},
	{errProtocol, "check redfish_address; restart the BMC, or update its firmware"},
}

// explain makes an operator's error, which keeps the kinds of err.
func explain(n *baremetal.Node, i info, err error) error {
	if err == nil || errors.Is(err, baremetal.ErrInvalid) || errors.Is(err, baremetal.ErrUnsupported) {
		return err
	}
	text := fmt.Sprintf("node %s: BMC %s: %v", n.Label(), webclient.Origin(i.address), err)
	for _, r := range remedies {
		if errors.Is(err, r.kind) {
			text += "; " + r.advice
			break
		}
	}
	return &webclient.Failure{Text: text, Cause: err}
}
