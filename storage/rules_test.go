package storage

import (
	"slices"
	"testing"

	"ironhook/baremetal"
	"ironhook/storage/pool"
	"ironhook/store"
)

// TestDiscoveryShowsOnesOwn: discovery lists the initiator's own targets and no others.
func TestDiscoveryShowsOnesOwn(t *testing.T) {
	h := newHouse(t)
	exports, _, _ := h.serve()
	for _, name := range []string{"pc-07", "pc-08"} {
		n, _ := h.machine(name)
		h.must(h.managed.Attach(t.Context(), n))
	}
	all := h.grants()
	if len(all) != 2 {
		t.Fatalf("grants = %v, want two", all)
	}
	for _, x := range all {
		if names, err := exports.discover(t.Context(), x.Initiator); err != nil || !slices.Equal(names, []string{x.IQN}) {
			t.Errorf("%s is shown %v, %v, want its own alone", x.Initiator, names, err)
		}
	}
	if names, err := exports.discover(t.Context(), "iqn.2026-11.test:stranger"); err != nil || len(names) > 0 {
		t.Errorf("a stranger is shown %v, %v, want nothing", names, err)
	}
}

// TestRunningMachineKeepsItsDisk: an ephemeral volume is not reset while a machine runs
// from it, however often it is attached; the next boot finds the image.
func TestRunningMachineKeepsItsDisk(t *testing.T) {
	h := newHouse(t)
	i := h.image("debian")
	v, err := h.pool.CreateVolume(t.Context(), pool.NewVolume{Name: "mine", Image: i.UUID})
	h.must(err)
	n := h.node("pc-07")
	h.give(n, 0, "mine", baremetal.Object{"reset_on_boot": true})
	h.must(h.managed.Attach(t.Context(), n))
	h.scribble(v.UUID)
	h.must(h.managed.Attach(t.Context(), n))
	if got := h.first(v.UUID); got != 'x' {
		t.Errorf("the disk of a machine that runs begins with %c, want what it wrote", got)
	}
	h.must(h.managed.Detach(t.Context(), n))
	h.must(h.managed.Attach(t.Context(), n))
	if got := h.first(v.UUID); got != 'g' {
		t.Errorf("at the next boot the disk begins with %c, want the image", got)
	}
}

// TestVolumeThatIsReadOnlyForAll: a read-only volume is served read-only, whatever the
// target asks for.
func TestVolumeThatIsReadOnlyForAll(t *testing.T) {
	h := newHouse(t)
	exports, _, _ := h.serve()
	for _, readOnly := range []bool{true, false} {
		v, err := h.pool.CreateVolume(t.Context(), pool.NewVolume{Size: 1 << 20})
		h.must(err)
		h.must(h.pool.SetReadOnly(t.Context(), v.UUID, readOnly))
		n := h.node("pc")
		h.give(n, 0, v.UUID, baremetal.Object{"access_mode": "rw"})
		h.must(h.managed.Attach(t.Context(), n))
		if g, err := exports.find(t.Context(), h.grant().IQN); err != nil || g.ReadOnly != readOnly {
			t.Errorf("a volume with read-only %v is served by the grant %+v, %v", readOnly, g, err)
		}
		h.must(h.managed.Detach(t.Context(), n))
		h.update(func(tx *store.Tx) error { return tx.Nodes().Delete(n.UUID) })
	}
}
