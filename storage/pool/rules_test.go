package pool

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"ironhook/baremetal"
	"ironhook/store"
)

const iqn = "iqn.1993-08.org.debian:01:a"

// TestAVolumeInUse: a host that has a volume, or has only reserved it, keeps all others
// from changing what it holds. What leaves it as it is, and takes a picture, needs force.
func TestAVolumeInUse(t *testing.T) {
	for _, x := range []struct {
		status, initiator string
		want              baremetal.VolumeStatus
	}{
		{AttachmentAttached, iqn, baremetal.VolumeInUse}, {AttachmentDetaching, iqn, baremetal.VolumeDetaching},
		{AttachmentAttaching, iqn, baremetal.VolumeAttaching}, {AttachmentHeld, "", baremetal.VolumeAttaching},
		{AttachmentReserved, "", baremetal.VolumeReserved},
	} {
		t.Run(x.status, func(t *testing.T) { aVolumeInUse(t, x.status, x.initiator, x.want) })
	}
}

func aVolumeInUse(t *testing.T, status, initiator string, want baremetal.VolumeStatus) {
	p := newPool(t)
	i := golden(t, p)
	v, err := p.CreateVolume(t.Context(), NewVolume{Name: "disk", Image: i.UUID})
	check(t, err)
	s := &baremetal.Snapshot{VolumeUUID: v.UUID}
	check(t, p.CreateSnapshot(t.Context(), s, false))
	a := &baremetal.Attachment{VolumeUUID: v.UUID, Host: "there", Status: status}
	_, err = p.Attach(t.Context(), a, initiator)
	check(t, err)
	if now, uses, err := p.Volume(t.Context(), v.UUID); err != nil || Status(now, uses) != want || len(live(uses)) != 1 {
		t.Errorf("its status is %s, %v, of %d live users; want %s, of one", Status(now, uses), err, len(live(uses)), want)
	}
	promote := func(force bool) error {
		_, err := p.Promote(t.Context(), v.UUID, Promotion{Name: "next", Force: force})
		p.wait.Wait()
		return err
	}
	for what, err := range map[string]error{
		"delete":          p.DeleteVolume(t.Context(), v.UUID, false),
		"cascade":         p.DeleteVolume(t.Context(), v.UUID, true),
		"revert":          p.Revert(t.Context(), v.UUID, s.UUID),
		"reset":           p.Reimage(t.Context(), v.UUID, i.UUID),
		"read-only":       p.SetReadOnly(t.Context(), v.UUID, true),
		"snapshot":        p.CreateSnapshot(t.Context(), &baremetal.Snapshot{VolumeUUID: v.UUID}, false),
		"promote":         promote(false),
		"attach":          attach(p, &baremetal.Attachment{VolumeUUID: v.UUID, Host: "here"}),
		"attach to read":  attach(p, &baremetal.Attachment{VolumeUUID: v.UUID, Host: "here", ReadOnly: true}),
		"keep for a host": attach(p, &baremetal.Attachment{VolumeUUID: v.UUID, Status: AttachmentReserved}),
	} {
		if !errors.Is(err, baremetal.ErrConflict) {
			t.Errorf("%s a volume in use: %v, want ErrConflict", what, err)
		}
	}
	if _, err := p.Snapshot(t.Context(), s.UUID); err != nil {
		t.Errorf("its snapshot after a refused deletion: %v", err)
	}
	check(t, p.SetReadOnly(t.Context(), v.UUID, false)) // no change
	check(t, p.CreateSnapshot(t.Context(), &baremetal.Snapshot{VolumeUUID: v.UUID}, true))
	check(t, promote(true))
	check(t, p.Detach(t.Context(), a.UUID))
	check(t, p.Reimage(t.Context(), v.UUID, i.UUID))
}

