package storage

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"ironhook/baremetal"
	"ironhook/block/iscsi/initiatortest"
	"ironhook/store"
)

// The config drives of a node are units of its boot volume's target, and of no other; one
// that a node lost its form of since the deployment is no reason to serve half of it.
func TestConfigDrives(t *testing.T) {
	if testing.Short() {
		t.Skip("needs libiscsi-bin")
	}
	h := newHouse(t)
	n, _ := h.machine("pc-07")
	h.volume("data")
	h.give(n, 1, "data", nil)
	h.config(n, map[string]any{"user_data": "#cloud-config"})
	exports, address, _ := h.serve()
	h.must(h.managed.Attach(t.Context(), n))
	units := map[int64]int{}
	for _, x := range h.grants() {
		ctx, cancel := initiatortest.Patience(t.Context())
		defer cancel()
		url := fmt.Sprintf("iscsi://%s%%%s@%s/%s", x.User, x.Secret, address, x.IQN)
		for lun := range 4 {
			out, err := exec.CommandContext(ctx, "iscsi-readcapacity16", "-i", x.Initiator, fmt.Sprintf("%s/%d", url, lun)).CombinedOutput()
			if strings.Contains(string(out), "Total size:") {
				units[h.targetOf(x).BootIndex]++
			} else if err == nil {
				t.Errorf("LUN %d: %s", lun, out)
			}
		}
	}
	if units[0] != 3 || units[1] != 1 {
		t.Errorf("units by boot index: %v, want 3 of the boot volume (itself, config-2, cidata), 1 of the other", units)
	}
	h.must(h.managed.Detach(t.Context(), n))
	h.config(n, "no base64!")
	h.must(h.managed.Attach(t.Context(), n))
	for _, x := range h.grants() {
		_, err := exports.lookup(context.Background(), x.Initiator, x.IQN)
		if boots := h.targetOf(x).BootIndex == 0; (err != nil) != boots {
			t.Errorf("with a config drive that is none: boot volume %v, %v", boots, err)
		}
	}
}

// config sets the config drive of a node.
func (h *house) config(n *baremetal.Node, drive any) {
	h.Helper()
	h.must(h.store.Update(context.Background(), func(tx *store.Tx) error {
		now, err := tx.Nodes().Get(n.UUID)
		if err != nil {
			return err
		}
		now.InstanceInfo = baremetal.Object{"configdrive": drive}
		return tx.Nodes().Update(now)
	}))
}

func (h *house) targetOf(g *baremetal.Grant) (t *baremetal.VolumeTarget) {
	h.Helper()
	h.view(func(tx *store.Tx) (err error) { t, err = tx.Targets().Get(g.Target); return err })
	return t
}

func TestMemory(t *testing.T) {
	m := newMemory([]byte("abc"))
	b := make([]byte, 512)
	if n, err := m.ReadAt(b, 0); m.Size() != 512 || n != 512 || err != nil || string(b[:4]) != "abc\x00" {
		t.Errorf("size %d, read %d, %v, %q", m.Size(), n, err, b[:4])
	}
	if n, err := m.ReadAt(b, 500); n != 12 || err == nil {
		t.Errorf("read over the end: %d, %v", n, err)
	}
	if _, err := m.ReadAt(b, 513); err == nil {
		t.Error("read behind the end")
	}
	if _, err := m.WriteAt(b, 0); err == nil || m.Unmap(0, 512) == nil || m.Sync() != nil {
		t.Error("it is written to")
	}
}
