package pool

import (
	"context"
	"io"

	"ironhook/baremetal"
	"ironhook/store"
	"ironhook/volume/image"
)

// Stage is Upload for an image that is to be active later, when Release is called. All of
// the work is done here, so that damage is the answer to the request that sends it.
func (p *Pool) Stage(ctx context.Context, uuid string, r io.Reader, total int64) error {
	return p.receive(ctx, uuid, image.Request{Reader: r, Length: total}, baremetal.ImageStaged, baremetal.ImageStaged)
}

// Release makes a staged image active.
func (p *Pool) Release(ctx context.Context, uuid string) error {
	_, err := p.UpdateImage(ctx, uuid, func(i *baremetal.Image) error {
		if i.Status != baremetal.ImageStaged || i.HashValue == "" {
			return baremetal.Errorf(baremetal.ErrConflict, "Image needs to be staged before 'glance-direct' method can be used")
		}
		i.Status = baremetal.ImageActive
		return nil
	})
	return err
}

// Unstage forgets what was staged, or ends its arrival.
func (p *Pool) Unstage(ctx context.Context, uuid string) error {
	if err := p.cancel(ctx, uuid); err != nil {
		return err
	}
	_, err := p.UpdateImage(ctx, uuid, func(i *baremetal.Image) error {
		if i.Status != baremetal.ImageStaged {
			return baremetal.Errorf(baremetal.ErrConflict, "Image %s has no staged data: it is %s.", uuid, i.Status)
		}
		i.Status, i.HashValue, i.Checksum, i.Size, i.VirtualSize = baremetal.ImageQueued, "", "", 0, 0
		return ignoreMissing(p.volumes.Delete(uuid))
	})
	return err
}

// Deactivate keeps the bytes of an image from being read: no volume is made from it and no
// node is deployed with it, until Reactivate. One that a node boots from is ErrConflict.
func (p *Pool) Deactivate(ctx context.Context, uuid string) error {
	return p.switchImage(ctx, uuid, "deactivate", baremetal.ImageActive, baremetal.ImageDeactivated)
}

// Reactivate makes a deactivated image active again.
func (p *Pool) Reactivate(ctx context.Context, uuid string) error {
	return p.switchImage(ctx, uuid, "reactivate", baremetal.ImageDeactivated, baremetal.ImageActive)
}

// switchImage changes the status from one to the other, and leaves the other as it is.
func (p *Pool) switchImage(ctx context.Context, uuid, verb string, from, to baremetal.ImageStatus) error {
	_, err := p.updateImage(ctx, uuid, func(tx *store.Tx, i *baremetal.Image) error {
		if i.Status != from && i.Status != to {
			return baremetal.Errorf(baremetal.ErrForbidden, "Not allowed to %s image in status '%s'", verb, i.Status)
		}
		uses, err := Users(tx, uuid)
		if err == nil && to == baremetal.ImageDeactivated && len(uses) > 0 {
			err = busy("Image "+label(i.Name, uuid), uses)
		}
		i.Status = to
		return err
	})
	return err
}
