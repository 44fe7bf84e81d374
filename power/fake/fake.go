// Package fake is the power and management interface "fake" of Ironic's hardware
// type fake-hardware: a machine that obeys every order at once, for trying out clients
// without hardware.
//
// Its state is stored in the node: the power state is null until the first action and
// then the result of the last one, across restarts.
package fake

import (
	"context"
	"slices"

	"ironhook/baremetal"
)

// Driver is stateless; its methods are safe for concurrent use.
type Driver struct{}

// Validate accepts every node.
func (Driver) Validate(*baremetal.Node) error { return nil }

// State returns the state stored in the node.
func (Driver) State(_ context.Context, n *baremetal.Node) (baremetal.PowerState, error) {
	return n.PowerState, nil
}

// results of the power actions.
var results = map[baremetal.PowerState]baremetal.PowerState{
	baremetal.PowerOn: baremetal.PowerOn, baremetal.Reboot: baremetal.PowerOn, baremetal.SoftReboot: baremetal.PowerOn,
	baremetal.PowerOff: baremetal.PowerOff, baremetal.SoftPowerOff: baremetal.PowerOff,
}

// Set writes the result of the action into n, which the caller keeps.
func (Driver) Set(_ context.Context, n *baremetal.Node, target baremetal.PowerState) error {
	result, ok := results[target]
	if !ok {
		return baremetal.Errorf(baremetal.ErrInvalid, "set_power_state called with an invalid power state: %s.", target)
	}
	n.PowerState = result
	return nil
}

// BootDevices lists the only device there is.
func (Driver) BootDevices() []string { return []string{"pxe"} }

// BootDevice is always the network, for one boot.
func (Driver) BootDevice(context.Context, *baremetal.Node) (device string, persistent bool, err error) {
	return "pxe", false, nil
}

// SetBootDevice accepts what BootDevices lists.
func (d Driver) SetBootDevice(_ context.Context, _ *baremetal.Node, device string, _ bool) error {
	if !slices.Contains(d.BootDevices(), device) {
		return baremetal.Errorf(baremetal.ErrInvalid, "Invalid boot device %s specified.", device)
	}
	return nil
}

// InjectNMI is not supported by a fake machine.
func (Driver) InjectNMI(_ context.Context, n *baremetal.Node) error {
	return baremetal.Unsupported(n.Driver, "inject_nmi")
}

// Indicators are a light that cannot be set and one that nothing sets, as of Ironic's toy. Both are on.
func (Driver) Indicators(context.Context, *baremetal.Node) ([]baremetal.Indicator, error) {
	return []baremetal.Indicator{
		{Component: "chassis", Name: "led-0", State: "on", States: []string{"off", "on"}, ReadOnly: true},
		{Component: "system", Name: "led", State: "on", States: []string{"blinking", "off", "on"}},
	}, nil
}

// SetIndicator is not supported by a fake machine.
func (Driver) SetIndicator(_ context.Context, n *baremetal.Node, _, _, _ string) error {
	return baremetal.Unsupported(n.Driver, "set_indicator_state")
}

// Keys lists none: Ironic's two belong to its fake vendor interface.
func (Driver) Keys() []baremetal.Key { return nil }
