package pool

import (
	"context"
	"errors"
	"fmt"

	"ironhook/baremetal"
	"ironhook/store"
)

// A volume that was made for a node belongs to the node: it is deleted when no volume
// target names it and it is not exported, unless its metadata item keep is true or it has
// snapshots, which were made to go back to. While a node is reserved its volumes are no
// orphans, because the task that holds the reservation may be about to name a new one;
// after a crash the reservation ends and the volume is deleted.

// purge deletes the orphans.
func (p *Pool) purge(ctx context.Context) error {
	orphans, err := p.orphans(ctx)
	for _, v := range orphans {
		kept, err := p.keep(ctx, v.UUID)
		if err == nil && !kept {
			err = p.DeleteVolume(ctx, v.UUID, false)
		}
		if errors.Is(err, baremetal.ErrConflict) || errors.Is(err, baremetal.ErrNotFound) {
			err = nil // it is in use, or was deleted meanwhile
		}
		if err != nil {
			return err
		}
	}
	return err
}

// keep gives a volume that outlives its node to no node, and says so.
func (p *Pool) keep(ctx context.Context, uuid string) (kept bool, err error) {
	err = p.store.Update(ctx, func(tx *store.Tx) error {
		v, err := tx.Volumes().Get(uuid)
		if err != nil {
			return err
		}
		snapshots, err := tx.Snapshots().List(store.Where("volume_uuid", v.UUID))
		if err != nil || len(snapshots) == 0 && !v.Keep() {
			return err
		}
		kept = true
		why := "its metadata item keep is true"
		if len(snapshots) > 0 {
			why = fmt.Sprintf("it has %d snapshots", len(snapshots))
		}
		node := v.NodeUUID
		v.NodeUUID = ""
		return errors.Join(tx.Volumes().Update(v), tx.Append(baremetal.Event{Node: node, Kind: baremetal.EventNode,
			Detail: fmt.Sprintf("volume %s stays, for %s", label(v.Name, v.UUID), why)}))
	})
	return kept, err
}

func (p *Pool) orphans(ctx context.Context) (list []*baremetal.Volume, err error) {
	err = p.store.View(ctx, func(tx *store.Tx) error {
		made, err := tx.Volumes().List(store.Query{Filters: []store.Filter{{Column: "node_uuid", Match: store.NotNull}}})
		if err != nil {
			return err
		}
		for _, v := range made {
			kept, err := wanted(tx, v)
			if err != nil {
				return err
			}
			if !kept {
				list = append(list, v)
			}
		}
		return nil
	})
	return list, err
}

// wanted reports whether a node still needs its own volume, or may need it.
func wanted(tx *store.Tx, v *baremetal.Volume) (bool, error) {
	targets, err := tx.Targets().List(store.Where("volume_id", v.UUID))
	if err != nil || len(targets) > 0 {
		return true, err
	}
	grants, err := tx.Grants().List(store.Where("volume", v.UUID))
	if err != nil || len(grants) > 0 {
		return true, err
	}
	n, err := tx.Nodes().Get(v.NodeUUID)
	if errors.Is(err, baremetal.ErrNotFound) {
		return false, nil
	}
	return err != nil || n.Reservation != "", err
}
