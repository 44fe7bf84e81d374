package storage

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"ironhook/baremetal"
	"ironhook/boot"
	"ironhook/storage/pool"
	"ironhook/store"
)

// Volumes that deployments make. A node whose instance_info names a local image as its
// image_source, and that has no volume target with boot_index 0, gets a volume cloned from
// that image. The volume belongs to its target: when the target is deleted, for example at
// tear-down, so is the volume, unless its metadata item keep is true. Every deployment
// begins with a new one (remake.go).

// ensure makes the node's boot volume and its target, if it is to have one. The volume
// is the node's from the first: cut short by a crash, it is an orphan of the pool's.
func (m *Managed) ensure(ctx context.Context, n *baremetal.Node) error {
	var p boot.Plan
	err := m.store.View(ctx, func(tx *store.Tx) (err error) {
		p, err = m.Plan(tx, n)
		return err
	})
	if err == nil && p.Source != nil {
		err = baremetal.Errorf(baremetal.ErrStorage, "The image at %s has yet to be imported, which a deployment does: deploy node %s.",
			p.Source.Label(), n.Label())
	}
	if err != nil || p.Image == nil {
		return err
	}
	size, refusal := boot.RootSize(n)
	if refusal != nil {
		return refusal.Err()
	}
	v, err := m.pool.CreateVolume(ctx, pool.NewVolume{Name: n.Label(), Description: "made by the deployment of node " + n.UUID,
		Image: p.Image.UUID, Size: size, Node: n.UUID})
	if err != nil {
		return fmt.Errorf("make the boot volume of node %s: %w", n.Label(), err)
	}
	return m.store.Update(ctx, func(tx *store.Tx) error {
		return tx.Targets().Insert(&baremetal.VolumeTarget{UUID: uuid.NewString(), NodeUUID: n.UUID, VolumeType: baremetal.ISCSI,
			VolumeID: v.UUID})
	})
}
