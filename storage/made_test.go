package storage

import (
	"bytes"
	"strings"
	"testing"

	"ironhook/baremetal"
	"ironhook/storage/pool"
	"ironhook/store"
)

// TestVolumeOfADeployment follows a volume that is made of an image for one node: it
// appears at attach, once, is reset at the next boot if its target says so, and
// belongs to its target.
func TestVolumeOfADeployment(t *testing.T) {
	h := newHouse(t)
	i := &baremetal.Image{Name: "debian", DiskFormat: "raw", ContainerFormat: "bare", Visibility: "shared"}
	h.must(h.pool.CreateImage(t.Context(), i))
	h.must(h.pool.Upload(t.Context(), i.UUID, strings.NewReader(strings.Repeat("g", 4096)), 0))
	n := h.node("pc-07")
	n.InstanceInfo = baremetal.Object{"image_source": "debian"}
	h.update(func(tx *store.Tx) error { return tx.Nodes().Update(n) })

	if write, err := h.managed.ShouldWriteImage(t.Context(), n); write || err != nil {
		t.Errorf("ShouldWriteImage = %v, %v, want false: the image becomes a volume", write, err)
	}
	h.must(h.managed.Validate(t.Context(), n))
	h.must(h.managed.Attach(t.Context(), n))
	h.must(h.managed.Attach(t.Context(), n))
	export := h.export()
	v, uses, err := h.pool.Volume(t.Context(), export.Volume)
	if err != nil || v.ImageUUID != i.UUID || v.NodeUUID != n.UUID || pool.Status(v, uses) != baremetal.VolumeInUse {
		t.Fatalf("volume = %+v, %v, want one of the node's own, in use", v, err)
	}
	if err := h.pool.DeleteVolume(t.Context(), v.UUID, true); err == nil || !strings.Contains(err.Error(), "in use by node pc-07") {
		t.Errorf("DeleteVolume = %v, want a conflict that names the node", err)
	}
	h.must(h.managed.Detach(t.Context(), n))

	target := h.target(&baremetal.VolumeTarget{UUID: export.TargetUUID})
	h.setProperties(target, baremetal.Object{"reset_on_boot": true})
	disk, err := h.volumes.Open(v.UUID, false)
	h.must(err)
	_, err = disk.WriteAt(bytes.Repeat([]byte("x"), 512), 0)
	h.must(err)
	h.must(disk.Close())
	h.must(h.managed.Attach(t.Context(), n))
	disk, err = h.volumes.Open(v.UUID, true)
	h.must(err)
	b := make([]byte, 512)
	_, err = disk.ReadAt(b, 0)
	h.must(err)
	h.must(disk.Close())
	if b[0] != 'g' {
		t.Errorf("volume with reset_on_boot begins with %c, want g", b[0])
	}
}
