package pool

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/google/uuid"

	"ironhook/baremetal"
	"ironhook/store"
	"ironhook/volume"
	"ironhook/volume/image"
)

// CreateImage adds an image without bytes. It sets a UUID if there is none.
func (p *Pool) CreateImage(ctx context.Context, i *baremetal.Image) error {
	if i.UUID == "" {
		i.UUID = uuid.NewString()
	}
	i.Status = baremetal.ImageQueued
	return p.store.Update(ctx, func(tx *store.Tx) error { return insertImage(tx, i) })
}

func insertImage(tx *store.Tx, i *baremetal.Image) error {
	if err := count(tx.Images()); err != nil {
		return err
	}
	if err := keepImageNames(tx, i.Name); err != nil {
		return err
	}
	return tx.Images().Insert(i)
}

// keepImageNames is keepNames for images: those that have a name are no longer found by it
// when one more gets it, or when the one that has it loses it.
func keepImageNames(tx *store.Tx, names ...string) error {
	for _, name := range names {
		i, err := tx.FindImage(name)
		if i != nil || errors.Is(err, baremetal.ErrInvalid) {
			err = keepNames(tx, name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Image returns one by its UUID.
func (p *Pool) Image(ctx context.Context, uuid string) (i *baremetal.Image, err error) {
	err = p.store.View(ctx, func(tx *store.Tx) error {
		i, err = tx.Images().Get(uuid)
		return err
	})
	return i, err
}

// UpdateImage applies change to an image in one transaction.
func (p *Pool) UpdateImage(ctx context.Context, uuid string, change func(*baremetal.Image) error) (*baremetal.Image, error) {
	return p.updateImage(ctx, uuid, func(_ *store.Tx, i *baremetal.Image) error { return change(i) })
}

func (p *Pool) updateImage(ctx context.Context, uuid string, change func(*store.Tx, *baremetal.Image) error) (i *baremetal.Image,
	err error) {
	err = p.store.Update(ctx, func(tx *store.Tx) error {
		if i, err = tx.Images().Get(uuid); err != nil {
			return err
		}
		name := i.Name
		if err := change(tx, i); err != nil {
			return err
		}
		if i.Name != name {
			if err := keepImageNames(tx, name, i.Name); err != nil {
				return err
			}
		}
		return tx.Images().Update(i)
	})
	return i, err
}

// Upload gives an image the bytes that r yields, total of them if that is known (not
// 0), in the image's disk format or, if it has none, in the one that the bytes are of. They
// must have the checksum, sha256:HEX or sha512:HEX, unless that is empty. The image is
// active when it returns nil and killed when it fails, be it because the client went away.
func (p *Pool) Upload(ctx context.Context, uuid string, r io.Reader, total int64, checksum string) error {
	return p.receive(ctx, uuid, image.Request{Reader: r, Length: total, Checksum: checksum}, baremetal.ImageSaving, baremetal.ImageActive)
}

func (p *Pool) receive(ctx context.Context, uuid string, r image.Request, during, after baremetal.ImageStatus) error {
	if _, err := image.ParseChecksum(r.Checksum); err != nil {
		return withKind(err)
	}
	ctx, t, leave, err := p.enter(ctx, uuid)
	if err != nil {
		return err
	}
	defer leave()
	if pipe, ok := r.Reader.(*io.PipeReader); ok { // a wait for its other side would not end by itself
		defer context.AfterFunc(ctx, func() { pipe.CloseWithError(context.Cause(ctx)) })() //nolint:errcheck // never fails
	}
	i, err := p.admit(ctx, uuid, during)
	if err != nil {
		return err
	}
	err = p.build(ctx, i, r, t)
	i.Status = after
	return p.finishImage(ctx, i, err)
}

// admit changes the status of an image without bytes. One whose bytes did not arrive may
// try again.
func (p *Pool) admit(ctx context.Context, uuid string, to baremetal.ImageStatus) (*baremetal.Image, error) {
	return p.UpdateImage(ctx, uuid, func(i *baremetal.Image) error {
		if !i.Empty() {
			return baremetal.Errorf(baremetal.ErrConflict, "Image status transition from %s to %s is not allowed", i.Status, to)
		}
		i.Status, i.Message = to, ""
		return nil
	})
}

// settleTime bounds the writing of an outcome after the request has ended.
const settleTime = 30 * time.Second

// settle returns a context for recording an outcome, which outlives ctx.
func settle(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), settleTime)
}

// finishImage records the outcome of making an image, and returns failure. made has the
// status of success.
func (p *Pool) finishImage(ctx context.Context, made *baremetal.Image, failure error) error {
	ctx, cancel := settle(ctx)
	defer cancel()
	if failure != nil {
		if err := ignoreMissing(p.volumes.Delete(made.UUID)); err != nil {
			p.log.Error("remove what an image was to become", "image", made.UUID, "error", err)
		}
	}
	_, err := p.UpdateImage(ctx, made.UUID, func(i *baremetal.Image) error {
		if failure != nil {
			i.Status, i.Message = baremetal.ImageKilled, failure.Error()
			return nil
		}
		i.Status, i.DiskFormat, i.Message = made.Status, made.DiskFormat, made.Message
		i.Size, i.VirtualSize, i.Checksum, i.HashValue = made.Size, made.VirtualSize, made.Checksum, made.HashValue
		return nil
	})
	if err != nil {
		p.log.Error("write down how the making of an image has ended", "image", made.UUID, "error", err)
	}
	if failure != nil {
		return failure
	}
	return err
}

// Content opens the bytes of an active image as they were sent, Size of them: the original
// file, or where that is the disk itself, the disk. While it is open the image cannot be
// deleted, in the second case.
func (p *Pool) Content(i *baremetal.Image) (io.ReadSeekCloser, error) {
	original, err := p.volumes.Original(i.UUID)
	if !errors.Is(err, fs.ErrNotExist) {
		return original, err
	}
	disk, err := p.volumes.Open(i.UUID, true)
	if err != nil {
		return nil, fmt.Errorf("read image %s: %w", i.UUID, err)
	}
	return &volume.Original{SectionReader: io.NewSectionReader(disk, 0, i.Size), Closer: disk}, nil
}

// DeleteImage removes an image and cancels the task that makes it. The error is ErrConflict if
// volumes were made from it or a deployed node boots from it, and ErrForbidden if it is
// protected.
func (p *Pool) DeleteImage(ctx context.Context, uuid string) error {
	i, err := p.Image(ctx, uuid)
	if err != nil {
		return err
	}
	if i.Protected {
		return baremetal.Errorf(baremetal.ErrForbidden, "Image %s is protected and cannot be deleted.", uuid)
	}
	if err := p.idle(ctx, "Image", i.Name, uuid); err != nil {
		return err
	}
	if err := p.cancel(ctx, uuid); err != nil {
		return fmt.Errorf("delete image %s: wait until nobody writes it: %w", uuid, err)
	}
	var before baremetal.ImageStatus
	_, err = p.updateImage(ctx, uuid, func(tx *store.Tx, i *baremetal.Image) error {
		uses, err := Users(tx, uuid)
		if err != nil {
			return err
		}
		if len(uses) > 0 {
			return busy("Image "+label(i.Name, uuid), uses)
		}
		if i.Status == baremetal.ImageSaving || i.Status == baremetal.ImageImporting || i.Status == baremetal.ImageStaged && i.HashValue == "" {
			return baremetal.Errorf(baremetal.ErrConflict, "Image %s could not be deleted because data of it is being written.", uuid)
		}
		before, i.Status = i.Status, baremetal.ImageDeleting
		return nil
	})
	if err != nil {
		return err
	}
	ctx, cancel := settle(ctx)
	defer cancel()
	if err := ignoreMissing(p.volumes.Delete(uuid)); err != nil {
		_, undo := p.UpdateImage(ctx, uuid, func(i *baremetal.Image) error {
			i.Status = before
			return nil
		})
		if undo != nil {
			p.log.Error("keep an image that cannot be deleted", "image", uuid, "error", undo)
		}
		return baremetal.Errorf(baremetal.ErrConflict, "Image %s could not be deleted because it is in use: %s.", uuid, p.inUse(ctx, uuid, err))
	}
	defer p.Tidy()
	return p.store.Update(ctx, func(tx *store.Tx) error { return tx.Images().Delete(uuid) })
}

// inUse lists the volumes that were made from an image.
func (p *Pool) inUse(ctx context.Context, uuid string, why error) string {
	text := why.Error()
	_ = p.store.View(ctx, func(tx *store.Tx) error { // without the list the text still says why
		list, err := tx.Volumes().List(store.Where("image_uuid", uuid))
		if err == nil && len(list) > 0 {
			text = fmt.Sprintf("%d volumes were made from it, such as %s; delete them first", len(list), label(list[0].Name, list[0].UUID))
		}
		return err
	})
	return text
}
