package conductor

import (
	"context"
	"fmt"
	"time"

	"ironhook/baremetal"
	"ironhook/fleet"
	"ironhook/internal/timing"
	"ironhook/store"
)

// powerResult is the state of a machine after a successful power action.
var powerResult = map[baremetal.PowerState]baremetal.PowerState{
	baremetal.PowerOn:      baremetal.PowerOn,
	baremetal.Reboot:       baremetal.PowerOn,
	baremetal.SoftReboot:   baremetal.PowerOn,
	baremetal.PowerOff:     baremetal.PowerOff,
	baremetal.SoftPowerOff: baremetal.PowerOff,
}

// SetPower begins a power action: power on, power off, rebooting, and the soft forms. It
// returns when the action is accepted; the node shows its outcome. timeout bounds the
// action; 0 is the driver's own.
func (c *Conductor) SetPower(ctx context.Context, ident string, target baremetal.PowerState, timeout time.Duration) error {
	uuid, err := c.accept(ctx, ident, func(tx *store.Tx, n *baremetal.Node) error {
		if err := MaySwitch(n, ident, string(target)); err != nil {
			return err
		}
		power, err := c.powerOf(n, "power")
		if err != nil {
			return err
		}
		if err := power.Validate(n); err != nil {
			return err
		}
		n.TargetPowerState, n.LastError = powerResult[target], ""
		return nil
	})
	if err != nil {
		return err
	}
	c.run(ctx, uuid, func(ctx context.Context) error {
		if timeout > 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, timeout)
			defer cancel()
		}
		return c.switchPower(ctx, uuid, target)
	})
	return nil
}

// stepOf maps a power action to the step of a boot.
var stepOf = map[baremetal.PowerState]baremetal.EventKind{baremetal.PowerOn: baremetal.EventPowerOn}

// MaySwitch refuses a power action, as the API spells it, that does not exist or would
// disturb a cleaning. ident is the name by which the client refers to the node.
func MaySwitch(n *baremetal.Node, ident, action string) error {
	switch {
	case powerResult[baremetal.PowerState(action)] == "":
		return fleet.Refuse(action, ident, string(n.PowerState))
	case n.ProvisionState == baremetal.Cleaning || n.ProvisionState == baremetal.CleanWait:
		return fleet.Refuse(action, ident, string(n.ProvisionState))
	case powerResult[baremetal.PowerState(action)] == baremetal.PowerOff && staysOn(n):
		return mayNotBeOff(action)
	}
	return nil
}

// staysOn reports whether the machine must not be switched off: it can be rebooted.
func staysOn(n *baremetal.Node) bool { return n.DisablePowerOff != nil && *n.DisablePowerOff }

// mayNotBeOff is Ironic's PowerStateFailure.
func mayNotBeOff(action string) error {
	return baremetal.Errorf(baremetal.ErrConflict, "Failed to set node power state to %s.", action)
}

// switchPower brings a reserved node to target and records the outcome. Volumes are
// attached before power-on and detached after power-off.
func (c *Conductor) switchPower(ctx context.Context, uuid string, target baremetal.PowerState) error {
	n, err := c.node(ctx, uuid)
	if err != nil {
		return err
	}
	begun := time.Now()
	state, err := c.powerAction(ctx, n, target)
	c.Times.Since(begun, timing.Key{Server: "conductor", What: string(target), Outcome: timing.Outcome(err)})
	return c.change(ctx, uuid, func(n *baremetal.Node, now time.Time) []baremetal.Event {
		n.TargetPowerState = ""
		if err != nil {
			setPower(n, state, now)
			n.LastError = fmt.Sprintf("Failed to change power state to '%s' by '%s': %s", powerResult[target], target, sentence(err))
			return []baremetal.Event{{Kind: baremetal.EventError, Step: prevented(err, stepOf[powerResult[target]]), Detail: n.LastError}}
		}
		setPower(n, state, now)
		fleet.ForgetAgent(n)
		if state == baremetal.PowerOff {
			return []baremetal.Event{{Kind: baremetal.EventPowerOff, Detail: "switched off"}}
		}
		return []baremetal.Event{{Kind: baremetal.EventNode, Detail: "is on"}}
	})
}

// setPower records an observed power state and when it changed; "" is none.
func setPower(n *baremetal.Node, state baremetal.PowerState, now time.Time) {
	if state == "" || n.PowerState == state {
		return
	}
	n.PowerState = state
	if n.DriverInternalInfo == nil {
		n.DriverInternalInfo = baremetal.Object{}
	}
	n.DriverInternalInfo["last_power_state_change"] = now.UTC().Format("2006-01-02T15:04:05.000000")
}

