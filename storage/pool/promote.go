package pool

import (
	"context"

	"github.com/google/uuid"

	"ironhook/baremetal"
	"ironhook/store"
	"ironhook/volume"
)

// Promotion describes an image to make from a volume.
type Promotion struct {
	Name       string
	Comment    string // kept as the image's property description; "" for none
	Visibility string
	Protected  bool
	Force      bool // even if the volume is in use
}

// Promote makes an image from the present contents of a volume. It returns at once; the
// image becomes active when its bytes are complete.
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
	i := &baremetal.Image{UUID: uuid.NewString(), Name: how.Name, Status: baremetal.ImageSaving, DiskFormat: string(volume.Raw),
		ContainerFormat: "bare", Visibility: how.Visibility, Protected: how.Protected}
	if how.Comment != "" {
		i.Properties = map[string]string{baremetal.ImageComment: how.Comment}
	}
	return i
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
		return baremetal.Errorf(baremetal.ErrConflict, "Volume %s is %s; it must be available to make an image of it.", label(v.Name, uuid),
			v.Status)
	case len(live(uses)) > 0 && !force:
		return baremetal.Errorf(baremetal.ErrConflict,
			"Volume %s is in use by %s; its image would be what a power cut leaves. Detach it, or use force.", label(v.Name, uuid), listUsers(uses))
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
		err = p.volumes.Promote(ctx, uuid, i.UUID, t.setProgress)
	}
	if err == nil {
		err = p.sum(ctx, i)
	}
	i.Status = baremetal.ImageActive
	if err := p.finishImage(ctx, i, err); err != nil {
		p.log.Error("make an image of a volume", "volume", uuid, "image", i.UUID, "error", err)
	}
	if _, err := p.available(ctx, uuid, nil); err != nil {
		p.log.Error("end the promotion of a volume", "volume", uuid, "error", err)
	}
	p.Tidy()
}
