package pool

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"ironhook/baremetal"
	"ironhook/store"
	"ironhook/volume"
)

// Recover finishes or undoes the changes that were under way when the program ended.
// Nothing else may use the pool meanwhile.
func (p *Pool) Recover(ctx context.Context) error {
	for _, recover := range []func(context.Context) error{p.recoverImages, p.recoverSnapshots, p.recoverVolumes} {
		if err := recover(ctx); err != nil {
			return fmt.Errorf("recover the storage pool: %w", err)
		}
	}
	return nil
}

// withStatus selects the rows that have one of the statuses.
func withStatus[S ~string](statuses ...S) store.Query {
	values := make([]string, len(statuses))
	for i, s := range statuses {
		values[i] = string(s)
	}
	return store.Query{Filters: []store.Filter{{Column: "status", Match: store.In, Value: values}}}
}

// remove deletes bytes, if there are any. kept is true if other volumes depend on them:
// then the interrupted deletion would have been refused.
func (p *Pool) remove(id string) (kept bool, err error) {
	err = ignoreMissing(p.volumes.Delete(id))
	if errors.Is(err, volume.ErrDependants) {
		return true, nil
	}
	return false, err
}

// recoverImages marks images as killed whose bytes were incomplete.
func (p *Pool) recoverImages(ctx context.Context) error {
	return p.store.Update(ctx, func(tx *store.Tx) error {
		list, err := tx.Images().List(withStatus(baremetal.ImageSaving, baremetal.ImageImporting, baremetal.ImageStaged, baremetal.ImageDeleting))
		if err != nil {
			return err
		}
		for _, i := range list {
			if err := p.recoverImage(tx, i); err != nil {
				return err
			}
		}
		return nil
	})
}

func (p *Pool) recoverImage(tx *store.Tx, i *baremetal.Image) error {
	if i.Status == baremetal.ImageStaged && i.HashValue != "" {
		return nil // all of it is there
	}
	kept, err := p.remove(i.UUID)
	if err != nil {
		return err
	}
	deploys, err := ofDeployment(tx, i)
	switch {
	case err != nil:
		return err
	case kept:
		i.Status = baremetal.ImageActive
	case i.Status == baremetal.ImageDeleting, deploys: // which has failed, and fetches it anew when it is asked for again
		return tx.Images().Delete(i.UUID)
	default:
		p.log.Warn("image was not finished when the program ended", "image", i.UUID, "name", i.Name)
		i.Status, i.Message = baremetal.ImageKilled, "Ironhook ended before all of the data had arrived. Send them again, or delete the image."
	}
	return tx.Images().Update(i)
}

// ofDeployment reports whether a deployment imports the image.
func ofDeployment(tx *store.Tx, i *baremetal.Image) (bool, error) {
	imports, err := tx.Imports().List(store.Where("image_uuid", i.UUID))
	return len(imports) > 0, err
}

func (p *Pool) recoverSnapshots(ctx context.Context) error {
	return p.store.Update(ctx, func(tx *store.Tx) error {
		list, err := tx.Snapshots().List(withStatus(baremetal.VolumeCreating, baremetal.VolumeDeleting))
		if err != nil {
			return err
		}
		for _, s := range list {
			if err := p.recoverSnapshot(tx, s); err != nil {
				return err
			}
		}
		return nil
	})
}

func (p *Pool) recoverSnapshot(tx *store.Tx, s *baremetal.Snapshot) error {
	if s.Status == baremetal.VolumeDeleting {
		if err := ignoreMissing(p.volumes.Delete(s.UUID)); err != nil {
			return err
		}
	}
	if !p.there(s.UUID) {
		return tx.Snapshots().Delete(s.UUID)
	}
	s.Status = baremetal.VolumeAvailable
	return tx.Snapshots().Update(s)
}

// recoverVolumes decides by the bytes that exist: every change of them is atomic.
func (p *Pool) recoverVolumes(ctx context.Context) error {
	return p.store.Update(ctx, func(tx *store.Tx) error {
		list, err := tx.Volumes().List(withStatus(baremetal.VolumeCreating, baremetal.VolumeDeleting,
			baremetal.VolumeUploading, baremetal.VolumeDownloading, baremetal.VolumeReverting))
		if err != nil {
			return err
		}
		for _, v := range list {
			if err := p.recoverVolume(tx, v); err != nil {
				return err
			}
		}
		return nil
	})
}

func (p *Pool) recoverVolume(tx *store.Tx, v *baremetal.Volume) error {
	switch there := p.there(v.UUID); {
	case v.Status == baremetal.VolumeDeleting:
		if kept, err := p.remove(v.UUID); err != nil {
			return err
		} else if !kept {
			return forgetVolume(tx, v.UUID)
		}
	case v.Status == baremetal.VolumeCreating && !there:
		return tx.Volumes().Delete(v.UUID)
	case v.Status == baremetal.VolumeDownloading && !there:
		if err := p.volumes.Clone(v.ImageUUID, v.UUID, v.Size); err != nil {
			p.log.Error("finish the making of a volume from an image", "volume", v.UUID, "error", err)
		}
	}
	info, err := p.volumes.Stat(v.UUID)
	if err != nil {
		v.Status, v.Message = baremetal.VolumeError, err.Error()
		return tx.Volumes().Update(v)
	}
	v.Status, v.Size = baremetal.VolumeAvailable, info.Size
	return tx.Volumes().Update(v)
}

// there reports whether an id has bytes, even damaged ones.
func (p *Pool) there(id string) bool {
	_, err := p.volumes.Stat(id)
	return !errors.Is(err, fs.ErrNotExist)
}
