package storage

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"ironhook/baremetal"
	"ironhook/storage/pool"
	"ironhook/store"
)

// states are all provision states, and whether a node that is off holds its volumes in
// each. An unknown state does.
var states = map[baremetal.ProvisionState]bool{
	baremetal.Enroll: false, baremetal.Verifying: false, baremetal.Manageable: false, baremetal.Available: false,
	baremetal.Inspecting: false, baremetal.InspectWait: false, baremetal.InspectFailed: false,
	baremetal.Cleaning: false, baremetal.CleanWait: false, baremetal.CleanFailed: false, baremetal.CleanHold: false,
	baremetal.Deploying: true, baremetal.DeployWait: true, baremetal.DeployFailed: true, baremetal.DeployHold: true,
	baremetal.Active: true, baremetal.Deleting: true, baremetal.Failed: true,
	baremetal.Adopting: true, baremetal.AdoptFailed: true,
	baremetal.Rescue: true, baremetal.Rescuing: true, baremetal.RescueWait: true, baremetal.RescueFailed: true,
	baremetal.Unrescuing: true, baremetal.UnrescueFailed: true,
	"servicing": true, "service wait": true, "service failed": true, "service hold": true,
}

// TestANodeHoldsItsVolumes has a node that is off name a volume, a snapshot and an image in
// every provision state, and tries everything that destroys or takes them.
func TestANodeHoldsItsVolumes(t *testing.T) {
	for state, holds := range states {
		t.Run(string(state), func(t *testing.T) {
			h := newHouse(t)
			ctx := t.Context()
			n := h.node("pc-07")
			i := h.image("debian")
			v, err := h.pool.CreateVolume(ctx, pool.NewVolume{Name: "root", Image: i.UUID})
			h.must(err)
			s := &baremetal.Snapshot{VolumeUUID: v.UUID}
			h.must(h.pool.CreateSnapshot(ctx, s, false))
			bare := h.image("bare") // nothing is cloned from it
			h.give(n, 0, "root", nil)
			h.give(n, 1, s.UUID, baremetal.Object{"access_mode": "ro"})
			h.give(n, 2, "bare", baremetal.Object{"reset_on_boot": true})
			h.setState(n, state)

			other := h.node("pc-08")
			mine := h.give(other, 0, v.UUID, nil)
			_, uses, err := h.pool.Volume(ctx, v.UUID)
			h.must(err)
			want := map[bool]baremetal.VolumeStatus{true: baremetal.VolumeInUse, false: baremetal.VolumeAvailable}[holds]
			if got := pool.Status(v, uses); got != want || holds != (len(uses) == 1 && uses[0].Node == n.UUID && !uses[0].Live()) {
				t.Errorf("status = %s, users %v, want %s", got, uses, want)
			}
			rename := func(*store.Tx, *baremetal.Volume) error { return nil }
			for _, try := range []struct {
				what string
				do   func() error
			}{
				{"attach to a host", func() error {
					a := &baremetal.Attachment{VolumeUUID: v.UUID, Host: "backup", Status: pool.AttachmentReserved}
					_, err := h.pool.Attach(ctx, a, "")
					return errors.Join(err, h.undo(holds, func() error { return h.pool.Detach(ctx, a.UUID) }))
				}},
				{"begin on another node", func() error { return h.begins(other, baremetal.VerbDeploy) }},
				{"attach to another node", func() error {
					return errors.Join(h.managed.Attach(ctx, other), h.managed.Detach(ctx, other))
				}},
				{"change a deployed node's target to it", func() error {
					deployed := *other
					deployed.ProvisionState = baremetal.Active
					var err error
					h.view(func(tx *store.Tx) error { err = h.managed.MayChange(tx, &deployed, nil, mine); return nil })
					return err
				}},
				{"reset the status", func() error {
					return errors.Join(h.pool.ResetStatus(ctx, v.UUID, baremetal.VolumeError), h.pool.ResetStatus(ctx, v.UUID, baremetal.VolumeAvailable))
				}},
				{"make it read-only", func() error {
					return errors.Join(h.pool.SetReadOnly(ctx, v.UUID, true), h.pool.SetReadOnly(ctx, v.UUID, false))
				}},
				{"give its name to another", func() error {
					second, err := h.pool.CreateVolume(ctx, pool.NewVolume{Name: "root", Size: 1 << 20})
					return errors.Join(err, h.undo(holds, func() error { return h.pool.DeleteVolume(ctx, second.UUID, false) }))
				}},
				{"rename it", func() error {
					_, err := h.pool.UpdateVolume(ctx, v.UUID, func(tx *store.Tx, v *baremetal.Volume) error { v.Name = "mine"; return rename(tx, v) })
					return errors.Join(err, h.undo(holds, func() error {
						_, err := h.pool.UpdateVolume(ctx, v.UUID, func(_ *store.Tx, v *baremetal.Volume) error { v.Name = "root"; return nil })
						return err
					}))
				}},
				{"revert", func() error { return h.pool.Revert(ctx, v.UUID, s.UUID) }},
				{"reimage", func() error { return h.pool.Reimage(ctx, v.UUID, i.UUID) }},
				{"delete the snapshot", func() error { return h.pool.DeleteSnapshot(ctx, s.UUID) }},
				{"delete the image", func() error { return h.pool.DeleteImage(ctx, bare.UUID) }},
				{"delete it with all", func() error { return h.pool.DeleteVolume(ctx, v.UUID, true) }},
			} {
				err := try.do()
				switch {
				case holds && (!errors.Is(err, baremetal.ErrConflict) && !errors.Is(err, baremetal.ErrStorage) ||
					!strings.Contains(err.Error(), "node pc-07")):
					t.Errorf("%s = %v, want a conflict that names the node", try.what, err)
				case !holds && err != nil:
					t.Errorf("%s = %v, want it done", try.what, err)
				}
			}
			if !holds {
				return
			}
			h.must(h.pool.CreateSnapshot(ctx, &baremetal.Snapshot{VolumeUUID: v.UUID}, false)) // it is not written to
			h.must(h.pool.Extend(ctx, v.UUID, 1<<30))
			h.must(h.managed.Attach(ctx, n)) // a node's own volumes never conflict
		})
	}
}