// TestReadersShareAVolume: any number of users may read a volume without a writer.
func TestReadersShareAVolume(t *testing.T) {
	p := newPool(t)
	v, err := p.CreateVolume(t.Context(), NewVolume{Size: 1 << 20})
	check(t, err)
	for range 2 {
		check(t, attach(p, &baremetal.Attachment{VolumeUUID: v.UUID, ReadOnly: true}))
	}
	if err := attach(p, &baremetal.Attachment{VolumeUUID: v.UUID}); !errors.Is(err, baremetal.ErrConflict) {
		t.Errorf("a writer among readers: %v, want ErrConflict", err)
	}
	readers, err := p.CreateVolume(t.Context(), NewVolume{Size: 1 << 20})
	check(t, err)
	check(t, p.SetReadOnly(t.Context(), readers.UUID, true))
	a := &baremetal.Attachment{VolumeUUID: readers.UUID}
	check(t, attach(p, a))
	if !a.ReadOnly {
		t.Error("a volume for reading only was given to be written to")
	}
}

// TestSnapshotsOfADeletedVolume: snapshots are deleted with their volume only if the
// request says cascade.
func TestSnapshotsOfADeletedVolume(t *testing.T) {
	p := newPool(t)
	v, err := p.CreateVolume(t.Context(), NewVolume{Size: 1 << 20})
	check(t, err)
	s := &baremetal.Snapshot{VolumeUUID: v.UUID}
	check(t, p.CreateSnapshot(t.Context(), s, false))
	if err := p.DeleteVolume(t.Context(), v.UUID, false); !errors.Is(err, baremetal.ErrConflict) || !p.there(s.UUID) {
		t.Errorf("delete without cascade = %v, snapshot there %v; want a conflict, and it there", err, p.there(s.UUID))
	}
	check(t, p.DeleteVolume(t.Context(), v.UUID, true))
	if p.there(s.UUID) || p.there(v.UUID) {
		t.Error("a deleted volume has left bytes")
	}
}

// TestReimageKeepsTheVolumeUntilItHasAnother: reimaging with an unsuitable image loses no
// data.
func TestReimageKeepsTheVolumeUntilItHasAnother(t *testing.T) {
	p := newPool(t)
	i := golden(t, p)
	v, err := p.CreateVolume(t.Context(), NewVolume{Size: 1 << 20})
	check(t, err)
	first(t, p, v.UUID, 'd')
	empty := &baremetal.Image{Visibility: "shared"}
	check(t, p.CreateImage(t.Context(), empty))
	large := &baremetal.Image{DiskFormat: "raw", Visibility: "shared"}
	check(t, p.CreateImage(t.Context(), large))
	check(t, p.Upload(t.Context(), large.UUID, bytes.NewReader(make([]byte, 2<<20)), 0, ""))
	for what, image := range map[string]string{"without bytes": empty.UUID, "that is larger": large.UUID} {
		if err := p.Reimage(t.Context(), v.UUID, image); !errors.Is(err, baremetal.ErrInvalid) {
			t.Errorf("an image %s: %v, want ErrInvalid", what, err)
		}
		if got := first(t, p, v.UUID, 'd'); got != 'd' {
			t.Errorf("after an image %s the volume begins with %q, want d", what, got)
		}
	}
	check(t, p.Reimage(t.Context(), v.UUID, i.UUID))
	now, _, err := p.Volume(t.Context(), v.UUID)
	if err != nil || now.ImageUUID != i.UUID || now.Status != baremetal.VolumeAvailable || now.Message != "" {
		t.Errorf("volume = %+v, %v; want it available, of the image", now, err)
	}
	if got := first(t, p, v.UUID, 'x'); got != 'g' {
		t.Errorf("the volume begins with %q, want g", got)
	}
}

