// Package snmp switches the outlet of a power distribution unit, Ironic's hardware type and
// power interface "snmp". The units that it knows are rows of units.go.
//
// An outlet cuts the power. So the soft actions are refused, and the machine's firmware must be
// set to switch on when the power returns; its boot order is set by hand.
package snmp

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/gosnmp/gosnmp"

	"ironhook/baremetal"
	"ironhook/internal/limit"
	"ironhook/power/manual"
)

// HardwareType is the name of the hardware type and of its power interface, and the
// section of [baremetal.DriverKeys].
const HardwareType = "snmp"

const (
	enterprises = ".1.3.6.1.4.1."
	sysObjectID = ".1.3.6.1.2.1.1.2.0"
)

// Config sets the pace. A zero field stands for the value in parentheses.
type Config struct {
	Off     time.Duration // without power in a reboot, for the capacitors of the machine (5 s)
	Poll    time.Duration // between two looks at the state while waiting (1 s)
	Settle  time.Duration // for the unit to show the new state (30 s)
	Timeout time.Duration // for one answer; there are three attempts (3 s)
}

// Power is the power interface. Its methods are safe for concurrent use.
type Power struct {
	manual.Management
	c Config
}

// New makes a driver.
func New(c Config) Power {
	for field, instead := range map[*time.Duration]time.Duration{
		&c.Off: 5 * time.Second, &c.Poll: time.Second, &c.Settle: 30 * time.Second, &c.Timeout: 3 * time.Second,
	} {
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

// State asks the unit.
func (p Power) State(ctx context.Context, n *baremetal.Node) (state baremetal.PowerState, err error) {
	err = p.call(ctx, n, func(o outlet) error {
		state, err = o.state()
		return err
	})
	return state, err
}

// Set switches, and returns when the unit shows the state.
func (p Power) Set(ctx context.Context, n *baremetal.Node, target baremetal.PowerState) error {
	switch target {
	case baremetal.PowerOn, baremetal.PowerOff:
		return p.call(ctx, n, func(o outlet) error { return p.order(ctx, o, target) })
	case baremetal.Reboot:
		return p.call(ctx, n, func(o outlet) error {
			if err := p.order(ctx, o, baremetal.PowerOff); err != nil {
				return err
			}
			if err := limit.Pause(ctx, p.c.Off); err != nil {
				return err
			}
			return p.order(ctx, o, baremetal.PowerOn)
		})
	case baremetal.SoftPowerOff, baremetal.SoftReboot:
		return baremetal.Errorf(baremetal.ErrUnsupported, "node %s: %q needs the operating system, and an outlet only cuts the power: "+
			"shut it down there, then use \"power off\".", n.Label(), target)
	}
	return baremetal.Errorf(baremetal.ErrInvalid, "set_power_state called with an invalid power state: %s.", target)
}

// order switches an outlet that is not in the state, and waits for it.
func (p Power) order(ctx context.Context, o outlet, want baremetal.PowerState) error {
	if now, err := o.state(); err != nil || now == want {
		return err
	}
	if err := o.set(want); err != nil {
		return err
	}
	for end := time.Now().Add(p.c.Settle); ; {
		now, err := o.state()
		switch {
		case err != nil || now == want:
			return err
		case time.Now().After(end):
			return fmt.Errorf("it took the order for %q, and does not show it %s later: look at the unit", want, p.c.Settle)
		}
		if err := limit.Pause(ctx, p.c.Poll); err != nil {
			return err
		}
	}
}

// outlet is an outlet of a unit that answers.
type outlet struct {
	info
	client *gosnmp.GoSNMP
}

// call runs f on the outlet of a node. Errors say which machine and which unit, and never a community or key.
func (p Power) call(ctx context.Context, n *baremetal.Node, f func(outlet) error) error {
	i, err := parse(n)
	if err != nil {
		return err
	}
	client := &gosnmp.GoSNMP{
		Target: i.address, Port: uint16(i.port), Transport: "udp", Community: i.read, Version: i.version, Context: ctx,
		Timeout: p.c.Timeout, Retries: 2, MaxOids: gosnmp.MaxOids,
	}
	if i.user != nil {
		client.SecurityModel, client.MsgFlags, client.SecurityParameters, client.ContextName = gosnmp.UserSecurityModel, i.flags, i.user,
			i.context
	}
	if err = client.Connect(); err == nil {
		defer client.Conn.Close() //nolint:errcheck // of datagrams
		o := outlet{i, client}
		if o.unit == nil {
			o.unit, err = o.find()
		}
		if err == nil {
			err = f(o)
		}
	}
	if err != nil {
		return fmt.Errorf("node %s: outlet %s of %s: %w", n.Label(), i.outlet, i.address, explain(ctx, err))
	}
	return nil
}

// explain adds what to do. Many units answer nothing to a wrong community.
func explain(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if strings.Contains(err.Error(), "timeout") {
		return errors.New("it does not answer: check snmp_address, snmp_port, snmp_version, and snmp_community or the user and keys; many " +
			"units are silent to a wrong one")
	}
	return err
}

// find finds out which kind of unit it is.
func (o outlet) find() (*unit, error) {
	v, err := o.get(sysObjectID)
	if err != nil {
		return nil, err
	}
	id, _ := v.Value.(string)
	id = strings.TrimPrefix("."+strings.TrimPrefix(id, "."), enterprises)
	var found *unit
	for at := range units {
		u := &units[at]
		if (id == u.product || strings.HasPrefix(id, u.product+".")) && (found == nil || len(u.product) > len(found.product)) {
			found = u
		}
	}
	if found == nil {
		return nil, fmt.Errorf("it is no unit that is known (sysObjectID %.60q): set snmp_driver", id)
	}
	return found, nil
}

func (o outlet) get(object string) (gosnmp.SnmpPDU, error) {
	o.client.Community = o.read
	answer, err := o.client.Get([]string{object})
	return first(answer, object, err)
}

func first(answer *gosnmp.SnmpPacket, object string, err error) (v gosnmp.SnmpPDU, _ error) {
	switch {
	case err != nil:
		return v, err
	case answer.Error != gosnmp.NoError:
		return v, fmt.Errorf("it refuses %s: %s; check snmp_driver, snmp_outlet and the rights of the community or user", object, answer.Error)
	case len(answer.Variables) != 1:
		return v, fmt.Errorf("it answers %d values for %s", len(answer.Variables), object)
	}
	v = answer.Variables[0]
	if v.Type == gosnmp.NoSuchObject || v.Type == gosnmp.NoSuchInstance || v.Type == gosnmp.Null {
		return v, fmt.Errorf("it has no object %s: check snmp_driver and snmp_outlet", object)
	}
	return v, nil
}

func (o outlet) state() (baremetal.PowerState, error) {
	object := o.object(o.unit.state)
	v, err := o.get(object)
	if err != nil {
		return "", err
	}
	n := gosnmp.ToBigInt(v.Value)
	switch has := func(values []int) bool {
		return slices.ContainsFunc(values, func(x int) bool { return n.Cmp(big.NewInt(int64(x))) == 0 })
	}; {
	case has(o.unit.isOn):
		return baremetal.PowerOn, nil
	case has(o.unit.isOff):
		return baremetal.PowerOff, nil
	}
	return "", fmt.Errorf("it shows the state %s in %s, which %s does not have: check snmp_driver", n, object, o.unit.name)
}

func (o outlet) set(want baremetal.PowerState) error {
	object, value := o.object(o.unit.onBy), o.unit.on
	if want == baremetal.PowerOff {
		object, value = o.object(o.unit.offBy), o.unit.off
	}
	o.client.Community = o.write
	answer, err := o.client.Set([]gosnmp.SnmpPDU{{Name: object, Type: gosnmp.Integer, Value: value}})
	_, err = first(answer, object, err)
	return err
}
