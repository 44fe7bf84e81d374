package pool

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"ironhook/baremetal"
	"ironhook/store"
)

// NewVolume describes a volume to create. At most one of Image, Snapshot and Source may be
// set.
type NewVolume struct {
	Name, Description string
	Size              int64  // bytes; 0 is the size of its source
	Image             string // UUID of the image to clone
	Snapshot          string
	Source            string // UUID of the volume to clone
	Node              string // UUID of the node whose deployment makes it
	Metadata          map[string]string
}

// CreateVolume makes a volume. It is available when CreateVolume returns, and there is no
// trace of it after an error.
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
		if err := keepNames(tx, v.Name); err != nil {
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
		return nil, withKind(err)
	}
	return p.available(ctx, v.UUID, nil)
}

// gib is the unit of the Block Storage API.
const gib = 1 << 30

// GiB rounds bytes up to the unit of the Block Storage API.
func GiB(bytes int64) int64 { return (bytes + gib - 1) / gib }

// origin fills in what a volume inherits, and returns the id of the bytes to clone; "" for
// an empty volume. The messages are Cinder's.
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
		return "", baremetal.Errorf(baremetal.ErrInvalid, "Size of specified %s %dGB is larger than volume size %dGB.", what, GiB(least),
			GiB(v.Size))
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
		return 0, baremetal.Errorf(baremetal.ErrInvalid, "Volume size %dGB cannot be smaller than the image minDisk size %dGB.", GiB(v.Size),
			i.MinDisk)
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
