package conductor

import (
	"context"
	"errors"
	"fmt"

	"ironhook/baremetal"
	"ironhook/boot"
)

// plan asks the node's storage interface what the node boots from.
func (c *Conductor) plan(ctx context.Context, n *baremetal.Node) (boot.Plan, error) {
	storage, err := c.storageOf(n)
	if err != nil {
		return boot.Plan{}, err
	}
	return storage.Plan(ctx, n)
}

// prepareVolumeBoot attaches the volumes of a node that boots from one and sets
// its boot device, for good: a diskless machine has no other. It does nothing for
// other nodes.
func (c *Conductor) prepareVolumeBoot(ctx context.Context, n *baremetal.Node) error {
	p, err := c.plan(ctx, n)
	if err != nil || p.Refusal != nil {
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
		err = management.SetBootDevice(ctx, n, deviceFor(p.Volume), true)
	}
	if errors.Is(err, baremetal.ErrUnsupported) {
		return nil // manual-management: a person has chosen it in the firmware
	}
	return err
}

// deviceFor is where the firmware finds the boot volume: iPXE fetches an iSCSI
// volume from the network; a host bus adapter shows Fibre Channel as a disk.
func deviceFor(volume *baremetal.VolumeTarget) string {
	if volume.ISCSI() {
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
