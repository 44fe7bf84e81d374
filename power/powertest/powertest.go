// Package powertest is the acceptance suite of power drivers: what the conductor relies
// on, whichever BMC is at the other end. Every implementation of [conductor.Power]
// passes it.
package powertest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ironhook/baremetal"
	"ironhook/conductor"
)

// Run holds the drivers that start makes to every check. start returns a driver and a
// node that the driver can switch, off or in a state that the driver does not know yet.
func Run(t *testing.T, start func(t *testing.T) (conductor.Power, *baremetal.Node)) {
	for _, name := range slices.Sorted(maps.Keys(Checks)) {
		t.Run(name, func(t *testing.T) {
			p, n := start(t)
			if err := Checks[name](t.Context(), p, n); err != nil {
				t.Error(err)
			}
		})
	}
}

// Checks are the promises of [conductor.Power], each as a function that returns how a
// driver breaks it.
var Checks = map[string]func(context.Context, conductor.Power, *baremetal.Node) error{
	"keys": keys, "validate": validate, "power": power, "nonsense": nonsense, "boot devices": bootDevices,
	"context": ends, "concurrent": concurrent, "no secret in errors": secrets, "leaves the node alone": unchanged,
}

// keys: each key of driver_info has a name of its own and is described, a required key is
// not optional in its description, and a secret one is masked wherever driver_info is shown.
func keys(_ context.Context, p conductor.Power, _ *baremetal.Node) error {
	seen := map[string]bool{}
	for _, k := range p.Keys() {
		switch {
		case k.Name == "" || k.Doc == "":
			return fmt.Errorf("key %q has the description %q", k.Name, k.Doc)
		case seen[k.Name]:
			return fmt.Errorf("key %q is listed twice", k.Name)
		case k.Required && !strings.Contains(k.Doc, "Required"):
			return fmt.Errorf("key %q is required, and its description does not say so: %q", k.Name, k.Doc)
		case k.Secret && (!baremetal.Secrets.Has(k.Name) || baremetal.Public(k.Name)):
			return fmt.Errorf("key %q is secret, and replies or pages show it: it must stand in baremetal.DriverKeys", k.Name)
		case !k.Secret && baremetal.Secrets.Has(k.Name):
			return fmt.Errorf("key %q is masked, and not marked as secret", k.Name)
		}
		seen[k.Name] = true
	}
	return nil
}

// validate: the node is accepted, and without any one required key it is ErrInvalid
// with an error that names the key.
func validate(_ context.Context, p conductor.Power, n *baremetal.Node) error {
	if err := p.Validate(n); err != nil {
		return fmt.Errorf("Validate of a complete node = %w", err)
	}
	for _, k := range p.Keys() {
		if !k.Required {
			continue
		}
		lacking := *n
		lacking.DriverInfo = maps.Clone(n.DriverInfo)
		delete(lacking.DriverInfo, k.Name)
		if err := p.Validate(&lacking); !errors.Is(err, baremetal.ErrInvalid) || !strings.Contains(err.Error(), k.Name) {
			return fmt.Errorf("Validate without %s = %v, want %v that names it", k.Name, err, baremetal.ErrInvalid)
		}
	}
	return nil
}

// walk is every power action from every state that it can begin in, and the state that
// it leads to.
var walk = []struct{ action, want baremetal.PowerState }{
	{baremetal.PowerOff, baremetal.PowerOff}, {baremetal.PowerOff, baremetal.PowerOff},
	{baremetal.PowerOn, baremetal.PowerOn}, {baremetal.PowerOn, baremetal.PowerOn},
	{baremetal.Reboot, baremetal.PowerOn}, {baremetal.SoftReboot, baremetal.PowerOn},
	{baremetal.SoftPowerOff, baremetal.PowerOff}, {baremetal.SoftPowerOff, baremetal.PowerOff},
	{baremetal.Reboot, baremetal.PowerOn}, {baremetal.PowerOff, baremetal.PowerOff},
	{baremetal.SoftReboot, baremetal.PowerOn}, {baremetal.PowerOff, baremetal.PowerOff},
}

// instead is what an operator does when the operating system cannot be asked.
var instead = map[baremetal.PowerState]baremetal.PowerState{
	baremetal.SoftPowerOff: baremetal.PowerOff, baremetal.SoftReboot: baremetal.Reboot,
}

// power: Set returns when the machine has reached the state. A driver that cannot know the
// state never knows it. One that cannot ask the operating system refuses the soft
// actions as ErrUnsupported, and switches nothing.
func power(ctx context.Context, p conductor.Power, n *baremetal.Node) error {
	blind := false
	for i, s := range walk {
		if err := set(ctx, p, n, s.action); err != nil {
			return fmt.Errorf("step %d: Set(%s) = %w", i, s.action, err)
		}
		got, err := p.State(ctx, n)
		if i == 0 {
			blind = got == ""
		}
		if got != reported(s.want, blind) || err != nil {
			return fmt.Errorf("step %d: State after %s = %q, %v, want %q", i, s.action, got, err, reported(s.want, blind))
		}
	}
	return nil
}

// set does an action, and the hard one where the driver refuses the soft one.
func set(ctx context.Context, p conductor.Power, n *baremetal.Node, action baremetal.PowerState) error {
	before, err := p.State(ctx, n)
	if err != nil {
		return err
	}
	err = p.Set(ctx, n, action)
	if hard := instead[action]; hard != "" && errors.Is(err, baremetal.ErrUnsupported) {
		if after, err := p.State(ctx, n); after != before || err != nil {
			return fmt.Errorf("it is refused, and the state changes from %q to %q, %v", before, after, err)
		}
		return p.Set(ctx, n, hard)
	}
	return err
}

