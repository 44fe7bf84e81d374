package pool

import (
	"context"
	"errors"

	"ironhook/baremetal"
	"ironhook/store"
)

// A volume that was made for a node belongs to the node: it is deleted when no volume
// target names it and it is not exported, unless its metadata item keep is true. While a
// node is reserved its volumes are no orphans, because the task that holds the reservation
// may be about to name a new one; after a crash the reservation ends and the volume is
// deleted.

// purge deletes the orphans.
func (p *Pool) purge(ctx context.Context) error {
	orphans, err := p.orphans(ctx)
	for _, v := range orphans {
		if v.Keep() {
			_, err = p.UpdateVolume(ctx, v.UUID, func(_ *store.Tx, v *baremetal.Volume) error {
				v.NodeUUID = ""
				return nil
			})
		} else {
			err = p.DeleteVolume(ctx, v.UUID, true)
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
