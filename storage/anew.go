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

// Volumes that begin every boot as their image, whatever the last one wrote: those
// whose target has the property reset_on_boot. The target may name a volume, which is
// reset, or the image itself: then any number of nodes may name it, and each gets an
// overlay of its own, which is there from the switching on of the machine until the
// switching off.

// BeginsAnew tells whether a reboot of the node has volumes to renew.
func (m *Managed) BeginsAnew(ctx context.Context, n *baremetal.Node) (anew bool, err error) {
	err = m.store.View(ctx, func(tx *store.Tx) error {
		targets, err := volumeTargets(tx, n)
		for _, t := range targets {
			anew = anew || t.ISCSI() && t.Options().ResetOnBoot
		}
		return err
	})
	return anew, err
}

// overlays is what the targets that share an image have of their own: ids of volumes by
// the UUIDs of the targets.
type overlays map[string]string

// shares tells whether a target shall have an overlay of what it names.
func (m *Managed) shares(t *baremetal.VolumeTarget, id string, v *baremetal.Volume) bool {
	if v != nil || !t.Options().ResetOnBoot {
		return false
	}
	info, err := m.volumes.Stat(id)
	return err == nil && info.Kind == volume.KindImage
}

// anew is one volume to begin again, or to make.
type anew struct {
	target *baremetal.VolumeTarget
	volume *baremetal.Volume
	image  string
}

// begin lets begin again what is to, and returns the overlays. What the machine has
// already stays: it runs.
func (m *Managed) begin(ctx context.Context, n *baremetal.Node) (overlays, error) {
	var all []anew
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
			a, err := m.renewal(tx, t, own)
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

// renewal decides about one target: nil is nothing to do. What cannot be resolved is for
// whoever checks all targets to say.
func (m *Managed) renewal(tx *store.Tx, t *baremetal.VolumeTarget, own overlays) (*anew, error) {
	id, v, err := pool.Resolve(tx, m.volumes, t.VolumeID)
	if err != nil {
		if isFinding(err) {
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
		return &anew{target: t, image: id}, nil
	}
	return &anew{target: t, volume: v, image: v.ImageUUID}, nil
}

// renew resets the volume, or makes an overlay.
func (m *Managed) renew(ctx context.Context, n *baremetal.Node, a anew, own overlays) error {
	if a.volume != nil {
		return m.pool.ReimageFor(ctx, n.UUID, a.volume.UUID, a.image)
	}
	v, err := m.pool.CreateVolume(ctx, pool.NewVolume{Name: n.Label(), Description: "what node " + n.UUID + " writes in this boot",
		Image: a.image, Node: n.UUID})
	if err == nil {
		own[a.target.UUID] = v.UUID
	}
	return err
}

// checkAnew looks at what a target that is to begin anew begins from.
func checkAnew(found *findings, t *baremetal.VolumeTarget, v *baremetal.Volume) {
	if t.Options().ResetOnBoot && (v == nil || v.ImageUUID == "") {
		found.add("Volume %s of volume target %s has no image to go back to: make it from one, name the image itself, or remove reset_on_boot from the target's properties.", t.VolumeID, t.UUID)
	}
}