// powerAction runs an action on the machine and returns the state that it is in afterwards,
// "" if unknown.
func (c *Conductor) powerAction(ctx context.Context, n *baremetal.Node, target baremetal.PowerState) (baremetal.PowerState, error) {
	power, err := c.powerOf(n, "power")
	if err != nil {
		return "", err
	}
	before, err := power.State(ctx, n)
	if err != nil {
		return baremetal.PowerError, err
	}
	if powerResult[target] == baremetal.PowerOff && staysOn(n) && before != baremetal.PowerOff {
		return before, mayNotBeOff(string(target))
	}
	reboots := target == baremetal.Reboot || target == baremetal.SoftReboot
	if reboots && before == baremetal.PowerOn {
		ephemeral, err := c.ephemeral(ctx, n)
		if err != nil {
			return before, err
		}
		if ephemeral {
			return c.restart(ctx, n, power, target)
		}
	}
	switch {
	case powerResult[target] == baremetal.PowerOff && before == baremetal.PowerOff:
		c.withdraw(ctx, n) // they stay attached when a machine switches itself off
		return before, nil
	case powerResult[target] == baremetal.PowerOff:
		return c.powerDown(ctx, n, power, target)
	case before == baremetal.PowerOn && !reboots:
		return before, nil
	}
	return c.powerUp(ctx, n, power, before, target)
}

// ephemeral reports whether a reboot must reset volumes, by the node's storage interface.
func (c *Conductor) ephemeral(ctx context.Context, n *baremetal.Node) (bool, error) {
	storage, err := c.storageOf(n)
	if err != nil {
		return false, err
	}
	volumes, ok := storage.(EphemeralStorage)
	if !ok {
		return false, nil
	}
	return volumes.Ephemeral(ctx, n)
}

// restart is a reboot that switches the machine off in between, so that volumes can be
// reset.
func (c *Conductor) restart(ctx context.Context, n *baremetal.Node, power Power, target baremetal.PowerState) (baremetal.PowerState,
	error) {
	off := map[baremetal.PowerState]baremetal.PowerState{baremetal.Reboot: baremetal.PowerOff,
		baremetal.SoftReboot: baremetal.SoftPowerOff}[target]
	if state, err := c.powerDown(ctx, n, power, off); err != nil {
		return state, err
	}
	return c.powerUp(ctx, n, power, baremetal.PowerOff, baremetal.PowerOn)
}

func (c *Conductor) powerDown(ctx context.Context, n *baremetal.Node, power Power, target baremetal.PowerState) (baremetal.PowerState,
	error) {
	if err := power.Set(ctx, n, target); err != nil {
		return c.seen(n, power), err
	}
	c.withdraw(ctx, n)
	return baremetal.PowerOff, nil
}

// seen reads the state of a machine after a failed power action, which may be neither the
// old nor the wanted one: a reboot can get as far as off. It asks even if the action's time
// is up. If the machine does not answer, the state is PowerError.
func (c *Conductor) seen(n *baremetal.Node, power Power) baremetal.PowerState {
	ctx, cancel := context.WithTimeout(c.base, syncTime)
	defer cancel()
	state, err := power.State(ctx, n)
	switch {
	case c.base.Err() != nil:
		return "" // interrupted by a shutdown
	case err != nil:
		return baremetal.PowerError
	}
	return state
}

// withdraw detaches the volumes of a machine that is off, unless its storage keeps them for it. A failure
// does no harm: the machine is off, and the next attach renews the grants.
func (c *Conductor) withdraw(ctx context.Context, n *baremetal.Node) {
	if lasting, ok := c.Storage[n.Interfaces.Storage()].(Lasting); ok && lasting.Outlasts() && n.ProvisionState.Holds() {
		return
	}
	if err := c.detach(ctx, n); err != nil {
		c.Log.Warn("detach volumes after power off", "node", n.UUID, "error", err)
	}
}

// powerUp attaches the volumes and sets the network as boot device, then switches. If
// switching fails and the machine is off, the volumes are detached.
func (c *Conductor) powerUp(ctx context.Context, n *baremetal.Node, power Power, before, target baremetal.PowerState) (baremetal.PowerState,
	error) {
	network, err := c.prepareVolumeBoot(ctx, n)
	if err != nil {
		return before, err
	}
	on := time.Now()
	// Before, not after: the machine's first packet may come while Set still waits.
	if err := c.Store.Append(ctx, baremetal.Event{Node: n.UUID, Kind: baremetal.EventPowerOn, Detail: string(target)}); err != nil {
		return before, err
	}
	if err = power.Set(ctx, n, target); err == nil {
		if network && target != baremetal.SoftReboot {
			c.awaited.expect(n.UUID, on)
		}
		return baremetal.PowerOn, nil
	}
	if c.base.Err() != nil {
		return "", err // interrupted by a shutdown
	}
	state := c.seen(n, power)
	if state == baremetal.PowerOff || before == baremetal.PowerOff && state != baremetal.PowerOn {
		c.withdraw(context.WithoutCancel(ctx), n)
	}
	return state, err
}