// TestImageRules: bytes are uploaded once, an incomplete image boots nothing, and a
// protected image or one in use stays.
func TestImageRules(t *testing.T) {
	p := newPool(t)
	i := golden(t, p)
	data := func() *strings.Reader { return strings.NewReader(strings.Repeat("x", 1<<20)) }
	if err := p.Upload(t.Context(), i.UUID, data(), 0, ""); !errors.Is(err, baremetal.ErrConflict) {
		t.Errorf("a second upload: %v, want ErrConflict", err)
	}
	if err := p.Import(t.Context(), i.UUID, "http://127.0.0.1:1/x", ""); !errors.Is(err, baremetal.ErrConflict) {
		t.Errorf("an import into an active image: %v, want ErrConflict", err)
	}
	empty := &baremetal.Image{Visibility: "shared"}
	check(t, p.CreateImage(t.Context(), empty))
	if _, err := p.CreateVolume(t.Context(), NewVolume{Image: empty.UUID}); !errors.Is(err, baremetal.ErrInvalid) {
		t.Errorf("a volume of an image without bytes: %v, want ErrInvalid", err)
	}
	if _, err := p.CreateVolume(t.Context(), NewVolume{Image: i.UUID, Size: 512}); !errors.Is(err, baremetal.ErrInvalid) {
		t.Errorf("a volume smaller than its image: %v, want ErrInvalid", err)
	}
	wrong := "sha256:" + strings.Repeat("0", 64)
	if err := p.Upload(t.Context(), empty.UUID, data(), 0, wrong); !errors.Is(err, baremetal.ErrInvalid) && err == nil {
		t.Errorf("an upload with another checksum: %v, want an error", err)
	}
	if now, err := p.Image(t.Context(), empty.UUID); err != nil || now.Status != baremetal.ImageKilled || p.there(empty.UUID) {
		t.Errorf("then the image is %+v, %v; want it killed, without bytes", now, err)
	}
	_, err := p.UpdateImage(t.Context(), i.UUID, func(i *baremetal.Image) error { i.Protected = true; return nil })
	check(t, err)
	if err := p.DeleteImage(t.Context(), i.UUID); !errors.Is(err, baremetal.ErrForbidden) || !p.there(i.UUID) {
		t.Errorf("delete a protected image: %v, want ErrForbidden", err)
	}
}

// TestRecoverKeepsWhatWasMade: a crash between bytes and record loses nothing.
func TestRecoverKeepsWhatWasMade(t *testing.T) {
	p := newPool(t)
	v, err := p.CreateVolume(t.Context(), NewVolume{Size: 1 << 20})
	check(t, err)
	first(t, p, v.UUID, 'd')
	for _, status := range []baremetal.VolumeStatus{baremetal.VolumeCreating, baremetal.VolumeUploading, baremetal.VolumeReverting} {
		v.Status = status
		check(t, p.store.Update(t.Context(), func(tx *store.Tx) error { return tx.Volumes().Update(v) }))
		check(t, p.Recover(t.Context()))
		if now, _, err := p.Volume(t.Context(), v.UUID); err != nil || now.Status != baremetal.VolumeAvailable {
			t.Errorf("a volume that was %s is %+v, %v; want it available", status, now, err)
		}
	}
	if got := first(t, p, v.UUID, 'd'); got != 'd' {
		t.Errorf("the volume begins with %q, want d", got)
	}
}

// TestSecrets: secrets differ in all of their characters and have the length that RFC 7143
// requires.
func TestSecrets(t *testing.T) {
	seen := map[string]bool{}
	var at [16]map[byte]bool
	for range 200 {
		s := NewSecret()
		if len(s) != 16 || seen[s] {
			t.Fatalf("secret %q: want 16 characters that were not given before", s)
		}
		seen[s] = true
		for i := range s {
			if at[i] == nil {
				at[i] = map[byte]bool{}
			}
			at[i][s[i]] = true
		}
	}
	for i, letters := range at {
		if len(letters) < 32 {
			t.Errorf("character %d of 200 secrets has %d values, of 64", i, len(letters))
		}
	}
}

// attach grants the volume to an initiator.
func attach(p *Pool, a *baremetal.Attachment) error {
	_, err := p.Attach(context.Background(), a, iqn)
	return err
}
