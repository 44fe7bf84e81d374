package pool

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"

	"ironhook/baremetal"
	"ironhook/store"
	"ironhook/store/storetest"
	"ironhook/volume"
)

func newPool(t *testing.T) *Pool {
	t.Helper()
	v, err := volume.Open(t.TempDir())
	check(t, err)
	p := New(Config{Store: storetest.Open(t), Volumes: v, Log: slog.New(slog.DiscardHandler), From: onLoopback})
	t.Cleanup(func() {
		check(t, p.Close())
		check(t, v.Close())
	})
	return p
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// golden is an active image of 1 MiB of the letter g.
func golden(t *testing.T, p *Pool) *baremetal.Image {
	t.Helper()
	i := &baremetal.Image{Name: "golden", DiskFormat: "raw", ContainerFormat: "bare", Visibility: "shared"}
	check(t, p.CreateImage(t.Context(), i))
	check(t, p.Upload(t.Context(), i.UUID, bytes.NewReader(bytes.Repeat([]byte("g"), 1<<20)), 0, ""))
	return i
}

// content is what a download of an image gives.
func content(t *testing.T, p *Pool, i *baremetal.Image) []byte {
	t.Helper()
	r, err := p.Content(i)
	check(t, err)
	data, err := io.ReadAll(r)
	check(t, errors.Join(err, r.Close()))
	return data
}

// first returns the first byte of a volume and overwrites it.
func first(t *testing.T, p *Pool, id string, write byte) byte {
	t.Helper()
	d, err := p.volumes.Open(id, false)
	check(t, err)
	b := make([]byte, 512)
	_, err = d.ReadAt(b, 0)
	check(t, err)
	_, err = d.WriteAt(bytes.Repeat([]byte{write}, 512), 0)
	check(t, err)
	check(t, errors.Join(d.Sync(), d.Close()))
	return b[0]
}

func TestResetRevertAndPromoteBringTheRightBytes(t *testing.T) {
	p := newPool(t)
	i := golden(t, p)
	v, err := p.CreateVolume(t.Context(), NewVolume{Image: i.UUID, Size: 2 << 20})
	check(t, err)
	if got := first(t, p, v.UUID, 'a'); got != 'g' {
		t.Errorf("a new volume begins with %c, want g", got)
	}
	s := &baremetal.Snapshot{VolumeUUID: v.UUID}
	check(t, p.CreateSnapshot(t.Context(), s, false))
	first(t, p, v.UUID, 'b')
	check(t, p.Revert(t.Context(), v.UUID, s.UUID))
	if got := first(t, p, v.UUID, 'c'); got != 'a' {
		t.Errorf("a reverted volume begins with %c, want a", got)
	}
	check(t, p.Reimage(t.Context(), v.UUID, i.UUID))
	if got := first(t, p, v.UUID, 'd'); got != 'g' {
		t.Errorf("a reset volume begins with %c, want g", got)
	}
	made, err := p.Promote(t.Context(), v.UUID, Promotion{Name: "next"})
	check(t, err)
	p.wait.Wait()
	if made, err = p.Image(t.Context(), made.UUID); err != nil || made.Status != baremetal.ImageActive {
		t.Fatalf("promoted image = %+v, %v, want it active", made, err)
	}
	if data := content(t, p, made); len(data) != 2<<20 || data[0] != 'd' || data[512] != 'g' {
		t.Errorf("promoted image has %d bytes beginning with %c", len(data), data[0])
	}
	for what, err := range map[string]error{
		"delete the image":  p.DeleteImage(t.Context(), i.UUID),
		"delete the volume": p.DeleteVolume(t.Context(), v.UUID, false),
	} {
		if !errors.Is(err, baremetal.ErrConflict) {
			t.Errorf("%s: %v, want ErrConflict", what, err)
		}
	}
	check(t, p.DeleteVolume(t.Context(), v.UUID, true))
	check(t, p.DeleteImage(t.Context(), i.UUID))
}

func TestAttachedVolumesStayAsTheyAre(t *testing.T) {
	p := newPool(t)
	v, err := p.CreateVolume(t.Context(), NewVolume{Name: "disk", Size: 1 << 20})
	check(t, err)
	a := &baremetal.Attachment{VolumeUUID: v.UUID, Host: "there", Status: AttachmentAttaching}
	g, err := p.Attach(t.Context(), a, "iqn.1993-08.org.debian:01:a")
	check(t, err)
	again, err := p.Attach(t.Context(), a, "")
	check(t, err)
	if g.Secret == "" || again.Secret != g.Secret || again.Initiator != g.Initiator {
		t.Errorf("attached again: %+v, want the grant %+v", again, g)
	}
	_, second := p.Attach(t.Context(), &baremetal.Attachment{VolumeUUID: v.UUID, Status: AttachmentReserved}, "")
	for what, err := range map[string]error{"delete": p.DeleteVolume(t.Context(), v.UUID, true), "attach again": second} {
		if !errors.Is(err, baremetal.ErrConflict) || !strings.Contains(err.Error(), "in use by host there") {
			t.Errorf("%s = %v, want a conflict with host there", what, err)
		}
	}
	check(t, p.Extend(t.Context(), v.UUID, 2<<20))
	check(t, p.Detach(t.Context(), a.UUID))
	check(t, p.DeleteVolume(t.Context(), v.UUID, false))
}

func TestAnUploadThatBreaksOffLeavesNothing(t *testing.T) {
	p := newPool(t)
	i := &baremetal.Image{DiskFormat: "qcow2", ContainerFormat: "bare", Visibility: "shared"}
	check(t, p.CreateImage(t.Context(), i))
	if err := p.Upload(t.Context(), i.UUID, strings.NewReader("no qcow2"), 0, ""); err == nil {
		t.Error("Upload(no qcow2) = nil, want an error")
	}
	i, err := p.Image(t.Context(), i.UUID)
	if err != nil || i.Status != baremetal.ImageKilled || i.Message == "" || p.there(i.UUID) {
		t.Errorf("image = %+v, %v; want it killed, with a reason and no bytes", i, err)
	}
}

// TestRecover sets rows to the states in which a crash leaves them.
func TestRecover(t *testing.T) {
	p := newPool(t)
	i := golden(t, p)
	whole, err := p.CreateVolume(t.Context(), NewVolume{Image: i.UUID})
	check(t, err)
	rows := map[string]baremetal.VolumeStatus{"unmade": baremetal.VolumeCreating, "unset": baremetal.VolumeDownloading,
		"undeleted": baremetal.VolumeDeleting}
	check(t, p.store.Update(t.Context(), func(tx *store.Tx) error {
		whole.Status = baremetal.VolumeReverting
		err := tx.Volumes().Update(whole)
		for id, status := range rows {
			err = errors.Join(err, tx.Volumes().Insert(&baremetal.Volume{UUID: id, Status: status, Size: 1 << 20, ImageUUID: i.UUID}))
		}
		return errors.Join(err, tx.Images().Insert(&baremetal.Image{UUID: "half", Status: baremetal.ImageSaving, Visibility: "shared"}))
	}))
	check(t, p.Recover(t.Context()))
	for id, want := range map[string]baremetal.VolumeStatus{whole.UUID: baremetal.VolumeAvailable, "unset": baremetal.VolumeAvailable,
		"unmade": "", "undeleted": ""} {
		got := baremetal.VolumeStatus("")
		if v, _, err := p.Volume(t.Context(), id); err == nil {
			got = v.Status
		} else if !errors.Is(err, baremetal.ErrNotFound) {
			t.Error(err)
		}
		if got != want {
			t.Errorf("volume %s after Recover is %q, want %q", id, got, want)
		}
	}
	if half, err := p.Image(t.Context(), "half"); err != nil || half.Status != baremetal.ImageKilled {
		t.Errorf("image that was being saved = %+v, %v, want it killed", half, err)
	}
	if got := first(t, p, "unset", 'x'); got != 'g' {
		t.Errorf("volume whose reset was cut short begins with %c, want g", got)
	}
}

// TestVolumeWithoutAnOwner: a crash between the creation of a node's volume and its target
// leaves an orphan, which is deleted, but not while the node is reserved.
func TestVolumeWithoutAnOwner(t *testing.T) {
	p := newPool(t)
	i := golden(t, p)
	n := &baremetal.Node{UUID: "11111111-2222-4333-8444-555555555555", Driver: "fake-hardware", Reservation: "conductor"}
	check(t, p.store.Update(t.Context(), func(tx *store.Tx) error { return tx.Nodes().Insert(n) }))
	made := map[string]string{}
	for _, keep := range []string{"false", "true"} {
		v, err := p.CreateVolume(t.Context(), NewVolume{Image: i.UUID, Node: n.UUID, Metadata: map[string]string{"keep": keep}})
		check(t, err)
		made[keep] = v.UUID
	}
	for _, reserved := range []string{"conductor", ""} {
		n.Reservation = reserved
		check(t, p.store.Update(t.Context(), func(tx *store.Tx) error { return tx.Nodes().Update(n) }))
		_, err := p.purge(t.Context())
		check(t, err)
		for keep, id := range made {
			want := reserved != "" || keep == "true"
			if got := p.there(id); got != want {
				t.Errorf("volume with keep %s of a node reserved by %q is there: %v, want %v", keep, reserved, got, want)
			}
		}
	}
}