// undo runs f unless the operation was refused.
func (h *house) undo(refused bool, f func() error) error {
	if refused {
		return nil
	}
	return f()
}

func (h *house) setState(n *baremetal.Node, state baremetal.ProvisionState) {
	h.Helper()
	n.ProvisionState = state
	h.update(func(tx *store.Tx) error { return tx.Nodes().Update(n) })
}

func (h *house) begins(n *baremetal.Node, verb baremetal.ProvisionEvent) (err error) {
	h.view(func(tx *store.Tx) error { err = h.managed.Begin(tx, n, verb); return nil })
	return err
}

// TestReadersShare: deployed nodes read one volume together, and none of them can become
// its writer.
func TestReadersShare(t *testing.T) {
	h := newHouse(t)
	h.volume("cd")
	ro := baremetal.Object{"access_mode": "ro"}
	a, b := h.node("a"), h.node("b")
	h.give(a, 0, "cd", ro)
	mine := h.give(b, 0, "cd", ro)
	h.setState(a, baremetal.Active)
	h.must(h.begins(b, baremetal.VerbDeploy))
	h.setState(b, baremetal.Active)
	writer := *mine
	writer.Properties = nil
	var err error
	h.view(func(tx *store.Tx) error { err = h.managed.MayChange(tx, b, mine, &writer); return nil })
	if !errors.Is(err, baremetal.ErrConflict) || !strings.Contains(err.Error(), "node a") {
		t.Errorf("a reader that becomes a writer = %v, want a conflict that names node a", err)
	}
}

// TestInterfacesWithoutVolumesOfOurs: other storage interfaces hold no local volume,
// whatever their targets name.
func TestInterfacesWithoutVolumesOfOurs(t *testing.T) {
	for name, holds := range map[string]bool{"noop": false, "external": false, "iscsi": true, "cinder": true, "": true} {
		n := &baremetal.Node{ProvisionState: baremetal.Active, Interfaces: baremetal.Interfaces{"storage": name}}
		if got := pool.Holds(n, &baremetal.VolumeTarget{VolumeType: "iscsi"}); got != holds {
			t.Errorf("Holds with the storage interface %q = %v, want %v", name, got, holds)
		}
		if pool.Holds(n, &baremetal.VolumeTarget{VolumeType: "fibre_channel"}) {
			t.Errorf("a fibre channel target holds a volume with the storage interface %q", name)
		}
	}
}

