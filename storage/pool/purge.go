package pool

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ironhook/baremetal"
	"ironhook/internal/limit"
	"ironhook/store"
)

// A volume that was made for a node belongs to the node: it is deleted when no volume
// target names it and it is not exported, unless its metadata item keep is true or it has
// snapshots, which were made to go back to. While a node is reserved its volumes are no
// orphans, because the task that holds the reservation may be about to name a new one;
// after a crash the reservation ends and the volume is deleted.

//
// A task deletes what it leaves behind itself (Discard). The sweeper is for what is left by
// a crash, and by a client that deletes a target or a node.

// sweep deletes the orphans, now and after changes, until ctx ends.
func (p *Pool) sweep(ctx context.Context) {
	for {
		changed := p.store.Changed()
		look, err := p.purge(ctx)
		if err != nil && ctx.Err() == nil {
			p.log.Warn("delete volumes that nodes have left behind", "error", err)
		}
		if limit.Rest(ctx, look) != nil {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
	}
}

// purge deletes the orphans and reports how long it has looked for them.
func (p *Pool) purge(ctx context.Context) (look time.Duration, err error) {
	var list []*baremetal.Volume
	begun := time.Now()
	err = p.store.View(ctx, func(tx *store.Tx) error {
		list, err = tx.Orphans()
		return err
	})
	look = time.Since(begun)
	if err != nil {
		return look, err
	}
	return look, p.deleteAll(ctx, list)
}

// Discard deletes the volumes made for a node that no volume target names any more and that
// are not exported. The caller has reserved the node. What cannot be deleted now is logged,
// and left to the sweeper.
func (p *Pool) Discard(ctx context.Context, node string) {
	var list []*baremetal.Volume
	err := p.store.View(ctx, func(tx *store.Tx) (err error) {
		list, err = tx.OrphansOf(node)
		return err
	})
	if err == nil {
		err = p.deleteAll(ctx, list)
	}
	if err != nil {
		p.log.Warn("delete volumes that a node has left behind", "node", node, "error", err)
	}
}

// deleteAll deletes orphans except those that are kept.
func (p *Pool) deleteAll(ctx context.Context, orphans []*baremetal.Volume) (err error) {
	for _, v := range orphans {
		kept, failed := p.keep(ctx, v.UUID)
		if failed == nil && !kept {
			failed = p.DeleteVolume(ctx, v.UUID, false)
		}
		if errors.Is(failed, baremetal.ErrConflict) || errors.Is(failed, baremetal.ErrNotFound) {
			continue // it is in use, or was deleted meanwhile
		}
		err = errors.Join(err, failed) // one that fails does not keep the others
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
