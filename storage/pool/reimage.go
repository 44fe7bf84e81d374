package pool

import (
	"context"
	"errors"

	"ironhook/baremetal"
	"ironhook/store"
)

// Reimage replaces the contents of a volume with an image: the one it was made from, which
// resets it, or another one, which requires that it has no snapshots. The error is
// ErrConflict if it is in use.
func (p *Pool) Reimage(ctx context.Context, uuid, image string) error {
	return p.ReimageFor(ctx, "", uuid, image)
}

// ReimageFor is Reimage on behalf of the node with this UUID: the node may hold the volume,
// but it must not be attached.
func (p *Pool) ReimageFor(ctx context.Context, node, uuid, image string) error {
	i, err := p.Image(ctx, image)
	if err != nil {
		return err
	}
	v, err := p.claim(ctx, uuid, node, baremetal.VolumeDownloading, baremetal.VolumeAvailable, baremetal.VolumeError)
	if err != nil {
		return err
	}
	ctx, cancel := settle(ctx)
	defer cancel()
	if err := p.reimage(ctx, v, i); err != nil {
		_, err = p.available(ctx, uuid, err)
		return err
	}
	defer p.Tidy()
	_, err = p.available(ctx, uuid, nil)
	return err
}

func (p *Pool) reimage(ctx context.Context, v *baremetal.Volume, i *baremetal.Image) error {
	if v.ImageUUID == i.UUID {
		return p.volumes.Reset(v.UUID)
	}
	if i.Status != baremetal.ImageActive || i.VirtualSize > v.Size {
		return baremetal.Errorf(baremetal.ErrInvalid, "Image %s must be active and no larger than volume %s to be put on it.", i.UUID, v.UUID)
	}
	// The record names the new image before the bytes change: Recover continues from there.
	old := *v
	_, err := p.UpdateVolume(ctx, v.UUID, func(_ *store.Tx, v *baremetal.Volume) error {
		v.ImageUUID, v.SnapshotUUID, v.SourceUUID = i.UUID, "", ""
		v.Bootable, v.ImageMetadata = true, imageMetadata(i)
		return nil
	})
	if err != nil {
		return err
	}
	if err := ignoreMissing(p.volumes.Delete(v.UUID)); err != nil {
		_, undo := p.UpdateVolume(ctx, v.UUID, func(_ *store.Tx, v *baremetal.Volume) error {
			v.ImageUUID, v.SnapshotUUID, v.SourceUUID = old.ImageUUID, old.SnapshotUUID, old.SourceUUID
			v.Bootable, v.ImageMetadata = old.Bootable, old.ImageMetadata
			return nil
		})
		return errors.Join(err, undo)
	}
	return p.volumes.Clone(i.UUID, v.UUID, v.Size)
}

// Revert returns a volume to the contents of one of its snapshots.
func (p *Pool) Revert(ctx context.Context, uuid, snapshot string) error {
	if _, err := p.Snapshot(ctx, snapshot); err != nil {
		return err
	}
	if _, err := p.claim(ctx, uuid, "", baremetal.VolumeReverting, baremetal.VolumeAvailable, baremetal.VolumeError); err != nil {
		return err
	}
	_, err := p.available(ctx, uuid, p.volumes.Revert(uuid, snapshot))
	p.Tidy()
	return err
}
