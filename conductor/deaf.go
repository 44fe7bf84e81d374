package conductor

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"ironhook/baremetal"
	"ironhook/boot"
	"ironhook/store"
)

// deafTime is how long after power-on a machine may take to ask the network for the first
// time: servers test their memory for minutes.
const deafTime = 10 * time.Minute

// deafInterval is the time between two looks at the machines that are awaited.
const deafInterval = 15 * time.Second

// awaited are the machines that were switched on to boot from a volume and have not asked
// the network yet: one that never does has ignored its boot order. They are forgotten with the
// process; the status of the boot says the same.
type awaited struct {
	mu    sync.Mutex
	nodes map[string]firmware // by UUID
}

type firmware struct {
	on    time.Time // when it was switched on
	tried bool      // it is its second boot
}

// expect begins to wait for a machine that has been switched on.
func (a *awaited) expect(node string, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.nodes == nil {
		a.nodes = map[string]firmware{}
	}
	a.nodes[node] = firmware{on: now}
}

// forget waits no longer for a machine.
func (a *awaited) forget(node string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.nodes, node)
}

// again notes that a machine is at its second boot.
func (a *awaited) again(node string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if f, ok := a.nodes[node]; ok {
		f.tried = true
		a.nodes[node] = f
	}
}

// overdue takes those whose time is up.
func (a *awaited) overdue(now time.Time) map[string]firmware {
	a.mu.Lock()
	defer a.mu.Unlock()
	late := map[string]firmware{}
	for node, f := range a.nodes {
		if now.Sub(f.on) >= deafTime {
			late[node] = f
			delete(a.nodes, node)
		}
	}
	return late
}

// searchDeaf looks for machines that have ignored their boot order. Such a machine gets its boot
// order again and is rebooted, once; if that does not help, its boot fails with the sentence.
func (c *Conductor) searchDeaf(ctx context.Context) error {
	var failed error
	for node, f := range c.awaited.overdue(time.Now()) {
		err := c.undeafen(ctx, node, f)
		if !errors.Is(err, baremetal.ErrNotFound) && !errors.Is(err, baremetal.ErrBusy) {
			failed = errors.Join(failed, err)
		}
	}
	return failed
}

// undeafen does what can be done for one machine, unless it has been heard, is off, or is worked on.
func (c *Conductor) undeafen(ctx context.Context, node string, f firmware) error {
	n, err := c.node(ctx, node)
	if err != nil || n.Reservation != "" || n.PowerState != baremetal.PowerOn {
		return err
	}
	heard, err := c.stepped(ctx, node, f.on)
	if err != nil || heard {
		return err
	}
	if f.tried || staysOn(n) || !c.canOrder(n) {
		return c.Store.Append(ctx, baremetal.Event{Node: node, Kind: baremetal.EventError, Step: baremetal.EventDiscover,
			Detail: fmt.Sprintf("asked no DHCP server within %v of power-on%s. %s", deafTime,
				map[bool]string{true: ", nor after a second boot with its boot order set again"}[f.tried], boot.Remedy(baremetal.EventDiscover))})
	}
	uuid, err := c.accept(ctx, node, func(tx *store.Tx, n *baremetal.Node) error {
		if n.PowerState != baremetal.PowerOn || n.ProvisionState.Transient() {
			return errNotWaiting
		}
		n.TargetPowerState = baremetal.PowerOn
		return tx.Append(baremetal.Event{Node: n.UUID, Kind: baremetal.EventNode,
			Detail: fmt.Sprintf("asked no DHCP server within %v of power-on: its boot order is set again, and it is rebooted once", deafTime)})
	})
	if err != nil {
		return ignoring(ignoring(err, errNotWaiting), baremetal.ErrLocked)
	}
	c.run(ctx, uuid, func(ctx context.Context) error {
		err := c.switchPower(ctx, uuid, baremetal.Reboot)
		c.awaited.again(uuid)
		return err
	})
	return nil
}

// stepped reports whether the machine has taken a step on the network since a time.
func (c *Conductor) stepped(ctx context.Context, node string, since time.Time) (heard bool, err error) {
	err = c.Store.View(ctx, func(tx *store.Tx) error {
		steps, err := tx.Events(store.EventQuery{Node: node, Kinds: baremetal.BootSteps[1:], Since: since, Limit: 1})
		heard = len(steps) > 0
		return err
	})
	return heard, err
}

// canOrder reports whether the boot order of the machine can be set from here.
func (c *Conductor) canOrder(n *baremetal.Node) bool {
	management, err := c.powerOf(n, "management")
	return err == nil && n.Driver != baremetal.Manual && n.Interfaces["management"] != "noop" && len(management.BootDevices()) > 0
}
