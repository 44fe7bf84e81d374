package pool

import (
	"context"

	"ironhook/baremetal"
	"ironhook/volume"
	"ironhook/volume/image"
)

// Formats are the disk formats that an image may arrive in, plain or compressed.
var Formats = []string{string(image.Raw), string(image.Qcow2), string(image.VMDK), string(image.VHD), string(image.VHDX), string(image.VDI)}

// build writes the bytes of an image as r says, and computes its checksums.
func (p *Pool) build(ctx context.Context, i *baremetal.Image, r image.Request, t *task) error {
	r.Format, r.Tell = image.Format(i.DiskFormat), t.setProgress
	r.Again = func(why error) { p.beginAgain(ctx, i, why) }
	made, err := image.Import(ctx, p.volumes, i.UUID, r)
	if err != nil {
		return withKind(err)
	}
	if i.Message = made.Hint; made.Hint != "" {
		p.log.Warn("an image is not what machines can boot from", "image", i.UUID, "name", i.Name, "reason", made.Hint)
	}
	if short := made.Size - made.Length; made.Format == image.Raw && short > 0 && short < volume.BlockSize {
		// The last block was padded with zeros, unless this happens to be the length of
		// compressed data.
		i.Size = made.Length
		if file, err := p.sum(ctx, i); err != nil || file == made.SHA256 {
			return err
		}
	}
	i.Size = made.Size
	_, err = p.sum(ctx, i)
	return err
}
