package storage

import (
	"testing"

	"ironhook/baremetal"
	"ironhook/store"
)

// TestVolumesGoWithTheirTask: what a task leaves behind is gone when it ends, without the
// sweeper of the pool, which a thousand undeploys would outrun.
func TestVolumesGoWithTheirTask(t *testing.T) {
	h, n, old := rebuildable(t)
	n.Reservation = "here"
	h.setState(n, baremetal.Deploying)
	h.must(h.managed.Remake(t.Context(), n))
	made := h.bootVolume(n)
	h.left("a rebuild", made.UUID)

	h.setState(n, baremetal.Deleting)
	h.update(func(tx *store.Tx) error {
		targets, err := volumeTargets(tx, n)
		if err != nil {
			return err
		}
		return tx.Targets().Delete(targets[0].UUID)
	})
	h.managed.Discard(t.Context(), n)
	h.left("an undeploy")
	if _, err := h.volumes.Stat(old.UUID); err == nil {
		t.Error("the bytes of the first volume are still there")
	}

	h.give(n, 0, "debian", baremetal.Object{"reset_on_boot": true})
	h.setState(n, baremetal.Active)
	h.must(h.managed.Attach(t.Context(), n))
	h.left("power-on", h.grant().Volume)
	h.must(h.managed.Detach(t.Context(), n))
	h.left("power-off")
}

// left checks which volumes there are, in the store and on the disk.
func (h *house) left(after string, want ...string) {
	h.Helper()
	var rows []*baremetal.Volume
	h.view(func(tx *store.Tx) (err error) { rows, err = tx.Volumes().List(store.Query{}); return err })
	bytes, err := h.volumes.List("volume")
	h.must(err)
	if len(rows) != len(want) || len(bytes) != len(want) {
		h.Fatalf("after %s there are %d volumes and the bytes of %d, want %v", after, len(rows), len(bytes), want)
	}
	for i, uuid := range want {
		if rows[i].UUID != uuid || bytes[i].ID != uuid {
			h.Errorf("after %s there is volume %s, and the bytes of %s, want %s", after, rows[i].UUID, bytes[i].ID, uuid)
		}
	}
}
