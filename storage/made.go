package storage

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/google/uuid"

	"ironhook/baremetal"
	"ironhook/storage/pool"
	"ironhook/store"
)

// Volumes that deployments make. A node whose instance_info names one of our images
// as its image_source, and that has no volume target with boot_index 0, gets a volume
// of its own that begins as that image. Volume and target belong together: when the
// target goes, at tear-down for one, the volume goes too, unless somebody has set its
// metadata item keep to true.

// golden returns the image that the node's deployment shall make a volume of, nil if
// it names none of ours. A name that several images have is ErrInvalid.
func golden(tx *store.Tx, n *baremetal.Node) (*baremetal.Image, error) {
	source := n.InstanceInfo.Text("image_source")
	if source == "" {
		return nil, nil
	}
	i, err := tx.Images().Get(source)
	if !errors.Is(err, baremetal.ErrNotFound) {
		return i, err
	}
	named, err := tx.Images().List(store.Query{Filters: []store.Filter{
		{Column: "name", Value: source}, {Column: "status", Value: string(baremetal.ImageActive)}}})
	switch {
	case err != nil || len(named) == 0:
		return nil, err
	case len(named) > 1:
		return nil, baremetal.Errorf(baremetal.ErrInvalid, "%d images are called %s: set image_source to the UUID of one, such as %s.", len(named), source, named[0].UUID)
	}
	return named[0], nil
}

// makes tells whether attaching will make the node's boot volume, and of what.
func makes(tx *store.Tx, n *baremetal.Node, targets []*baremetal.VolumeTarget) (*baremetal.Image, error) {
	if len(targets) > 0 && targets[0].BootIndex == 0 {
		return nil, nil
	}
	return golden(tx, n)
}

// ensure makes the node's boot volume and its target, if it is to have one.
func (m *Managed) ensure(ctx context.Context, n *baremetal.Node) error {
	var from *baremetal.Image
	err := m.store.View(ctx, func(tx *store.Tx) error {
		targets, err := volumeTargets(tx, n)
		if err == nil {
			from, err = makes(tx, n, targets)
		}
		return err
	})
	if err != nil || from == nil {
		return err
	}
	v, err := m.pool.CreateVolume(ctx, pool.NewVolume{Name: n.Label(), Description: "made by the deployment of node " + n.UUID,
		Image: from.UUID, Size: rootSize(n)})
	if err != nil {
		return fmt.Errorf("make the boot volume of node %s: %w", n.Label(), err)
	}
	return m.store.Update(ctx, func(tx *store.Tx) error {
		v, err := tx.Volumes().Get(v.UUID)
		if err != nil {
			return err
		}
		v.NodeUUID = n.UUID
		if err := tx.Volumes().Update(v); err != nil {
			return err
		}
		return tx.Targets().Insert(&baremetal.VolumeTarget{UUID: uuid.NewString(), NodeUUID: n.UUID, VolumeType: "iscsi", VolumeID: v.UUID})
	})
}

// rootSize is the size in bytes that instance_info asks for, 0 for that of the image.
func rootSize(n *baremetal.Node) int64 {
	gib, err := strconv.ParseInt(fmt.Sprint(n.InstanceInfo["root_gb"]), 10, 32)
	if err != nil || gib < 0 {
		return 0
	}
	return gib << 30
}

// resets tells whether a volume begins every boot as its image, whatever the last one
// wrote.
func resets(t *baremetal.VolumeTarget) bool {
	on, err := strconv.ParseBool(fmt.Sprint(t.Properties["reset_on_boot"]))
	return err == nil && on
}

// reset throws away what the last boot wrote to the volumes that are to begin anew. A
// volume that the node has already stays: it runs.
func (m *Managed) reset(ctx context.Context, n *baremetal.Node) error {
	var volumes []*baremetal.Volume
	err := m.store.View(ctx, func(tx *store.Tx) error {
		targets, err := volumeTargets(tx, n)
		if err != nil {
			return err
		}
		for _, t := range targets {
			_, err := tx.Exports().Get(t.UUID)
			if !resets(t) || err == nil {
				continue
			}
			if !errors.Is(err, baremetal.ErrNotFound) {
				return err
			}
			_, v, err := pool.Resolve(tx, m.volumes, t.VolumeID)
			if err != nil {
				return err
			}
			if v == nil || v.ImageUUID == "" {
				return baremetal.Errorf(baremetal.ErrStorage, "Volume %s of volume target %s has no image to go back to: make it from one, or remove reset_on_boot from the target's properties.", t.VolumeID, t.UUID)
			}
			volumes = append(volumes, v)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, v := range volumes {
		if err := m.pool.Reimage(ctx, v.UUID, v.ImageUUID); err != nil {
			return fmt.Errorf("reset volume %s before the boot of node %s: %w", v.UUID, n.Label(), err)
		}
	}
	return nil
}
