// Package manual is for machines without a BMC, Ironic's hardware type
// manual-management: a person presses the button and has set the boot order to
// network first. The log and an event say when a person has to act; the power state is
// assumed to be the one last requested. Plans wait for the person where manual_wait says how
// long; without it they do not, as in Ironic.
package manual

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"ironhook/baremetal"
	"ironhook/power/driverinfo"
	"ironhook/power/fake"
)

// Power is the power interface "fake". For nodes of the hardware type
// manual-management it asks a person to act; for all others it is fake.Driver. Its
// methods are safe for concurrent use.
type Power struct {
	fake.Driver // stores the requested state in the node

	Log *slog.Logger
	// Tell has an event of the node say what a person has to do. nil: only the log does.
	Tell func(ctx context.Context, node, detail string)
}

// HardwareType is the name of Ironic's hardware type for machines without a BMC.
const HardwareType = baremetal.Manual

// chores is what a person has to do for each power action.
var chores = map[baremetal.PowerState]string{
	baremetal.PowerOn:      "press its power button; it shall boot from the network",
	baremetal.PowerOff:     "switch it off",
	baremetal.Reboot:       "switch it off and on again; it shall boot from the network",
	baremetal.SoftPowerOff: "shut its operating system down",
	baremetal.SoftReboot:   "restart its operating system",
}

// Set succeeds at once and logs what a person has to do, unless the machine is assumed
// to be in that state already.
func (p Power) Set(ctx context.Context, n *baremetal.Node, target baremetal.PowerState) error {
	before := n.PowerState
	if err := p.Driver.Set(ctx, n, target); err != nil {
		return err
	}
	if n.Driver == HardwareType && before != target {
		p.Ask(ctx, n, target)
	}
	return nil
}

// Validate checks driver_info of nodes of the hardware type; errors are ErrInvalid.
func (p Power) Validate(n *baremetal.Node) error {
	if n.Driver != HardwareType {
		return p.Driver.Validate(n)
	}
	r := driverinfo.Read(baremetal.DriverKeys[HardwareType], n.DriverInfo)
	Patience(r, "manual_wait")
	return r.Err()
}

// longestPatience bounds the wait for a person, in seconds.
const longestPatience = 7 * 24 * 60 * 60

// Patience reads from a key how long a plan waits for a person; 0 is not at all.
func Patience(r *driverinfo.Reader, key string) time.Duration {
	return time.Duration(r.Int(key, 0, 0, longestPatience)) * time.Second
}

// Chore is what a person has to do for the action, and how long a plan waits for that.
func (p Power) Chore(n *baremetal.Node, target baremetal.PowerState) (chore string, within time.Duration) {
	if n.Driver != HardwareType {
		return "", 0
	}
	return chores[target], Patience(driverinfo.Read(nil, n.DriverInfo), "manual_wait")
}

// Chores is what a person has to do for each power action.
func Chores(target baremetal.PowerState) string { return chores[target] }

// Ask says in the log and in an event what a person has to do for a power action.
func (p Power) Ask(ctx context.Context, n *baremetal.Node, target baremetal.PowerState) {
	if p.Tell != nil {
		p.Tell(ctx, n.UUID, "needs a hand: "+chores[target])
	}
	p.Log.WarnContext(ctx, "a machine without a BMC needs a hand: "+chores[target], "node", n.Label())
}

// Management is the management interface "noop": the boot order was set by hand, to
// the network and then the disk, and stays so. Its methods are safe for concurrent
// use.
type Management struct{ Power }

// BootDevices lists the devices that the boot order of a machine should have.
func (Management) BootDevices() []string { return []string{"pxe", "disk"} }

// BootDevice is the network, persistently.
func (Management) BootDevice(context.Context, *baremetal.Node) (device string, persistent bool, err error) {
	return "pxe", true, nil
}

// SetBootDevice changes nothing; a machine that asks the network first gets its
// answer from the boot servers.
func (m Management) SetBootDevice(_ context.Context, _ *baremetal.Node, device string, _ bool) error {
	if !slices.Contains(m.BootDevices(), device) {
		return baremetal.Errorf(baremetal.ErrInvalid, "Invalid boot device %s specified, supported are %s.", device,
			strings.Join(m.BootDevices(), ", "))
	}
	return nil
}

// Indicators are none: nothing is known of the machine's lights.
func (Management) Indicators(_ context.Context, n *baremetal.Node) ([]baremetal.Indicator, error) {
	return nil, baremetal.Unsupported(n.Driver, "get_supported_indicators")
}
