package storage

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"ironhook/baremetal"
	"ironhook/storage/pool"
	"ironhook/store"
)

// TestVolumeOfADeployment follows a volume that is made from an image for one node: it is
// made once, at attach, is reset at the next boot if its target says so, and is deleted
// with its target.
func TestVolumeOfADeployment(t *testing.T) {
	h := newHouse(t)
	i := h.image("debian")
	n := h.node("pc-07")
	n.InstanceInfo = baremetal.Object{"image_source": "debian"}
	h.update(func(tx *store.Tx) error { return tx.Nodes().Update(n) })

	if p, err := h.plan(h.managed, n); p.Image == nil || err != nil {
		t.Errorf("Plan = %+v, %v, want the image that becomes a volume", p, err)
	}
	h.must(h.validate(h.managed, n))
	h.must(h.managed.Attach(t.Context(), n))
	h.must(h.managed.Attach(t.Context(), n))
	export := h.grant()
	v, uses, err := h.pool.Volume(t.Context(), export.Volume)
	if err != nil || v.ImageUUID != i.UUID || v.NodeUUID != n.UUID || pool.Status(v, uses) != baremetal.VolumeInUse {
		t.Fatalf("volume = %+v, %v, want one of the node's own, in use", v, err)
	}
	if err := h.pool.DeleteVolume(t.Context(), v.UUID, true); err == nil || !strings.Contains(err.Error(), "in use by node pc-07") {
		t.Errorf("DeleteVolume = %v, want a conflict that names the node", err)
	}
	h.must(h.managed.Detach(t.Context(), n))

	target := h.target(&baremetal.VolumeTarget{UUID: export.Target})
	h.setProperties(target, baremetal.Object{"reset_on_boot": true})
	h.scribble(v.UUID)
	h.must(h.managed.Attach(t.Context(), n))
	if got := h.first(v.UUID); got != 'g' {
		t.Errorf("volume with reset_on_boot begins with %c, want g", got)
	}
}

// image is an active image that is full of the letter g.
func (h *house) image(name string) *baremetal.Image {
	h.Helper()
	i := &baremetal.Image{Name: name, DiskFormat: "raw", ContainerFormat: "bare", Visibility: "shared"}
	h.must(h.pool.CreateImage(h.Context(), i))
	h.must(h.pool.Upload(h.Context(), i.UUID, strings.NewReader(strings.Repeat("g", 4096)), 0, ""))
	return i
}

// scribble writes the letter x to the beginning of a volume.
func (h *house) scribble(volume string) {
	h.Helper()
	disk, err := h.volumes.Open(volume, false)
	h.must(err)
	_, err = disk.WriteAt(bytes.Repeat([]byte("x"), 512), 0)
	h.must(errors.Join(err, disk.Sync(), disk.Close()))
}

// first is the first letter of a volume.
func (h *house) first(volume string) byte {
	h.Helper()
	disk, err := h.volumes.Open(volume, true)
	h.must(err)
	b := make([]byte, 512)
	_, err = disk.ReadAt(b, 0)
	h.must(errors.Join(err, disk.Close()))
	return b[0]
}

// TestSharedImage has two nodes boot from one image that both targets name: each has an
// overlay of its own while it is on.
func TestSharedImage(t *testing.T) {
	h := newHouse(t)
	i := h.image("debian")
	nodes := []*baremetal.Node{h.node("pc-1"), h.node("pc-2")}
	if got, err := h.managed.Ephemeral(t.Context(), nodes[0]); got || err != nil {
		t.Errorf("Ephemeral without a target = %v, %v, want false", got, err)
	}
	for k, name := range []string{"debian", i.UUID} {
		h.give(nodes[k], 0, name, baremetal.Object{"reset_on_boot": "true"})
	}
	if got, err := h.managed.Ephemeral(t.Context(), nodes[0]); !got || err != nil {
		t.Errorf("Ephemeral with reset_on_boot = %v, %v, want true", got, err)
	}
	seen := map[string]bool{}
	for range 2 {
		for _, n := range nodes {
			h.must(h.validate(h.managed, n))
			h.must(h.managed.Attach(t.Context(), n))
		}
		exports := h.grants()
		if len(exports) != 2 || exports[0].Volume == exports[1].Volume {
			t.Fatalf("grants = %v, want two with a volume each", exports)
		}
		for _, e := range exports {
			if seen[e.Volume] || h.first(e.Volume) != 'g' {
				t.Errorf("overlay %s is not new (%v) or does not begin as the image", e.Volume, seen[e.Volume])
			}
			seen[e.Volume] = true
			h.scribble(e.Volume)
		}
		for _, n := range nodes { // as for a reboot: a machine that runs keeps its disk
			h.must(h.managed.Attach(t.Context(), n))
		}
		if again := h.grants(); len(again) != 2 || !seen[again[0].Volume] || !seen[again[1].Volume] {
			t.Errorf("exports after a second Attach = %v, want them unchanged", again)
		}
		for _, n := range nodes {
			h.must(h.managed.Detach(t.Context(), n))
		}
	}
	h.tidies(0)
}

// tidies runs the pool until want volumes are left.
func (h *house) tidies(want int) {
	h.Helper()
	h.tidiesUntil(func(left []*baremetal.Volume) bool { return len(left) == want })
}

// tidiesUntil runs the pool until the volumes that are left are as they should be.
func (h *house) tidiesUntil(done func(left []*baremetal.Volume) bool) {
	h.Helper()
	ctx, cancel := context.WithTimeout(h.Context(), 10*time.Second)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- h.pool.Run(ctx) }()
	for {
		changed := h.store.Changed()
		var left []*baremetal.Volume
		h.view(func(tx *store.Tx) (err error) { left, err = tx.Volumes().List(store.Query{}); return err })
		if done(left) {
			break
		}
		select {
		case <-changed:
		case <-ctx.Done():
			h.Fatalf("%d volumes are left, which is not what was wanted", len(left))
		}
	}
	cancel()
	h.must(<-ended)
}

// TestResetNeedsAnImage: validation reports a volume that cannot be reset, with the
// remedies.
func TestResetNeedsAnImage(t *testing.T) {
	h := newHouse(t)
	n := h.node("pc-07")
	h.volume("plain")
	h.give(n, 0, "plain", baremetal.Object{"reset_on_boot": true})
	for what, err := range map[string]error{"Validate": h.validate(h.managed, n), "Attach": h.managed.Attach(t.Context(), n)} {
		if err == nil || !strings.Contains(err.Error(),
			"has no image to go back to: make it from one, name the image itself, or remove reset_on_boot") {
			t.Errorf("%s = %v, want it to name the remedies", what, err)
		}
	}
}
