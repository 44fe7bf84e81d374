package pool

import (
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"

	"ironhook/baremetal"
	"ironhook/storage/volume"
	"ironhook/store"
)

// NewVolume says what a volume shall be like. At most one of Image, Snapshot and
// Source may be given.
type NewVolume struct {
	Name, Description string
	Size              int64  // bytes; 0 is the size of what it is made from
	Image             string // UUID of what it begins as
	Snapshot          string
	Source            string // another volume
	Node              string // whose deployment makes it
	Metadata          map[string]string
}

// CreateVolume makes a volume that nobody needs to wait for: it is available when
// CreateVolume returns, and there is no trace of it if that fails.
func (p *Pool) CreateVolume(ctx context.Context, want NewVolume) (*baremetal.Volume, error) {
	v := &baremetal.Volume{UUID: uuid.NewString(), Name: want.Name, Description: want.Description, Status: baremetal.VolumeCreating,
		Size: want.Size, NodeUUID: want.Node, Metadata: want.Metadata}
	var from string
	err := p.store.Update(ctx, func(tx *store.Tx) (err error) {
		if err := count(tx.Volumes()); err != nil {
			return err
		}
		if from, err = origin(tx, want, v); err != nil {
			return err
		}
		return tx.Volumes().Insert(v)
	})
	if err != nil {
		return nil, err
	}
	ctx, cancel := settle(ctx)
	defer cancel()
	if from == "" {
		err = p.volumes.Create(v.UUID, v.Size)
	} else {
		err = p.volumes.Clone(from, v.UUID, v.Size)
	}
	if err != nil {
		drop := p.store.Update(ctx, func(tx *store.Tx) error { return tx.Volumes().Delete(v.UUID) })
		if drop != nil {
			p.log.Error("forget a volume that could not be made", "volume", v.UUID, "error", drop)
		}
		return nil, told(err)
	}
	return p.available(ctx, v.UUID, nil)
}

// gib is the unit of the Block Storage API.
const gib = 1 << 30

// GiB rounds bytes up to the unit of the Block Storage API.
func GiB(bytes int64) int64 { return (bytes + gib - 1) / gib }

// origin fills in what a volume inherits, and returns the id of its bytes; "" for an
// empty one. The messages are Cinder's.
func origin(tx *store.Tx, want NewVolume, v *baremetal.Volume) (id string, err error) {
	var least int64
	what := ""
	switch {
	case want.Image != "":
		what, id = "image", want.Image
		least, err = fromImage(tx, want.Image, v)
	case want.Snapshot != "":
		what, id = "snapshot", want.Snapshot
		least, err = fromSnapshot(tx, want.Snapshot, v)
	case want.Source != "":
		what, id = "source volume", want.Source
		least, err = fromVolume(tx, want.Source, v)
	case want.Size <= 0:
		err = baremetal.Errorf(baremetal.ErrInvalid, "Volume size '%d' must be an integer and greater than 0", want.Size)
	}
	if err != nil {
		return "", err
	}
	if v.Size == 0 {
		v.Size = least
	}
	if v.Size < least {
		return "", baremetal.Errorf(baremetal.ErrInvalid, "Size of specified %s %dGB is larger than volume size %dGB.", what, GiB(least), GiB(v.Size))
	}
	return id, nil
}

func fromImage(tx *store.Tx, uuid string, v *baremetal.Volume) (least int64, err error) {
	i, err := tx.Images().Get(uuid)
	if err != nil {
		return 0, err
	}
	if i.Status != baremetal.ImageActive {
		return 0, baremetal.Errorf(baremetal.ErrInvalid, "Image %s is not active.", uuid)
	}
	if v.Size != 0 && v.Size < i.MinDisk*gib {
		return 0, baremetal.Errorf(baremetal.ErrInvalid, "Volume size %dGB cannot be smaller than the image minDisk size %dGB.", GiB(v.Size), i.MinDisk)
	}
	v.ImageUUID, v.Bootable, v.ImageMetadata = uuid, true, imageMetadata(i)
	return max(i.VirtualSize, i.MinDisk*gib), nil
}