// rebuildable returns a deployed node that is off and has a boot volume made by its
// deployment.
func rebuildable(t *testing.T) (*house, *baremetal.Node, *baremetal.Volume) {
	t.Helper()
	h := newHouse(t)
	h.image("debian")
	n := h.node("pc-07")
	n.InstanceInfo = baremetal.Object{"image_source": "debian"}
	h.setState(n, baremetal.Deploying)
	h.must(h.managed.Attach(t.Context(), n))
	h.must(h.managed.Detach(t.Context(), n))
	h.setState(n, baremetal.Active)
	return h, n, h.bootVolume(n)
}

// bootVolume returns the volume that a node boots from.
func (h *house) bootVolume(n *baremetal.Node) (v *baremetal.Volume) {
	h.Helper()
	h.view(func(tx *store.Tx) error {
		targets, err := volumeTargets(tx, n)
		if err == nil {
			v, err = tx.Volumes().Get(targets[0].VolumeID)
		}
		return err
	})
	return v
}

func TestRemake(t *testing.T) {
	h, n, old := rebuildable(t)
	h.volume("data")
	data := h.give(n, 1, "data", nil)
	h.must(h.managed.Attach(t.Context(), n)) // it is still on
	next := h.image("next")
	n.InstanceInfo = baremetal.Object{"image_source": "next", "root_gb": "1"}
	h.must(h.begins(n, baremetal.VerbRebuild))
	n.Reservation = "here"
	h.setState(n, baremetal.Deploying)
	h.scribble("data")
	h.must(h.managed.Detach(t.Context(), n))
	h.scribble(old.UUID)
	h.must(h.managed.Remake(t.Context(), n))
	made := h.bootVolume(n)
	if made.UUID == old.UUID || made.ImageUUID != next.UUID || made.Size != 1<<30 || made.NodeUUID != n.UUID || made.Name != old.Name {
		t.Errorf("boot volume = %+v, want a new one of image %s, of 1 GiB, in the place of %+v", made, next.UUID, old)
	}
	if got := h.first(made.UUID); got != 'g' {
		t.Errorf("it begins with %c, want g", got)
	}
	if h.first("data") != 'x' || h.target(data).VolumeID != "data" {
		t.Error("the data volume did not stay as it was")
	}
	h.must(h.managed.Attach(t.Context(), n))
	n.Reservation = ""
	h.setState(n, baremetal.Active)
	h.tidies(1) // the old one is deleted, the new one stays
	if now := h.bootVolume(n); now.UUID != made.UUID {
		t.Errorf("boot volume = %s, want %s", now.UUID, made.UUID)
	}
}

// TestRemakeCutShort stops the program after each step of Remake: the target names a
// complete volume, a second attempt works, and nothing is left over.
func TestRemakeCutShort(t *testing.T) {
	for _, after := range []string{"the new volume", "the target"} {
		h, n, old := rebuildable(t)
		n.Reservation = "here"
		h.setState(n, baremetal.Deploying)
		if after == "the target" {
			h.must(h.managed.Remake(t.Context(), n))
		} else if _, err := h.pool.CreateVolume(t.Context(), pool.NewVolume{Name: n.Name, Image: old.ImageUUID, Node: n.UUID}); err != nil {
			t.Fatal(err)
		}
		h.must(h.pool.Recover(t.Context()))
		n.Reservation = "" // as the conductor's Recover does
		h.setState(n, baremetal.DeployFailed)
		h.tidies(1)
		v := h.bootVolume(n)
		if (v.UUID == old.UUID) != (after == "the new volume") || h.first(v.UUID) != 'g' {
			t.Errorf("cut short after %s: boot volume = %s, before %s", after, v.UUID, old.UUID)
		}
		h.must(h.begins(n, baremetal.VerbRebuild))
		h.must(h.managed.Remake(t.Context(), n))
		h.must(h.managed.Attach(t.Context(), n))
		h.tidies(1)
	}
}