// reported is the state that a driver reports of a machine.
func reported(state baremetal.PowerState, blind bool) baremetal.PowerState {
	if blind {
		return ""
	}
	return state
}

// nonsense: an action that is none, or a state that is no action, is ErrInvalid and
// switches nothing.
func nonsense(ctx context.Context, p conductor.Power, n *baremetal.Node) error {
	if err := p.Set(ctx, n, baremetal.PowerOn); err != nil {
		return err
	}
	before, err := p.State(ctx, n)
	if err != nil || before != "" && before != baremetal.PowerOn {
		return fmt.Errorf("State after %s = %q, %v", baremetal.PowerOn, before, err)
	}
	for _, action := range []baremetal.PowerState{"standing on its head", "", baremetal.PowerError} {
		if err := p.Set(ctx, n, action); !errors.Is(err, baremetal.ErrInvalid) {
			return fmt.Errorf("Set(%q) = %v, want %v", action, err, baremetal.ErrInvalid)
		}
		if got, err := p.State(ctx, n); got != before || err != nil {
			return fmt.Errorf("State after Set(%q) = %q, %v, want %q", action, got, err, before)
		}
	}
	return nil
}

// bootDevices: the network is one of them, each that is listed can be chosen, and any
// other is ErrInvalid.
func bootDevices(ctx context.Context, p conductor.Power, n *baremetal.Node) error {
	devices := p.BootDevices()
	if !slices.Contains(devices, "pxe") {
		return fmt.Errorf("BootDevices = %q, want pxe among them", devices)
	}
	for _, device := range devices {
		for _, persistent := range []bool{false, true} {
			if err := p.SetBootDevice(ctx, n, device, persistent); err != nil {
				return fmt.Errorf("SetBootDevice(%s, %v) = %w", device, persistent, err)
			}
			got, _, err := p.BootDevice(ctx, n)
			if err != nil || got != "" && !slices.Contains(devices, got) {
				return fmt.Errorf("BootDevice after %s = %q, %v, want one of %q or none", device, got, err, devices)
			}
		}
	}
	for _, device := range []string{"", "bogus"} {
		if err := p.SetBootDevice(ctx, n, device, false); !errors.Is(err, baremetal.ErrInvalid) {
			return fmt.Errorf("SetBootDevice(%q) = %v, want %v", device, err, baremetal.ErrInvalid)
		}
	}
	return nil
}

// patience is how soon a call must return once its context has ended.
const patience = 5 * time.Second

// ends: a call whose context has ended returns soon, and fails with the context's error
// if it fails.
func ends(ctx context.Context, p conductor.Power, n *baremetal.Node) error {
	ended, cancel := context.WithCancel(ctx)
	cancel()
	for name, call := range map[string]func() error{
		"State":         func() error { _, err := p.State(ended, n); return err },
		"Set":           func() error { return p.Set(ended, n, baremetal.PowerOn) },
		"BootDevice":    func() error { _, _, err := p.BootDevice(ended, n); return err },
		"SetBootDevice": func() error { return p.SetBootDevice(ended, n, "pxe", true) },
	} {
		done := make(chan error, 1)
		go func() { done <- call() }()
		select {
		case err := <-done:
			if err != nil && !errors.Is(err, context.Canceled) {
				return fmt.Errorf("%s with an ended context = %w, want %w", name, err, context.Canceled)
			}
		case <-time.After(patience):
			return fmt.Errorf("%s has not returned %v after its context ended", name, patience)
		}
	}
	return nil
}

// concurrent: calls for one machine at once all succeed. The race detector does the
// rest.
func concurrent(ctx context.Context, p conductor.Power, n *baremetal.Node) error {
	if err := p.Set(ctx, n, baremetal.PowerOn); err != nil {
		return err
	}
	var all sync.WaitGroup
	failed := make(chan error, 16)
	for range cap(failed) / 2 {
		mine := *n
		all.Go(func() { _, err := p.State(ctx, &mine); failed <- err })
		all.Go(func() { failed <- p.SetBootDevice(ctx, &mine, "pxe", true) })
	}
	all.Wait()
	close(failed)
	var errs []error
	for err := range failed {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// secrets: no error contains the value of a secret key.
func secrets(ctx context.Context, p conductor.Power, n *baremetal.Node) error {
	ended, cancel := context.WithCancel(ctx)
	cancel()
	_, stateErr := p.State(ended, n)
	for _, k := range p.Keys() {
		value := n.DriverInfo.Text(k.Name)
		if !k.Secret || value == "" {
			continue
		}
		for _, err := range []error{p.Validate(n), p.Set(ctx, n, "nonsense"), p.SetBootDevice(ctx, n, "bogus", true), p.InjectNMI(ended, n),
			stateErr} {
			if err != nil && strings.Contains(err.Error(), value) {
				return fmt.Errorf("an error contains the value of %s: %.20s...", k.Name, err)
			}
		}
	}
	return nil
}

// unchanged: of the node, a driver changes the power state at most.
func unchanged(ctx context.Context, p conductor.Power, n *baremetal.Node) error {
	before := *n
	before.DriverInfo, before.Properties = maps.Clone(n.DriverInfo), maps.Clone(n.Properties)
	if err := errors.Join(p.Validate(n), p.SetBootDevice(ctx, n, "pxe", true), p.Set(ctx, n, baremetal.PowerOn)); err != nil {
		return err
	}
	before.PowerState = n.PowerState
	if !reflect.DeepEqual(before, *n) {
		return fmt.Errorf("the node was %+v and is %+v", before, *n)
	}
	return nil
}