func fromSnapshot(tx *store.Tx, uuid string, v *baremetal.Volume) (least int64, err error) {
	s, err := tx.Snapshots().Get(uuid)
	if err != nil {
		return 0, err
	}
	if s.Status != baremetal.VolumeAvailable {
		return 0, baremetal.Errorf(baremetal.ErrInvalid, "Originating snapshot status must be one of available values")
	}
	of, err := tx.Volumes().Get(s.VolumeUUID)
	if err != nil {
		return 0, err
	}
	v.SnapshotUUID, v.Bootable, v.ImageMetadata = uuid, of.Bootable, of.ImageMetadata
	return s.Size, nil
}

func fromVolume(tx *store.Tx, uuid string, v *baremetal.Volume) (least int64, err error) {
	of, err := tx.Volumes().Get(uuid)
	if err != nil {
		return 0, err
	}
	if !slices.Contains(settled, of.Status) {
		return 0, baremetal.Errorf(baremetal.ErrInvalid, "Unable to create a volume from an originating source volume in %s status.", of.Status)
	}
	v.SourceUUID, v.Bootable, v.ImageMetadata = uuid, of.Bootable, of.ImageMetadata
	return of.Size, nil
}

// settled are the statuses in which the bytes of a volume are whole.
var settled = []baremetal.VolumeStatus{baremetal.VolumeAvailable, baremetal.VolumeUploading}

// Volume returns one by its UUID, and who uses it.
func (p *Pool) Volume(ctx context.Context, uuid string) (v *baremetal.Volume, uses []Use, err error) {
	err = p.store.View(ctx, func(tx *store.Tx) error {
		if v, err = tx.Volumes().Get(uuid); err != nil {
			return err
		}
		uses, err = Users(tx, uuid)
		return err
	})
	return v, uses, err
}

// UpdateVolume writes back what change made of a volume.
func (p *Pool) UpdateVolume(ctx context.Context, uuid string, change func(*store.Tx, *baremetal.Volume) error) (v *baremetal.Volume, err error) {
	err = p.store.Update(ctx, func(tx *store.Tx) error {
		if v, err = tx.Volumes().Get(uuid); err != nil {
			return err
		}
		if err := change(tx, v); err != nil {
			return err
		}
		return tx.Volumes().Update(v)
	})
	return v, err
}

// claim moves a volume that nobody uses to another status, so that nobody is given it
// until it is available again.
func (p *Pool) claim(ctx context.Context, uuid string, to baremetal.VolumeStatus, from ...baremetal.VolumeStatus) (*baremetal.Volume, error) {
	return p.UpdateVolume(ctx, uuid, func(tx *store.Tx, v *baremetal.Volume) error {
		uses, err := Users(tx, uuid)
		if err != nil {
			return err
		}
		if len(uses) > 0 {
			return baremetal.Errorf(baremetal.ErrConflict, "Volume %s is in use by %s; detach it there first.", label(v.Name, v.UUID), who(uses))
		}
		if !slices.Contains(from, v.Status) {
			return baremetal.Errorf(baremetal.ErrConflict, "Volume %s is %s; its status must be one of %v.", label(v.Name, v.UUID), v.Status, from)
		}
		v.Status = to
		return nil
	})
}

// available ends a claim. failure, if there is one, is told and returned.
func (p *Pool) available(ctx context.Context, uuid string, failure error) (*baremetal.Volume, error) {
	ctx, cancel := settle(ctx)
	defer cancel()
	v, err := p.UpdateVolume(ctx, uuid, func(_ *store.Tx, v *baremetal.Volume) error {
		info, err := p.volumes.Stat(uuid)
		if err != nil {
			v.Status, v.Message = baremetal.VolumeError, err.Error()
			return nil
		}
		v.Status, v.Size, v.Message = baremetal.VolumeAvailable, info.Size, ""
		if failure != nil {
			v.Message = failure.Error()
		}
		return nil
	})
	if failure != nil {
		if err != nil {
			p.log.Error("write down how a change of a volume has ended", "volume", uuid, "error", err)
		}
		return nil, told(failure)
	}
	return v, err
}

