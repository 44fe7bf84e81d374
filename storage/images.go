package storage

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"

	"ironhook/baremetal"
	"ironhook/boot"
	"ironhook/storage/pool"
	"ironhook/store"
	"ironhook/volume"
)

// Images are the images that agents write to disks of machines.
type Images struct {
	Store   *store.Store
	Pool    *pool.Pool
	Volumes *volume.Dir
}

// Fetch makes the image that the node's image_source names available, and returns it with the
// checksum of its disk, raw as an agent gets it.
func (i Images) Fetch(ctx context.Context, n *baremetal.Node) (image *baremetal.Image, sum string, err error) {
	source, refusal := boot.Source(n)
	if refusal != nil {
		return nil, "", refusal.Err()
	}
	if source.URL != "" {
		image, err = i.Pool.ImportSource(ctx, source, func(volume.Progress) {})
	} else {
		err = i.Store.View(ctx, func(tx *store.Tx) error {
			image, err = tx.SourceImage(source)
			return err
		})
	}
	switch {
	case err != nil:
		return nil, "", err
	case image == nil || image.Status != baremetal.ImageActive:
		return nil, "", baremetal.Errorf(baremetal.ErrInvalid,
			"instance_info.image_source of %s names no active image; set it to a name from: openstack image list", n.Label())
	}
	disk, err := i.Open(image.UUID)
	if err != nil {
		return nil, "", err
	}
	defer disk.Close() //nolint:errcheck // only read
	h := sha256.New()
	if _, err := io.Copy(h, reading{ctx, disk}); err != nil {
		return nil, "", fmt.Errorf("checksum of image %s: %w", image.UUID, err)
	}
	return image, hex.EncodeToString(h.Sum(nil)), nil
}

// reading ends with its context.
type reading struct {
	ctx context.Context
	io.Reader
}

func (r reading) Read(b []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(b)
}

// Open opens the disk in an image. While it is open the image cannot be deleted.
func (i Images) Open(uuid string) (io.ReadSeekCloser, error) {
	disk, err := i.Volumes.Open(uuid, true)
	if err != nil {
		return nil, err
	}
	return &volume.Original{SectionReader: io.NewSectionReader(disk, 0, disk.Size()), Closer: disk}, nil
}
