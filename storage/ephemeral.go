package storage

import (
	"context"
	"errors"
	"fmt"

	"ironhook/baremetal"
	"ironhook/storage/pool"
	"ironhook/store"
	"ironhook/volume"
)

// Ephemeral volumes begin every boot with the contents of their image: those whose target
// has the property reset_on_boot. The target may name a volume, which is reset, or the
// image itself. Any number of nodes may name an image: each gets an overlay of its own,
// which exists from power-on to power-off.

// Ephemeral reports whether the node has ephemeral volumes, which a reboot must reset.
func (m *Managed) Ephemeral(ctx context.Context, n *baremetal.Node) (ephemeral bool, err error) {
	err = m.store.View(ctx, func(tx *store.Tx) error {
		targets, err := volumeTargets(tx, n)
		for _, t := range targets {
			ephemeral = ephemeral || t.ISCSI() && t.Options().ResetOnBoot
		}
		return err
	})
	return ephemeral, err
}

// overlays are the volumes of the targets that share an image: ids of volumes by UUIDs of
// targets.
type overlays map[string]string

// shares reports whether a target names an image, so that it needs an overlay.
func (m *Managed) shares(t *baremetal.VolumeTarget, id string, v *baremetal.Volume) bool {
	if v != nil || !t.Options().ResetOnBoot {
		return false
	}
	info, err := m.volumes.Stat(id)
	return err == nil && info.Kind == volume.KindImage
}

// renewal is one volume to reset, or one overlay to make.
type renewal struct {
	target *baremetal.VolumeTarget
	volume *baremetal.Volume
	image  string
}

// renewAll resets the ephemeral volumes and makes the overlays, which it returns. It leaves
// attached volumes alone: their machine is running.
func (m *Managed) renewAll(ctx context.Context, n *baremetal.Node) (overlays, error) {
	var all []renewal
	own := overlays{}
	err := m.store.View(ctx, func(tx *store.Tx) error {
		targets, err := volumeTargets(tx, n)
		if err != nil {
			return err
		}
		for _, t := range targets {
			if !t.ISCSI() || !t.Options().ResetOnBoot {
				continue
			}
			a, err := m.planRenewal(tx, t, own)
			if err != nil {
				return err
			}
			if a != nil {
				all = append(all, *a)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, a := range all {
		if err := m.renew(ctx, n, a, own); err != nil {
			return nil, fmt.Errorf("reset volume %s before the boot of node %s: %w", a.target.VolumeID, n.Label(), err)
		}
	}
	return own, nil
}

// planRenewal decides about one target; nil means that there is nothing to do. It ignores a
// target that cannot be resolved: the check of all targets reports it.
func (m *Managed) planRenewal(tx *store.Tx, t *baremetal.VolumeTarget, own overlays) (*renewal, error) {
	id, v, err := pool.Resolve(tx, m.volumes, t.VolumeID)
	if err != nil {
		if operatorError(err) {
			return nil, nil
		}
		return nil, err
	}
	shared := m.shares(t, id, v)
	g, err := tx.Grants().Get(t.UUID)
	switch {
	case err == nil && shared:
		if has, err := tx.Volumes().Get(g.Volume); err == nil && has.ImageUUID == id {
			own[t.UUID] = g.Volume
			return nil, nil
		}
	case err == nil:
		return nil, nil
	case !errors.Is(err, baremetal.ErrNotFound):
		return nil, err
	}
	if !shared && (v == nil || v.ImageUUID == "") {
		return nil, nil
	}
	if shared {
		return &renewal{target: t, image: id}, nil
	}
	return &renewal{target: t, volume: v, image: v.ImageUUID}, nil
}

// renew resets the volume, or makes the overlay.
func (m *Managed) renew(ctx context.Context, n *baremetal.Node, r renewal, own overlays) error {
	if r.volume != nil {
		return m.pool.ReimageFor(ctx, n.UUID, r.volume.UUID, r.image)
	}
	v, err := m.pool.CreateVolume(ctx, pool.NewVolume{Name: n.Label(), Description: "what node " + n.UUID + " writes in this boot",
		Image: r.image, Node: n.UUID})
	if err == nil {
		own[r.target.UUID] = v.UUID
	}
	return err
}

// checkEphemeral checks that an ephemeral volume has an image to go back to.
func checkEphemeral(found *findings, t *baremetal.VolumeTarget, v *baremetal.Volume) {
	if t.Options().ResetOnBoot && (v == nil || v.ImageUUID == "") {
		found.add("Volume %s of volume target %s has no image to go back to: make it from one, name the image itself, or remove reset_on_boot "+
			"from the target's properties.", t.VolumeID, t.UUID)
	}
}
