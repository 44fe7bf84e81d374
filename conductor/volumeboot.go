package conductor

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"ironhook/baremetal"
	"ironhook/store"
)

// capabilityFor is the capability that a node needs for a boot volume of a type,
// and how Ironic calls that type in its message.
var capabilityFor = map[string]struct{ key, words string }{
	"iscsi":         {"iscsi_boot", "iSCSI"},
	"fibre_channel": {"fibre_channel_boot", "Fibre Channel"},
}

// bootVolume returns the volume target the node boots from, nil when it boots
// from something else: Ironic's rule is a target with boot_index 0 and a storage
// interface that has no image to write, or that makes a volume of the image.
func (c *Conductor) bootVolume(ctx context.Context, n *baremetal.Node) (*baremetal.VolumeTarget, error) {
	storage, err := c.storageOf(n)
	if err != nil {
		return nil, err
	}
	if write, err := storage.ShouldWriteImage(ctx, n); err != nil || write {
		return nil, err
	}
	var found []*baremetal.VolumeTarget
	err = c.Store.View(ctx, func(tx *store.Tx) error {
		found, err = tx.Targets().List(store.Query{Filters: []store.Filter{
			{Column: "node_uuid", Value: n.UUID}, {Column: "boot_index", Value: 0},
		}})
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case len(found) > 0:
		return found[0], nil
	case n.InstanceInfo.Text("image_source") != "":
		// Attach makes a volume of the image, and this target.
		return &baremetal.VolumeTarget{NodeUUID: n.UUID, VolumeType: "iscsi"}, nil
	}
	return nil, nil
}

// checkCapability refuses a boot volume that the node is not declared able to
// boot from (ironic/drivers/modules/deploy_utils.py).
func checkCapability(n *baremetal.Node, boot *baremetal.VolumeTarget) error {
	need, ok := capabilityFor[strings.ToLower(boot.VolumeType)]
	if !ok {
		return nil
	}
	if _, has := n.Capability(need.key); has {
		return nil
	}
	return baremetal.Errorf(baremetal.ErrStorage,
		"Node %s has an %s boot volume defined and no %s boot support available.", n.UUID, need.words, need.words)
}

// prepareVolumeBoot attaches the volumes of a node that boots from one and sets
// its boot device, for good: a diskless machine has no other. It does nothing for
// other nodes.
func (c *Conductor) prepareVolumeBoot(ctx context.Context, n *baremetal.Node) error {
	boot, err := c.bootVolume(ctx, n)
	if err != nil || boot == nil {
		return err
	}
	storage, err := c.storageOf(n)
	if err != nil {
		return err
	}
	if err := storage.Attach(ctx, n); err != nil {
		return fmt.Errorf("attach volumes: %w", err)
	}
	management, err := c.powerOf(n, "management")
	if err != nil {
		return ignoring(err, baremetal.ErrUnsupported) // a person has chosen it in the firmware
	}
	device := deviceFor(boot)
	err = management.SetBootDevice(ctx, n, device, true)
	if !errors.Is(err, baremetal.ErrBootDevice) || !c.bootsFrom(ctx, n, management, device) {
		return ignoring(err, baremetal.ErrUnsupported)
	}
	c.Log.Warn("BMC refuses the boot device; the machine is switched on all the same", "node", n.UUID, "device", device, "error", err)
	return c.Store.Append(ctx, baremetal.Event{Node: n.UUID, Kind: baremetal.EventNode,
		Detail: "is switched on all the same and boots what its firmware has first: " + sentence(err)})
}

// ignoring is err, or nil when it is of this kind.
func ignoring(err, kind error) error {
	if errors.Is(err, kind) {
		return nil
	}
	return err
}

// bootsFrom reports whether the node can be expected to boot from the device though
// its BMC refuses to set it. UEFI has a boot order of its own, which many BMCs cannot
// change. A BIOS must be known to have the device: its BMC says so, or the machine has
// asked for a boot script before. Otherwise it might boot what an earlier user left on
// its disk.
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

// deviceFor is where the firmware finds the boot volume: iPXE fetches an iSCSI
// volume from the network; a host bus adapter shows Fibre Channel as a disk.
func deviceFor(boot *baremetal.VolumeTarget) string {
	if strings.EqualFold(boot.VolumeType, "iscsi") {
		return "pxe"
	}
	return "disk"
}

func (c *Conductor) detach(ctx context.Context, n *baremetal.Node) error {
	storage, err := c.storageOf(n)
	if err != nil {
		return err
	}
	return storage.Detach(ctx, n)
}
