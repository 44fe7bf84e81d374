package conductor

import (
	"context"
	"errors"
	"fmt"

	"ironhook/baremetal"
	"ironhook/boot"
	"ironhook/store"
)

// plan returns the boot plan of the node, by its storage interface.
func (c *Conductor) plan(tx *store.Tx, n *baremetal.Node) (boot.Plan, error) {
	storage, err := c.storageOf(n)
	if err != nil {
		return boot.Plan{}, err
	}
	return storage.Plan(tx, n)
}

// planNow is plan in a transaction of its own.
func (c *Conductor) planNow(ctx context.Context, n *baremetal.Node) (p boot.Plan, err error) {
	err = c.Store.View(ctx, func(tx *store.Tx) error {
		p, err = c.plan(tx, n)
		return err
	})
	return p, err
}

// prepareVolumeBoot attaches the volumes of a node that boots from one and sets its boot
// device persistently: a diskless machine has no other. It does nothing for other nodes.
func (c *Conductor) prepareVolumeBoot(ctx context.Context, n *baremetal.Node) error {
	p, err := c.planNow(ctx, n)
	if err != nil || p.Refusal != nil {
		return err
	}
	storage, err := c.storageOf(n)
	if err != nil {
		return err
	}
	if err := storage.Attach(ctx, n); err != nil {
		return aboutVolumes(fmt.Errorf("attach volumes: %w", err))
	}
	management, err := c.powerOf(n, "management")
	if err != nil {
		return ignoring(err, baremetal.ErrUnsupported) // it is set by hand in the firmware
	}
	device := p.Device()
	err = management.SetBootDevice(ctx, n, device, true)
	if !errors.Is(err, baremetal.ErrBootDevice) || !c.bootsFrom(ctx, n, management, device) {
		return ignoring(err, baremetal.ErrUnsupported)
	}
	c.Log.Warn("BMC refuses the boot device; the machine is switched on all the same", "node", n.UUID, "device", device, "error", err)
	return c.Store.Append(ctx, baremetal.Event{Node: n.UUID, Kind: baremetal.EventNode,
		Detail: "is switched on all the same and boots what its firmware has first: " + sentence(err)})
}

// ofVolumes is an error of a node's volumes, and not of its power.
type ofVolumes struct{ error }

func (e ofVolumes) Unwrap() error { return e.error }

func aboutVolumes(err error) error {
	if err == nil {
		return nil
	}
	return ofVolumes{err}
}

// prevented is the step of a boot that err kept from happening: what has to do with the
// node's volumes kept them from being attached.
func prevented(err error, otherwise baremetal.EventKind) baremetal.EventKind {
	var volumes ofVolumes
	if errors.As(err, &volumes) {
		return baremetal.EventAttach
	}
	return otherwise
}

// ignoring returns err, or nil if it is of this kind.
func ignoring(err, kind error) error {
	if errors.Is(err, kind) {
		return nil
	}
	return err
}

// bootsFrom reports whether the node is expected to boot from the device although its BMC
// refuses to set it. UEFI has its own boot order, which many BMCs cannot change. For BIOS
// there must be evidence: the BMC reports the device, or the machine has fetched a boot
// script before. Otherwise it might boot what an earlier user left on its disk.
func (c *Conductor) bootsFrom(ctx context.Context, n *baremetal.Node, management Power, device string) bool {
	if n.BootsUEFI() {
		return true
	}
	if now, persistent, err := management.BootDevice(ctx, n); err == nil && now == device && persistent {
		return true
	}
	var scripts []*baremetal.Event
	err := c.Store.View(ctx, func(tx *store.Tx) (err error) {
		scripts, err = tx.Events(store.EventQuery{Node: n.UUID, Kinds: []baremetal.EventKind{baremetal.EventScript}, Limit: 1})
		return err
	})
	return err == nil && device == "pxe" && len(scripts) > 0
}

func (c *Conductor) detach(ctx context.Context, n *baremetal.Node) error {
	storage, err := c.storageOf(n)
	if err != nil {
		return err
	}
	return storage.Detach(ctx, n)
}
