package conductor

import (
	"context"
	"time"

	"ironhook/baremetal"
	"ironhook/store"
)

// ByHand is an optional interface of a Power whose orders a person carries out.
type ByHand interface {
	// Chore is what a person has to do for the action, and how long a plan waits until that is
	// done; 0 does not wait: the action counts as done when it is asked for.
	Chore(n *baremetal.Node, target baremetal.PowerState) (chore string, within time.Duration)
}

// byHandQuestion is how often it is looked whether a machine that somebody is to switch on boots.
const byHandQuestion = 5 * time.Second

// switches makes step one that switches the machine. Where a person does that, the plan waits
// until somebody confirms it, or the machine that is to be on asks for its boot script.
func (c *Conductor) switches(step *Step, f flow, n *baremetal.Node, target baremetal.PowerState) {
	step.Do = func(ctx context.Context, n *baremetal.Node) error { return c.power(ctx, n, target) }
	power, err := c.powerOf(n, "power")
	person, ok := power.(ByHand)
	if err != nil || !ok {
		return
	}
	chore, within := person.Chore(n, target)
	if within == 0 {
		return
	}
	w := Waiting{For: "a hand: " + chore, Every: byHandQuestion, Within: within, ByHand: true}
	step.Wait = w
	step.Do = func(ctx context.Context, n *baremetal.Node) error {
		if !needsHand(n, target) {
			return c.power(ctx, n, target)
		}
		if err := c.askForHand(ctx, n, power, target); err != nil {
			return err
		}
		return c.change(ctx, n.UUID, func(n *baremetal.Node, now time.Time) []baremetal.Event {
			f.awaits(n, w, now)
			return nil
		})
	}
	step.Await = func(ctx context.Context, n *baremetal.Node) (bool, error) { return c.doneByHand(ctx, f, n, target) }
}

// needsHand reports whether a plan must wait for the action. A machine of which nothing is known
// has never had a volume, so that nobody waits until it is off.
func needsHand(n *baremetal.Node, target baremetal.PowerState) bool {
	switch target {
	case baremetal.Reboot, baremetal.SoftReboot:
		return true
	case baremetal.PowerOn:
		return n.PowerState != baremetal.PowerOn
	}
	return n.PowerState == baremetal.PowerOn
}

// askForHand does what comes before the person: the volumes of a machine that is to be on are
// attached. Those of one that is to be off stay until it is.
func (c *Conductor) askForHand(ctx context.Context, n *baremetal.Node, power Power, target baremetal.PowerState) error {
	if powerResult[target] == baremetal.PowerOff {
		return power.Set(ctx, n, target)
	}
	ephemeral, err := c.ephemeral(ctx, n)
	if err != nil {
		return err
	}
	if ephemeral && n.PowerState == baremetal.PowerOn {
		c.withdraw(ctx, n) // they are reset when they are attached
	}
	_, err = c.powerUp(ctx, n, power, n.PowerState, target)
	c.awaited.forget(n.UUID) // it takes a person as long as it does
	return err
}

// doneByHand reports whether a person has done what a step asked for, and records the state that
// the machine is in then. A step that asked nobody is over.
func (c *Conductor) doneByHand(ctx context.Context, f flow, n *baremetal.Node, target baremetal.PowerState) (bool, error) {
	kept, asked := f.kept(n)
	if !asked {
		return true, nil
	}
	off := powerResult[target] == baremetal.PowerOff
	if kept["confirmed"] != true {
		boots, err := c.boots(ctx, n)
		if err != nil || off || !boots {
			return false, err
		}
	}
	event := baremetal.Event{Kind: baremetal.EventNode, Detail: "is on"}
	if off {
		c.withdraw(ctx, n)
		event = baremetal.Event{Kind: baremetal.EventPowerOff, Detail: "switched off"}
	}
	return true, c.change(ctx, n.UUID, func(n *baremetal.Node, now time.Time) []baremetal.Event {
		setPower(n, powerResult[target], now)
		return []baremetal.Event{event}
	})
}

// boots reports whether the machine has asked for its boot script since it was to be switched on.
func (c *Conductor) boots(ctx context.Context, n *baremetal.Node) (yes bool, err error) {
	err = c.Store.View(ctx, func(tx *store.Tx) error {
		last, err := tx.Events(store.EventQuery{Node: n.UUID, Kinds: []baremetal.EventKind{baremetal.EventPowerOn, baremetal.EventScript},
			Limit: 1, Last: true})
		yes = len(last) == 1 && last[0].Kind == baremetal.EventScript
		return err
	})
	return yes, err
}

// Confirm says that a person has done what the plan of a node waits for; the plan goes on. A node
// that waits for nobody is refused.
func (c *Conductor) Confirm(ctx context.Context, ident string) error {
	uuid, err := c.accept(ctx, ident, func(tx *store.Tx, n *baremetal.Node) error {
		f := flows[n.ProvisionState]
		w, _ := f.waiting(n)
		if _, waits := n.ProvisionState.Next(baremetal.Resume); !waits || !w.ByHand {
			return baremetal.Errorf(baremetal.ErrConflict, "Node %s waits for nobody: there is nothing to confirm.", n.Label())
		}
		kept, _ := f.kept(n)
		kept["confirmed"] = true
		return tx.Append(baremetal.Event{Node: n.UUID, Kind: baremetal.EventNode, Detail: "somebody says that it is done; it needed " + w.For})
	})
	if err != nil {
		return err
	}
	c.run(ctx, uuid, func(ctx context.Context) error { return c.resume(ctx, uuid) })
	return nil
}