// TestVolumesWithSnapshotsStay: neither a rebuild nor the end of a deployment takes the
// snapshots of the volume that it made, nor the volume; the log says why.
func TestVolumesWithSnapshotsStay(t *testing.T) {
	for _, verb := range []string{"rebuild", "undeploy"} {
		h, n, old := rebuildable(t)
		s := &baremetal.Snapshot{VolumeUUID: old.UUID}
		h.must(h.pool.CreateSnapshot(t.Context(), s, false))
		want := 1
		if verb == "rebuild" {
			want = 2
			h.must(h.begins(n, baremetal.VerbRebuild))
			h.must(h.managed.Remake(t.Context(), n))
		} else {
			h.update(func(tx *store.Tx) error {
				targets, err := volumeTargets(tx, n)
				if err != nil {
					return err
				}
				return tx.Targets().Delete(targets[0].UUID)
			})
		}
		h.tidiesUntil(func(left []*baremetal.Volume) bool {
			i := slices.IndexFunc(left, func(v *baremetal.Volume) bool { return v.UUID == old.UUID })
			return len(left) == want && i >= 0 && left[i].NodeUUID == ""
		})
		v, _, err := h.pool.Volume(t.Context(), old.UUID)
		if _, gone := h.pool.Snapshot(t.Context(), s.UUID); err != nil || gone != nil || v.NodeUUID != "" {
			t.Fatalf("%s: volume %+v, %v, snapshot %v, want both, of no node", verb, v, err, gone)
		}
		events := h.events(n)
		if last := events[len(events)-1].Detail; !strings.HasSuffix(last, "stays, for it has 1 snapshots") || !strings.Contains(last, old.UUID) {
			t.Errorf("%s: last event %q, want why volume %s stays", verb, last, old.UUID)
		}
		h.must(h.pool.DeleteVolume(t.Context(), old.UUID, true)) // it is an operator's now
	}
}

// TestRebuildIsRefused before anything is touched, in words.
func TestRebuildIsRefused(t *testing.T) {
	const nothing = "There is nothing to rebuild"
	for _, c := range []struct {
		what     string
		change   func(h *house, n *baremetal.Node, v *baremetal.Volume)
		want     string
		validate bool // says it, too
	}{
		{"another size", func(_ *house, n *baremetal.Node, _ *baremetal.Volume) { n.InstanceInfo["root_gb"] = 2 }, "", false},
		{"no image_source", func(_ *house, n *baremetal.Node, _ *baremetal.Volume) { n.InstanceInfo = nil }, nothing + " from", false},
		{"an empty image_source", func(_ *house, n *baremetal.Node, _ *baremetal.Volume) { n.InstanceInfo["image_source"] = "" }, nothing +
			" from", false},
		{"a typo", func(_ *house, n *baremetal.Node, _ *baremetal.Volume) { n.InstanceInfo["image_source"] = "debain" }, "names no active image",
			true},
		{"a URL", func(_ *house, n *baremetal.Node, _ *baremetal.Volume) {
			n.InstanceInfo["image_source"] = "http://example.org/i"
		}, "no checksum of that file", true},
		{"a shared name", func(h *house, _ *baremetal.Node, _ *baremetal.Volume) { h.image("debian") }, "2 images are called debian", true},
		{"too small", func(h *house, n *baremetal.Node, v *baremetal.Volume) {
			_, err := h.pool.UpdateImage(h.Context(), v.ImageUUID, func(i *baremetal.Image) error { i.MinDisk = 5; return nil })
			h.must(err)
			n.InstanceInfo["root_gb"] = 4
		}, "root_gb in instance_info is 4, but image", true},
		{"no number", func(_ *house, n *baremetal.Node, _ *baremetal.Volume) { n.InstanceInfo["root_gb"] = "many" },
			`root_gb in instance_info is "many"`, true},
		{"a negative number", func(_ *house, n *baremetal.Node, _ *baremetal.Volume) { n.InstanceInfo["root_gb"] = -1 },
			`root_gb in instance_info is "-1"`, true},
		{"preserve_ephemeral", func(_ *house, n *baremetal.Node, _ *baremetal.Volume) { n.InstanceInfo["preserve_ephemeral"] = true },
			"preserve_ephemeral in instance_info cannot be honoured", true},
		{"snapshots", func(h *house, _ *baremetal.Node, v *baremetal.Volume) {
			h.must(h.pool.CreateSnapshot(h.Context(), &baremetal.Snapshot{VolumeUUID: v.UUID}, false))
		}, "", false},
		{"an operator's volume", func(h *house, n *baremetal.Node, v *baremetal.Volume) {
			h.update(func(tx *store.Tx) error { v.NodeUUID = ""; return tx.Volumes().Update(v) })
			n.InstanceInfo = nil
		}, nothing + ": volume", false},
		{"an operator's volume and an image", func(h *house, n *baremetal.Node, v *baremetal.Volume) {
			h.update(func(tx *store.Tx) error { v.NodeUUID = ""; return tx.Volumes().Update(v) })
		}, "image_source in instance_info of pc-07 has no effect", true},
		{"a kept target", func(h *house, n *baremetal.Node, v *baremetal.Volume) {
			h.setFirst(n, baremetal.Object{"keep": true})
			n.InstanceInfo = nil
		}, nothing + ": volume", false},
		{"an operator's volume that is reset", func(h *house, n *baremetal.Node, v *baremetal.Volume) {
			h.update(func(tx *store.Tx) error { v.NodeUUID = ""; return tx.Volumes().Update(v) })
			h.setFirst(n, baremetal.Object{"reset_on_boot": true})
			n.InstanceInfo = nil
		}, "", false},
		{"a volume in error, which is to go", func(h *house, _ *baremetal.Node, v *baremetal.Volume) {
			h.update(func(tx *store.Tx) error { v.Status = baremetal.VolumeError; return tx.Volumes().Update(v) })
		}, "", false},
	} {
		t.Run(c.what, func(t *testing.T) {
			h, n, old := rebuildable(t)
			c.change(h, n, old)
			check := func(what string, err error) {
				if c.want == "" && err != nil || c.want != "" &&
					(err == nil || !strings.Contains(err.Error(), c.want) || !errors.Is(err, baremetal.ErrInvalid)) {
					t.Errorf("%s = %v, want %q", what, err, c.want)
				}
			}
			check("rebuild", h.begins(n, baremetal.VerbRebuild))
			if c.validate {
				check("validate", h.validate(h.managed, n))
			} else if err := h.validate(h.managed, n); err != nil {
				t.Errorf("validate = %v, want nil", err)
			}
			if now := h.bootVolume(n); now.UUID != old.UUID {
				t.Errorf("boot volume = %s, want %s untouched", now.UUID, old.UUID)
			}
		})
	}
}

