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
	if err == nil {
		err = management.SetBootDevice(ctx, n, deviceFor(boot), true)
	}
	if errors.Is(err, baremetal.ErrUnsupported) {
		return nil // manual-management: a person has chosen it in the firmware
	}
	return err
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
