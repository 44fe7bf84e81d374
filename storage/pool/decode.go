package pool

import (
	"context"

	"ironhook/baremetal"
	"ironhook/volume/image"
)

// Formats are the disk formats that an image may arrive in, plain or compressed.
var Formats = []string{string(image.Raw), string(image.Qcow2), string(image.VMDK), string(image.VHD), string(image.VHDX), string(image.VDI)}

// build writes the bytes of an image as r says. What it says of the image afterwards is true
// of the file as it arrived: format, size and checksums.
func (p *Pool) build(ctx context.Context, i *baremetal.Image, r image.Request, t *task) error {
	r.Format, r.Tell, r.Keep = image.Format(i.DiskFormat), t.setProgress, true
	r.Again = func(why error) { p.beginAgain(ctx, i, why) }
	made, err := image.Import(ctx, p.volumes, i.UUID, r)
	if err != nil {
		return withKind(err)
	}
	if i.Message = made.Hint; made.Hint != "" {
		p.log.Warn("an image is not what machines can boot from", "image", i.UUID, "name", i.Name, "reason", made.Hint)
	}
	i.DiskFormat, i.Size, i.VirtualSize = string(made.Format), made.Length, made.Size
	i.Checksum, i.HashValue = made.MD5, made.SHA512
	return nil
}