// setFirst sets the properties of the target that a node boots from.
func (h *house) setFirst(n *baremetal.Node, properties baremetal.Object) {
	h.Helper()
	h.update(func(tx *store.Tx) error {
		targets, err := volumeTargets(tx, n)
		if err != nil {
			return err
		}
		targets[0].Properties = properties
		return tx.Targets().Update(targets[0])
	})
}

// TestTheTargetOfTheOwnVolumeStays: the target cannot be deleted while its node is
// deployed, because the volume would be deleted with it, unless its metadata says keep.
func TestTheTargetOfTheOwnVolumeStays(t *testing.T) {
	h, n, v := rebuildable(t)
	may := func(n *baremetal.Node) (err error) {
		h.view(func(tx *store.Tx) error {
			targets, _ := volumeTargets(tx, n)
			err = h.managed.MayChange(tx, n, targets[0], nil)
			return nil
		})
		return err
	}
	if err := may(n); !errors.Is(err, baremetal.ErrConflict) || !strings.Contains(err.Error(), v.UUID) {
		t.Errorf("MayChange = %v, want a conflict that names the volume", err)
	}
	_, err := h.pool.UpdateVolume(context.Background(), v.UUID, func(_ *store.Tx, v *baremetal.Volume) error {
		v.Metadata = map[string]string{"keep": "true"}
		return nil
	})
	h.must(err)
	h.must(may(n))
}

// TestAnAttachedVolumeIsNotReimaged: an attached volume cannot be reimaged, not even for
// its own node.
func TestAnAttachedVolumeIsNotReimaged(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	n, i := h.node("pc-07"), h.image("debian")
	v, err := h.pool.CreateVolume(ctx, pool.NewVolume{Name: "root", Image: i.UUID})
	h.must(err)
	h.give(n, 0, "root", nil)
	h.must(h.managed.Attach(ctx, n))
	if err := h.pool.ReimageFor(ctx, n.UUID, v.UUID, i.UUID); !errors.Is(err, baremetal.ErrConflict) {
		t.Errorf("reimage a volume that its node has attached: %v, want ErrConflict", err)
	}
	h.must(h.managed.Detach(ctx, n))
	h.must(h.pool.ReimageFor(ctx, n.UUID, v.UUID, i.UUID))
}