// DeleteVolume removes a volume, with its snapshots if cascade is true.
func (p *Pool) DeleteVolume(ctx context.Context, uuid string, cascade bool) error {
	if err := p.snapshotsGone(ctx, uuid, cascade); err != nil {
		return err
	}
	if _, err := p.claim(ctx, uuid, baremetal.VolumeDeleting, baremetal.VolumeAvailable, baremetal.VolumeError, baremetal.VolumeDeleting); err != nil {
		return err
	}
	ctx, cancel := settle(ctx)
	defer cancel()
	if err := gone(p.volumes.Delete(uuid)); err != nil {
		_, err = p.available(ctx, uuid, err)
		return err
	}
	defer p.Tidy()
	return p.store.Update(ctx, func(tx *store.Tx) error { return tx.Volumes().Delete(uuid) })
}

// snapshotsGone refuses to go on with a volume that has snapshots, or deletes them.
func (p *Pool) snapshotsGone(ctx context.Context, uuid string, cascade bool) error {
	v, uses, err := p.Volume(ctx, uuid)
	if err != nil {
		return err
	}
	var list []*baremetal.Snapshot
	err = p.store.View(ctx, func(tx *store.Tx) error {
		list, err = tx.Snapshots().List(store.Where("volume_uuid", uuid))
		return err
	})
	if err != nil || len(list) == 0 {
		return err
	}
	if !cascade || len(uses) > 0 {
		return baremetal.Errorf(baremetal.ErrConflict, "Volume %s has %d snapshots; delete them first, or with it (cascade) when nobody uses it.", label(v.Name, uuid), len(list))
	}
	for _, s := range list {
		if err := p.DeleteSnapshot(ctx, s.UUID); err != nil {
			return err
		}
	}
	return nil
}

// Extend makes a volume larger, in use or not.
func (p *Pool) Extend(ctx context.Context, uuid string, size int64) error {
	v, _, err := p.Volume(ctx, uuid)
	if err != nil {
		return err
	}
	switch {
	case !slices.Contains(settled, v.Status):
		return baremetal.Errorf(baremetal.ErrConflict, "Volume %s is %s; it must be available to be extended.", label(v.Name, uuid), v.Status)
	case size <= v.Size:
		return baremetal.Errorf(baremetal.ErrInvalid, "New size for extend must be greater than current size. (current: %d, extended: %d).", GiB(v.Size), GiB(size))
	}
	if err := p.volumes.Resize(uuid, size); err != nil {
		return told(err)
	}
	ctx, cancel := settle(ctx)
	defer cancel()
	_, err = p.UpdateVolume(ctx, uuid, func(_ *store.Tx, v *baremetal.Volume) error {
		v.Size = max(v.Size, size)
		return nil
	})
	return err
}

// Reimage makes a volume what an image is: the one it was made from, which is to
// reset it, or another, for which it must have no snapshots.
func (p *Pool) Reimage(ctx context.Context, uuid, image string) error {
	i, err := p.Image(ctx, image)
	if err != nil {
		return err
	}
	v, err := p.claim(ctx, uuid, baremetal.VolumeDownloading, baremetal.VolumeAvailable, baremetal.VolumeError)
	if err != nil {
		return err
	}
	ctx, cancel := settle(ctx)
	defer cancel()
	if err := p.reimage(ctx, v, i); err != nil {
		_, err = p.available(ctx, uuid, err)
		return err
	}
	defer p.Tidy()
	_, err = p.available(ctx, uuid, nil)
	return err
}

