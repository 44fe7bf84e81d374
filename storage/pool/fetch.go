package pool

import (
	"context"
	"net/url"

	"ironhook/baremetal"
	"ironhook/volume/image"
)

// Import gives an image the bytes that a URL (http or https) yields, in the image's
// disk format or, if it has none, in the one that the bytes are of. They must have the checksum, sha256:HEX or sha512:HEX, unless that is
// empty. It returns as soon as that has begun; the image becomes active or killed.
func (p *Pool) Import(ctx context.Context, uuid, from, checksum string) error {
	if err := checkURL(from); err != nil {
		return err
	}
	if _, err := image.ParseChecksum(checksum); err != nil {
		return withKind(err)
	}
	work, t, leave, err := p.enter(p.ctx, uuid)
	if err != nil {
		return err
	}
	i, err := p.admit(ctx, uuid, baremetal.ImageImporting)
	if err != nil {
		leave()
		return err
	}
	go func() {
		defer leave()
		p.fetch(work, i, image.Request{URL: from, Client: p.web, Checksum: checksum}, t)
	}()
	return nil
}

func checkURL(from string) error {
	u, err := url.Parse(from)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return baremetal.Errorf(baremetal.ErrInvalid, "Invalid URI: give one that begins with http:// or https://.")
	}
	return nil
}

// fetch is the task of Import.
func (p *Pool) fetch(ctx context.Context, i *baremetal.Image, from image.Request, t *task) {
	free, err := p.slot(ctx)
	if err == nil {
		defer free()
		err = p.build(ctx, i, from, t)
	}
	i.Status = baremetal.ImageActive
	if err := p.finishImage(ctx, i, err); err != nil {
		p.log.Error("import an image", "image", i.UUID, "name", i.Name, "error", err)
	}
}

// beginAgain says, while an image is imported, why its download begins again.
func (p *Pool) beginAgain(ctx context.Context, i *baremetal.Image, why error) {
	p.log.Warn("the download of an image begins again", "image", i.UUID, "name", i.Name, "error", why)
	_, err := p.UpdateImage(ctx, i.UUID, func(i *baremetal.Image) error {
		i.Message = "The download has begun again: " + why.Error() + "."
		return nil
	})
	if err != nil {
		p.log.Error("write down that a download begins again", "image", i.UUID, "error", err)
	}
}
