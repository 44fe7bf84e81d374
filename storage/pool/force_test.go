package pool

import (
	"errors"
	"strings"
	"testing"

	"ironhook/baremetal"
	"ironhook/store"
)

// inUse is a volume of a deployed node that is off, with a snapshot and a reservation.
func inUse(t *testing.T, p *Pool) (v *baremetal.Volume, n *baremetal.Node, target *baremetal.VolumeTarget) {
	t.Helper()
	v, err := p.CreateVolume(t.Context(), NewVolume{Name: "root", Size: gib})
	check(t, err)
	check(t, p.CreateSnapshot(t.Context(), &baremetal.Snapshot{VolumeUUID: v.UUID}, false))
	_, err = p.Attach(t.Context(), &baremetal.Attachment{VolumeUUID: v.UUID, Host: "builder", Status: AttachmentReserved}, "")
	check(t, err)
	n = &baremetal.Node{UUID: "00000000-0000-4000-8000-00000000000a", Name: "pc-07", Driver: "d", ProvisionState: baremetal.Active,
		Interfaces: baremetal.Interfaces{"storage": "iscsi"}}
	target = &baremetal.VolumeTarget{UUID: "00000000-0000-4000-8000-00000000000b", NodeUUID: n.UUID, VolumeType: "iscsi", VolumeID: v.UUID}
	check(t, p.store.Update(t.Context(), func(tx *store.Tx) error {
		return errors.Join(tx.Nodes().Insert(n), tx.Targets().Insert(target))
	}))
	return v, n, target
}

// TestForceDelete takes a volume that nothing can be using now, with all that hangs on it,
// and leaves an event that says what it broke and whose doing that is.
func TestForceDelete(t *testing.T) {
	p := newPool(t)
	v, n, target := inUse(t, p)
	if err := p.DeleteVolume(t.Context(), v.UUID, true); !errors.Is(err, baremetal.ErrConflict) {
		t.Errorf("DeleteVolume = %v, want %v", err, baremetal.ErrConflict)
	}
	check(t, p.ForceDelete(baremetal.WithUser(t.Context(), "alice"), v.UUID))
	check(t, p.store.View(t.Context(), func(tx *store.Tx) error {
		volumes, err := tx.Volumes().List(store.Query{})
		snapshots, err2 := tx.Snapshots().List(store.Query{})
		attachments, err3 := tx.Attachments().List(store.Query{})
		if len(volumes)+len(snapshots)+len(attachments) > 0 {
			t.Errorf("left: %v, %v, %v", volumes, snapshots, attachments)
		}
		events, err4 := tx.Events(store.EventQuery{Kinds: []baremetal.EventKind{baremetal.EventDetach}})
		want := map[string]string{
			"":     "is deleted by force, though it is in use by node pc-07, host builder",
			n.UUID: "is deleted by force: volume target " + target.UUID + " names nothing any more",
		}
		for _, e := range events {
			if e.User != "alice" || want[e.Node] == "" || !strings.Contains(e.Detail, want[e.Node]) {
				t.Errorf("event %+v, want %v of alice", e, want)
			}
			delete(want, e.Node)
		}
		if len(want) > 0 {
			t.Errorf("no event says %v", want)
		}
		return errors.Join(err, err2, err3, err4)
	}))
	if p.there(v.UUID) {
		t.Error("the bytes are there still")
	}
}