func (p *Pool) reimage(ctx context.Context, v *baremetal.Volume, i *baremetal.Image) error {
	if v.ImageUUID == i.UUID {
		return p.volumes.Reset(v.UUID)
	}
	if i.Status != baremetal.ImageActive || i.VirtualSize > v.Size {
		return baremetal.Errorf(baremetal.ErrInvalid, "Image %s must be active and no larger than volume %s to be put on it.", i.UUID, v.UUID)
	}
	// The store says what it shall be before it is: Recover goes on from there.
	old := *v
	_, err := p.UpdateVolume(ctx, v.UUID, func(_ *store.Tx, v *baremetal.Volume) error {
		v.ImageUUID, v.SnapshotUUID, v.SourceUUID = i.UUID, "", ""
		v.Bootable, v.ImageMetadata = true, imageMetadata(i)
		return nil
	})
	if err != nil {
		return err
	}
	if err := gone(p.volumes.Delete(v.UUID)); err != nil {
		_, undo := p.UpdateVolume(ctx, v.UUID, func(_ *store.Tx, v *baremetal.Volume) error {
			v.ImageUUID, v.SnapshotUUID, v.SourceUUID = old.ImageUUID, old.SnapshotUUID, old.SourceUUID
			v.Bootable, v.ImageMetadata = old.Bootable, old.ImageMetadata
			return nil
		})
		return errors.Join(err, undo)
	}
	return p.volumes.Clone(i.UUID, v.UUID, v.Size)
}

// Revert makes a volume what it was when one of its snapshots was taken.
func (p *Pool) Revert(ctx context.Context, uuid, snapshot string) error {
	if _, err := p.Snapshot(ctx, snapshot); err != nil {
		return err
	}
	if _, err := p.claim(ctx, uuid, baremetal.VolumeReverting, baremetal.VolumeAvailable, baremetal.VolumeError); err != nil {
		return err
	}
	_, err := p.available(ctx, uuid, p.volumes.Revert(uuid, snapshot))
	p.Tidy()
	return err
}

// Promotion says what an image made of a volume shall be like.
type Promotion struct {
	Name       string
	Visibility string
	Protected  bool
	Force      bool // though the volume is in use
}

// Promote makes an image of what a volume is now. It returns the image at once; it
// becomes active when its bytes are there.
func (p *Pool) Promote(ctx context.Context, uuid string, how Promotion) (*baremetal.Image, error) {
	i := newPromoted(how)
	work, t, leave, err := p.enter(p.ctx, i.UUID)
	if err != nil {
		return nil, err
	}
	err = p.store.Update(ctx, func(tx *store.Tx) error { return beginPromotion(tx, uuid, i, how.Force) })
	if err != nil {
		leave()
		return nil, err
	}
	copied := *i
	go func() {
		defer leave()
		p.promote(work, uuid, i, t)
	}()
	return &copied, nil
}

func newPromoted(how Promotion) *baremetal.Image {
	return &baremetal.Image{UUID: uuid.NewString(), Name: how.Name, Status: baremetal.ImageSaving, DiskFormat: string(volume.Raw),
		ContainerFormat: "bare", Visibility: how.Visibility, Protected: how.Protected}
}

func beginPromotion(tx *store.Tx, uuid string, i *baremetal.Image, force bool) error {
	v, err := tx.Volumes().Get(uuid)
	if err != nil {
		return err
	}
	uses, err := Users(tx, uuid)
	if err != nil {
		return err
	}
	switch {
	case v.Status != baremetal.VolumeAvailable:
		return baremetal.Errorf(baremetal.ErrConflict, "Volume %s is %s; it must be available to make an image of it.", label(v.Name, uuid), v.Status)
	case len(uses) > 0 && !force:
		return baremetal.Errorf(baremetal.ErrConflict, "Volume %s is in use by %s; its image would be what a power cut leaves. Detach it, or use force.", label(v.Name, uuid), who(uses))
	}
	i.MinDisk = GiB(v.Size)
	v.Status = baremetal.VolumeUploading
	if err := tx.Volumes().Update(v); err != nil {
		return err
	}
	return insertImage(tx, i)
}

// promote is the task of Promote.
func (p *Pool) promote(ctx context.Context, uuid string, i *baremetal.Image, t *task) {
	free, err := p.slot(ctx)
	if err == nil {
		defer free()
		err = p.volumes.Promote(ctx, uuid, i.UUID, t.tell)
	}
	if err == nil {
		_, err = p.sum(ctx, i)
	}
	if err := p.finishImage(ctx, i, err); err != nil {
		p.log.Error("make an image of a volume", "volume", uuid, "image", i.UUID, "error", err)
	}
	if _, err := p.available(ctx, uuid, nil); err != nil {
		p.log.Error("end the promotion of a volume", "volume", uuid, "error", err)
	}
	p.Tidy()
}
