package pool

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"ironhook/baremetal"
	"ironhook/store"
	"ironhook/volume"
)

// ForceDelete removes a volume with its snapshots though it is in use, as long as nothing
// can be reading or writing it: a deployed node that is off loses the volume that its
// target names, and a host loses its reservation or a grant that it has not used. An event
// says so, with the user. A volume that a machine or host has open, that is being worked
// on, or whose node is, is ErrConflict: no force takes a disk from a running system.
func (p *Pool) ForceDelete(ctx context.Context, uuid string) error {
	_, err := p.UpdateVolume(ctx, uuid, func(tx *store.Tx, v *baremetal.Volume) error {
		uses, err := Users(tx, uuid)
		if err == nil {
			err = p.mayForce(tx, v, uses)
		}
		if err != nil {
			return err
		}
		v.Status = baremetal.VolumeDeleting
		return appendForced(tx, v, uses)
	})
	if err != nil {
		return err
	}
	ctx, cancel := settle(ctx)
	defer cancel()
	if err = p.deleteSnapshots(ctx, uuid); err == nil {
		err = ignoreMissing(p.volumes.Delete(uuid))
	}
	if err != nil {
		_, err = p.available(ctx, uuid, err)
		return err
	}
	defer p.Tidy()
	return p.store.Update(ctx, func(tx *store.Tx) error { return forgetVolume(tx, uuid) })
}

// mayForce refuses what force must not break.
func (p *Pool) mayForce(tx *store.Tx, v *baremetal.Volume, uses []Use) error {
	what := "Volume " + label(v.Name, v.UUID)
	if !slices.Contains([]baremetal.VolumeStatus{baremetal.VolumeAvailable, baremetal.VolumeError, baremetal.VolumeDeleting}, v.Status) {
		return baremetal.Errorf(baremetal.ErrConflict, "%s is %s: wait until that has ended.", what, v.Status)
	}
	for _, u := range uses {
		if u.Node == "" {
			continue
		}
		n, err := tx.Nodes().Get(u.Node)
		if err != nil {
			return err
		}
		if u.Grant != nil || n.Reservation != "" {
			return busy(what, uses)
		}
	}
	if err := p.volumes.Idle(v.UUID); errors.Is(err, volume.ErrInUse) {
		return baremetal.Errorf(baremetal.ErrConflict, "%s cannot be deleted by force, for %s has it open; detach it there first.", what,
			cmp.Or(listUsers(uses), "a program"))
	}
	return idleSnapshots(tx, v.UUID)
}

// idleSnapshots refuses snapshots that nodes read.
func idleSnapshots(tx *store.Tx, volume string) error {
	list, err := tx.Snapshots().List(store.Where("volume_uuid", volume))
	if err != nil {
		return err
	}
	for _, s := range list {
		uses, err := Users(tx, s.UUID)
		if err != nil {
			return err
		}
		if len(uses) > 0 {
			return busy("Snapshot "+label(s.Name, s.UUID), uses)
		}
	}
	return nil
}

// appendForced appends what is broken: an event of each node, and one of the volume.
func appendForced(tx *store.Tx, v *baremetal.Volume, uses []Use) error {
	what := "volume " + label(v.Name, v.UUID)
	detail := what + " is deleted by force"
	if len(uses) > 0 {
		detail += ", though it is in use by " + listUsers(uses)
	}
	err := tx.Append(baremetal.Event{Kind: baremetal.EventDetach, Detail: detail})
	for _, u := range uses {
		if u.Node != "" {
			err = errors.Join(err, tx.Append(baremetal.Event{Node: u.Node, Kind: baremetal.EventDetach,
				Detail: fmt.Sprintf("%s is deleted by force: volume target %s names nothing any more", what, u.UUID)}))
		}
	}
	return err
}

// forgetVolume deletes the row of a volume, and with it the attachments that it still has.
func forgetVolume(tx *store.Tx, uuid string) error {
	attachments, err := tx.Attachments().List(store.Where("volume_uuid", uuid))
	if err != nil {
		return err
	}
	for _, a := range attachments {
		if err := tx.Attachments().Delete(a.UUID); err != nil {
			return err
		}
	}
	return tx.Volumes().Delete(uuid)
}