// TestForceNeverTakesADiskFromARunningSystem.
func TestForceNeverTakesADiskFromARunningSystem(t *testing.T) {
	for what, run := range map[string]func(t *testing.T, p *Pool, v *baremetal.Volume, n *baremetal.Node, target *baremetal.VolumeTarget){
		"a node that is on": func(t *testing.T, p *Pool, v *baremetal.Volume, n *baremetal.Node, target *baremetal.VolumeTarget) {
			check(t, p.store.Update(t.Context(), func(tx *store.Tx) error {
				return tx.Grants().Insert(&baremetal.Grant{IQN: "iqn.t", Target: target.UUID, Node: n.UUID, Volume: v.UUID, Initiator: "i", User: "u",
					Secret: "s"})
			}))
		},
		"a node that is worked on": func(t *testing.T, p *Pool, _ *baremetal.Volume, n *baremetal.Node, _ *baremetal.VolumeTarget) {
			n.Reservation = "here"
			check(t, p.store.Update(t.Context(), func(tx *store.Tx) error { return tx.Nodes().Update(n) }))
		},
		"an open disk": func(t *testing.T, p *Pool, v *baremetal.Volume, _ *baremetal.Node, _ *baremetal.VolumeTarget) {
			d, err := p.volumes.Open(v.UUID, false)
			check(t, err)
			t.Cleanup(func() { check(t, d.Close()) })
		},
		"an upload": func(t *testing.T, p *Pool, v *baremetal.Volume, _ *baremetal.Node, _ *baremetal.VolumeTarget) {
			_, err := p.UpdateVolume(t.Context(), v.UUID, func(_ *store.Tx, v *baremetal.Volume) error {
				v.Status = baremetal.VolumeUploading
				return nil
			})
			check(t, err)
		},
		"a node that reads its snapshot": func(t *testing.T, p *Pool, v *baremetal.Volume, n *baremetal.Node, target *baremetal.VolumeTarget) {
			check(t, p.store.Update(t.Context(), func(tx *store.Tx) error {
				list, err := tx.Snapshots().List(store.Where("volume_uuid", v.UUID))
				if err != nil {
					return err
				}
				return tx.Targets().Insert(&baremetal.VolumeTarget{UUID: "00000000-0000-4000-8000-00000000000c", NodeUUID: n.UUID, VolumeType: "iscsi",
					BootIndex: 1, VolumeID: list[0].UUID, Properties: baremetal.Object{"access_mode": "ro"}})
			}))
		},
	} {
		t.Run(what, func(t *testing.T) {
			p := newPool(t)
			v, n, target := inUse(t, p)
			run(t, p, v, n, target)
			if err := p.ForceDelete(t.Context(), v.UUID); !errors.Is(err, baremetal.ErrConflict) || !strings.Contains(err.Error(), "first") &&
				!strings.Contains(err.Error(), "wait") {
				t.Errorf("ForceDelete = %v, want %v with a remedy", err, baremetal.ErrConflict)
			}
			check(t, p.store.View(t.Context(), func(tx *store.Tx) error {
				snapshots, err := tx.Snapshots().List(store.Query{})
				attachments, err2 := tx.Attachments().List(store.Query{})
				events, err3 := tx.Events(store.EventQuery{Kinds: []baremetal.EventKind{baremetal.EventDetach}})
				if len(snapshots) != 1 || len(attachments) != 1 || len(events) != 0 {
					t.Errorf("refused, yet there are %d snapshots, %d attachments, %d events", len(snapshots), len(attachments), len(events))
				}
				return errors.Join(err, err2, err3)
			}))
		})
	}
}

// TestASnapshotGoesThoughVolumesStandOnIt: what they share with it goes with the last.
func TestASnapshotGoesThoughVolumesStandOnIt(t *testing.T) {
	p := newPool(t)
	i := golden(t, p)
	v, err := p.CreateVolume(t.Context(), NewVolume{Image: i.UUID})
	check(t, err)
	first(t, p, v.UUID, 'a')
	s := &baremetal.Snapshot{VolumeUUID: v.UUID}
	check(t, p.CreateSnapshot(t.Context(), s, false))
	twin, err := p.CreateVolume(t.Context(), NewVolume{Snapshot: s.UUID})
	check(t, err)
	check(t, p.DeleteSnapshot(t.Context(), s.UUID))
	if _, err := p.Snapshot(t.Context(), s.UUID); !errors.Is(err, baremetal.ErrNotFound) {
		t.Errorf("the snapshot is there still: %v", err)
	}
	check(t, p.volumes.Tidy(t.Context()))
	check(t, p.DeleteVolume(t.Context(), v.UUID, false))
	check(t, p.volumes.Tidy(t.Context()))
	if got := first(t, p, twin.UUID, 'b'); got != 'a' {
		t.Errorf("the volume made from the snapshot begins with %q, want a", got)
	}
	check(t, p.DeleteVolume(t.Context(), twin.UUID, false))
	check(t, p.DeleteImage(t.Context(), i.UUID))
	check(t, p.volumes.Tidy(t.Context()))
	if list, err := p.volumes.List(); err != nil || len(list) != 0 {
		t.Errorf("left: %v, %v", list, err)
	}
}

// TestRecoverForgetsTheAttachmentsOfADeletedVolume: a crash after its bytes have gone does
// not keep the program from starting.
func TestRecoverForgetsTheAttachmentsOfADeletedVolume(t *testing.T) {
	p := newPool(t)
	v, _, _ := inUse(t, p)
	_, err := p.UpdateVolume(t.Context(), v.UUID, func(_ *store.Tx, v *baremetal.Volume) error {
		v.Status = baremetal.VolumeDeleting
		return nil
	})
	check(t, err)
	check(t, p.deleteSnapshots(t.Context(), v.UUID))
	check(t, p.volumes.Delete(v.UUID))
	check(t, p.Recover(t.Context()))
	if _, _, err := p.Volume(t.Context(), v.UUID); !errors.Is(err, baremetal.ErrNotFound) {
		t.Errorf("the volume is there still: %v", err)
	}
}
