package pool

import (
	"context"
	"slices"

	"ironhook/baremetal"
	"ironhook/store"
)

// settled are the statuses in which the bytes of a volume are complete.
var settled = []baremetal.VolumeStatus{baremetal.VolumeAvailable, baremetal.VolumeUploading}

// Volume returns a volume by its UUID, and its users.
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

// UpdateVolume applies change to a volume in one transaction.
func (p *Pool) UpdateVolume(ctx context.Context, uuid string, change func(*store.Tx, *baremetal.Volume) error) (v *baremetal.Volume,
	err error) {
	err = p.store.Update(ctx, func(tx *store.Tx) error {
		if v, err = tx.Volumes().Get(uuid); err != nil {
			return err
		}
		name := v.Name
		if err := change(tx, v); err != nil {
			return err
		}
		if v.Name != name {
			if err := keepNames(tx, name, v.Name); err != nil {
				return err
			}
		}
		return tx.Volumes().Update(v)
	})
	return v, err
}

// keepNames refuses to add or remove names by which a deployed node finds a volume: its
// next boot would use another disk, or none.
func keepNames(tx *store.Tx, names ...string) error {
	targets, err := tx.Targets().List(store.Query{Filters: []store.Filter{{Column: "volume_id", Match: store.In, Value: names}}})
	if err != nil {
		return err
	}
	for _, t := range targets {
		n, err := tx.Nodes().Get(t.NodeUUID)
		if err != nil {
			return err
		}
		if t.VolumeID != "" && Holds(n, t) {
			return baremetal.Errorf(baremetal.ErrConflict,
				"Volume target %s of node %s, which is deployed, finds its volume by the name %s: set its volume_id to the UUID that it means first, "+
					"or choose another name.",
				t.UUID, n.Label(), t.VolumeID)
		}
	}
	return nil
}

// claim changes the status of a volume without live users and without users other than the
// node: no other user gets it until it is available again. With node "" it must have no
// users at all.
func (p *Pool) claim(ctx context.Context, uuid, node string, to baremetal.VolumeStatus, from ...baremetal.VolumeStatus) (*baremetal.Volume,
	error) {
	return p.UpdateVolume(ctx, uuid, func(tx *store.Tx, v *baremetal.Volume) error {
		uses, err := Users(tx, uuid)
		if err != nil {
			return err
		}
		if len(others(uses, node)) > 0 || len(live(uses)) > 0 {
			return busy("Volume "+label(v.Name, v.UUID), uses)
		}
		if !slices.Contains(from, v.Status) {
			return baremetal.Errorf(baremetal.ErrConflict, "Volume %s is %s; its status must be one of %v.", label(v.Name, v.UUID), v.Status, from)
		}
		v.Status = to
		return nil
	})
}

// available ends a claim. It records and returns failure, if any.
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
		return nil, withKind(failure)
	}
	return v, err
}

// DeleteVolume removes a volume, with its snapshots if cascade is true.
func (p *Pool) DeleteVolume(ctx context.Context, uuid string, cascade bool) error {
	if err := p.snapshotsGone(ctx, uuid, cascade); err != nil {
		return err
	}
	if _, err := p.claim(ctx, uuid, "", baremetal.VolumeDeleting, baremetal.VolumeAvailable, baremetal.VolumeError,
		baremetal.VolumeDeleting); err != nil {
		return err
	}
	ctx, cancel := settle(ctx)
	defer cancel()
	if err := ignoreMissing(p.volumes.Delete(uuid)); err != nil {
		_, err = p.available(ctx, uuid, err)
		return err
	}
	defer p.Tidy()
	return p.store.Update(ctx, func(tx *store.Tx) error { return tx.Volumes().Delete(uuid) })
}

// snapshotsGone deletes the snapshots of a volume if cascade is set, and returns an error
// if there are any otherwise.
func (p *Pool) snapshotsGone(ctx context.Context, uuid string, cascade bool) error {
	err := p.store.View(ctx, func(tx *store.Tx) error {
		v, err := tx.Volumes().Get(uuid)
		if err != nil {
			return err
		}
		list, err := tx.Snapshots().List(store.Where("volume_uuid", uuid))
		if err != nil || len(list) == 0 {
			return err
		}
		uses, err := Users(tx, uuid)
		switch {
		case err != nil:
			return err
		case len(uses) > 0:
			return busy("Volume "+label(v.Name, uuid), uses)
		case !cascade:
			return baremetal.Errorf(baremetal.ErrConflict,
				"Volume %s has %d snapshots; delete them first, or with it (cascade) when nobody uses it.", label(v.Name, uuid), len(list))
		}
		return idleSnapshots(tx, uuid) // all may go, or none does
	})
	if err != nil {
		return err
	}
	return p.deleteSnapshots(ctx, uuid)
}

// deleteSnapshots deletes the snapshots of a volume.
func (p *Pool) deleteSnapshots(ctx context.Context, uuid string) error {
	var list []*baremetal.Snapshot
	err := p.store.View(ctx, func(tx *store.Tx) (err error) {
		list, err = tx.Snapshots().List(store.Where("volume_uuid", uuid))
		return err
	})
	if err != nil {
		return err
	}
	for _, s := range list {
		if err := p.DeleteSnapshot(ctx, s.UUID); err != nil {
			return err
		}
	}
	return nil
}

// idle returns an error if there are users.
func (p *Pool) idle(ctx context.Context, kind, name, uuid string) error {
	return p.store.View(ctx, func(tx *store.Tx) error {
		uses, err := Users(tx, uuid)
		if err == nil && len(uses) > 0 {
			err = busy(kind+" "+label(name, uuid), uses)
		}
		return err
	})
}

// ResetStatus sets the status of a volume to available or error. The error is ErrConflict
// for a volume in use, which must stay available or its user could not boot again, and for
// one that is being changed.
func (p *Pool) ResetStatus(ctx context.Context, uuid string, to baremetal.VolumeStatus) error {
	_, err := p.UpdateVolume(ctx, uuid, func(tx *store.Tx, v *baremetal.Volume) error {
		uses, err := Users(tx, uuid)
		if err != nil {
			return err
		}
		switch {
		case v.Status != baremetal.VolumeAvailable && v.Status != baremetal.VolumeError:
			return baremetal.Errorf(baremetal.ErrConflict,
				"Volume %s is %s: wait until that has ended; what a crash has left is put in order when Ironhook starts.", label(v.Name, uuid),
				v.Status)
		case to != baremetal.VolumeAvailable && len(uses) > 0:
			return busy("Volume "+label(v.Name, uuid), uses)
		}
		v.Status = to
		return nil
	})
	return err
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
		return baremetal.Errorf(baremetal.ErrInvalid, "New size for extend must be greater than current size. (current: %d, extended: %d).",
			GiB(v.Size), GiB(size))
	}
	if err := p.volumes.Resize(uuid, size); err != nil {
		return withKind(err)
	}
	ctx, cancel := settle(ctx)
	defer cancel()
	_, err = p.UpdateVolume(ctx, uuid, func(_ *store.Tx, v *baremetal.Volume) error {
		v.Size = max(v.Size, size)
		return nil
	})
	return err
}
