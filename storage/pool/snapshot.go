package pool

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"ironhook/baremetal"
	"ironhook/store"
)

// CreateSnapshot makes a snapshot of s.VolumeUUID and sets its UUID. A volume in use needs
// force: its snapshot is only crash-consistent.
func (p *Pool) CreateSnapshot(ctx context.Context, s *baremetal.Snapshot, force bool) error {
	s.UUID, s.Status = uuid.NewString(), baremetal.VolumeCreating
	err := p.store.Update(ctx, func(tx *store.Tx) error {
		v, err := tx.Volumes().Get(s.VolumeUUID)
		if err != nil {
			return err
		}
		uses, err := Users(tx, v.UUID)
		if err != nil {
			return err
		}
		switch {
		case !slices.Contains(settled, v.Status):
			return baremetal.Errorf(baremetal.ErrConflict, "Volume %s is %s; it must be available to make a snapshot of it.", label(v.Name, v.UUID),
				v.Status)
		case len(live(uses)) > 0 && !force:
			return baremetal.Errorf(baremetal.ErrConflict,
				"Volume %s is in use by %s; its snapshot would be what a power cut leaves. Detach it, or use force.", label(v.Name, v.UUID),
				listUsers(uses))
		}
		s.Size = v.Size
		if err := count(tx.Snapshots()); err != nil {
			return err
		}
		return tx.Snapshots().Insert(s)
	})
	if err != nil {
		return err
	}
	ctx, cancel := settle(ctx)
	defer cancel()
	made := p.volumes.Snapshot(s.VolumeUUID, s.UUID)
	err = p.store.Update(ctx, func(tx *store.Tx) error {
		if made != nil {
			return tx.Snapshots().Delete(s.UUID)
		}
		s.Status = baremetal.VolumeAvailable
		return tx.Snapshots().Update(s)
	})
	if made != nil {
		if err != nil {
			p.log.Error("forget a snapshot that could not be made", "snapshot", s.UUID, "error", err)
		}
		return withKind(made)
	}
	return err
}

// Snapshot returns one by its UUID.
func (p *Pool) Snapshot(ctx context.Context, uuid string) (s *baremetal.Snapshot, err error) {
	err = p.store.View(ctx, func(tx *store.Tx) error {
		s, err = tx.Snapshots().Get(uuid)
		return err
	})
	return s, err
}

// UpdateSnapshot applies change to a snapshot in one transaction.
func (p *Pool) UpdateSnapshot(ctx context.Context, uuid string, change func(*baremetal.Snapshot) error) (s *baremetal.Snapshot, err error) {
	err = p.store.Update(ctx, func(tx *store.Tx) error {
		if s, err = tx.Snapshots().Get(uuid); err != nil {
			return err
		}
		if err := change(s); err != nil {
			return err
		}
		return tx.Snapshots().Update(s)
	})
	return s, err
}

// DeleteSnapshot removes a snapshot. Volumes that were made from it stay as they are: the
// layers that they share with it are deleted with the last of them. The error is
// ErrConflict if a deployed node reads it.
func (p *Pool) DeleteSnapshot(ctx context.Context, uuid string) error {
	err := p.store.Update(ctx, func(tx *store.Tx) error {
		s, err := tx.Snapshots().Get(uuid)
		if err != nil {
			return err
		}
		uses, err := Users(tx, uuid)
		if err != nil {
			return err
		}
		if len(uses) > 0 {
			return busy("Snapshot "+label(s.Name, uuid), uses)
		}
		s.Status = baremetal.VolumeDeleting
		return tx.Snapshots().Update(s)
	})
	if err != nil {
		return err
	}
	ctx, cancel := settle(ctx)
	defer cancel()
	if err := ignoreMissing(p.volumes.Delete(uuid)); err != nil {
		_, undo := p.UpdateSnapshot(ctx, uuid, func(s *baremetal.Snapshot) error {
			s.Status = baremetal.VolumeAvailable
			return nil
		})
		if undo != nil {
			p.log.Error("keep a snapshot that cannot be deleted", "snapshot", uuid, "error", undo)
		}
		return withKind(fmt.Errorf("snapshot %s cannot be deleted: %w", uuid, err))
	}
	defer p.Tidy()
	return p.store.Update(ctx, func(tx *store.Tx) error { return tx.Snapshots().Delete(uuid) })
}
