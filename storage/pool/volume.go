package pool

import (
	"context"
	"slices"

	"ironhook/baremetal"
	"ironhook/store"
)

// settled are the statuses in which the bytes of a volume are whole.
var settled = []baremetal.VolumeStatus{baremetal.VolumeAvailable, baremetal.VolumeUploading}

// Volume returns one by its UUID, and who uses it.
func (p *Pool) Volume(ctx context.Context, uuid string) (v *baremetal.Volume, uses []Use, err error) {
	err = p.store.View(ctx, func(tx *store.Tx) error {
		if v, err = tx.Volumes().Get(uuid); err != nil {
			return err
		}
		uses, err = Users(tx, uuid)
		return err
	})
	return v, uses, err
}

// UpdateVolume writes back what change made of a volume.
func (p *Pool) UpdateVolume(ctx context.Context, uuid string, change func(*store.Tx, *baremetal.Volume) error) (v *baremetal.Volume, err error) {
	err = p.store.Update(ctx, func(tx *store.Tx) error {
		if v, err = tx.Volumes().Get(uuid); err != nil {
			return err
		}
		if err := change(tx, v); err != nil {
			return err
		}
		return tx.Volumes().Update(v)
	})
	return v, err
}

// claim moves a volume that nobody uses to another status, so that nobody is given it
// until it is available again.
func (p *Pool) claim(ctx context.Context, uuid string, to baremetal.VolumeStatus, from ...baremetal.VolumeStatus) (*baremetal.Volume, error) {
	return p.UpdateVolume(ctx, uuid, func(tx *store.Tx, v *baremetal.Volume) error {
		uses, err := Users(tx, uuid)
		if err != nil {
			return err
		}
		if len(uses) > 0 {
			return baremetal.Errorf(baremetal.ErrConflict, "Volume %s is in use by %s; detach it there first.", label(v.Name, v.UUID), who(uses))
		}
		if !slices.Contains(from, v.Status) {
			return baremetal.Errorf(baremetal.ErrConflict, "Volume %s is %s; its status must be one of %v.", label(v.Name, v.UUID), v.Status, from)
		}
		v.Status = to
		return nil
	})
}

// available ends a claim. failure, if there is one, is told and returned.
func (p *Pool) available(ctx context.Context, uuid string, failure error) (*baremetal.Volume, error) {
	ctx, cancel := settle(ctx)
	defer cancel()
	v, err := p.UpdateVolume(ctx, uuid, func(_ *store.Tx, v *baremetal.Volume) error {
		info, err := p.volumes.Stat(uuid)
		if err != nil {
			v.Status, v.Message = baremetal.VolumeError, err.Error()
			return nil
		}
		v.Status, v.Size, v.Message = baremetal.VolumeAvailable, info.Size, ""
		if failure != nil {
			v.Message = failure.Error()
		}
		return nil
	})
	if failure != nil {
		if err != nil {
			p.log.Error("write down how a change of a volume has ended", "volume", uuid, "error", err)
		}
		return nil, told(failure)
	}
	return v, err
}

// DeleteVolume removes a volume, with its snapshots if cascade is true.
func (p *Pool) DeleteVolume(ctx context.Context, uuid string, cascade bool) error {
	if err := p.snapshotsGone(ctx, uuid, cascade); err != nil {
		return err
	}
	if _, err := p.claim(ctx, uuid, baremetal.VolumeDeleting, baremetal.VolumeAvailable, baremetal.VolumeError, baremetal.VolumeDeleting); err != nil {
		return err
	}
	ctx, cancel := settle(ctx)
	defer cancel()
	if err := gone(p.volumes.Delete(uuid)); err != nil {
		_, err = p.available(ctx, uuid, err)
		return err
	}
	defer p.Tidy()
	return p.store.Update(ctx, func(tx *store.Tx) error { return tx.Volumes().Delete(uuid) })
}

// snapshotsGone refuses to go on with a volume that has snapshots, or deletes them.
func (p *Pool) snapshotsGone(ctx context.Context, uuid string, cascade bool) error {
	v, uses, err := p.Volume(ctx, uuid)
	if err != nil {
		return err
	}
	var list []*baremetal.Snapshot
	err = p.store.View(ctx, func(tx *store.Tx) error {
		list, err = tx.Snapshots().List(store.Where("volume_uuid", uuid))
		return err
	})
	if err != nil || len(list) == 0 {
		return err
	}
	if !cascade || len(uses) > 0 {
		return baremetal.Errorf(baremetal.ErrConflict, "Volume %s has %d snapshots; delete them first, or with it (cascade) when nobody uses it.", label(v.Name, uuid), len(list))
	}
	for _, s := range list {
		if err := p.DeleteSnapshot(ctx, s.UUID); err != nil {
			return err
		}
	}
	return nil
}

// Extend makes a volume larger, in use or not.
func (p *Pool) Extend(ctx context.Context, uuid string, size int64) error {
	v, _, err := p.Volume(ctx, uuid)
	if err != nil {
		return err
	}
	switch {
	case !slices.Contains(settled, v.Status):
		return baremetal.Errorf(baremetal.ErrConflict, "Volume %s is %s; it must be available to be extended.", label(v.Name, uuid), v.Status)
	case size <= v.Size:
		return baremetal.Errorf(baremetal.ErrInvalid, "New size for extend must be greater than current size. (current: %d, extended: %d).", GiB(v.Size), GiB(size))
	}
	if err := p.volumes.Resize(uuid, size); err != nil {
		return told(err)
	}
	ctx, cancel := settle(ctx)
	defer cancel()
	_, err = p.UpdateVolume(ctx, uuid, func(_ *store.Tx, v *baremetal.Volume) error {
		v.Size = max(v.Size, size)
		return nil
	})
	return err
}
