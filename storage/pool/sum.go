package pool

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"io"

	"ironhook/baremetal"
	"ironhook/volume"
)

// HashAlgorithm is the algorithm of an image's HashValue, by its name in the Image API.
const HashAlgorithm = "sha512"

// sum fills in the sizes and checksums of an image from its bytes. Size may be set already,
// for a raw image that does not end at a block boundary. It also returns the SHA-256. The
// checksums are computed in parallel.
func (p *Pool) sum(ctx context.Context, i *baremetal.Image) (file string, err error) {
	info, err := p.volumes.Stat(i.UUID)
	if err != nil {
		return "", fmt.Errorf("checksums of image %s: %w", i.UUID, err)
	}
	i.VirtualSize = info.Size
	if i.Size == 0 || i.Size > info.Size {
		i.Size = info.Size
	}
	short, long, of := md5.New(), sha512.New(), sha256.New() // MD5 guards against accidents only
	beside, done := aside(io.MultiWriter(short, of))
	err = p.volumes.Export(ctx, i.UUID, volume.Raw, &cut{io.MultiWriter(beside, long), i.Size}, nil)
	close(beside)
	<-done
	if err != nil {
		return "", fmt.Errorf("checksums of image %s: %w", i.UUID, err)
	}
	i.Checksum, i.HashValue = hex.EncodeToString(short.Sum(nil)), hex.EncodeToString(long.Sum(nil))
	return hex.EncodeToString(of.Sum(nil)), nil
}

// pieces is a writer that passes copies to another goroutine.
type pieces chan []byte

func (c pieces) Write(b []byte) (int, error) {
	c <- append([]byte(nil), b...)
	return len(b), nil
}

// aside starts a goroutine that writes to w until the channel is closed.
func aside(w io.Writer) (in pieces, done chan struct{}) {
	in, done = make(pieces, 4), make(chan struct{})
	go func() {
		defer close(done)
		for b := range in {
			_, _ = w.Write(b) // a hash does not fail
		}
	}()
	return in, done
}

// cut is a writer that drops everything after the first left bytes.
type cut struct {
	io.Writer
	left int64
}

func (c *cut) Write(b []byte) (int, error) {
	keep := b[:min(int64(len(b)), c.left)]
	c.left -= int64(len(keep))
	if len(keep) > 0 {
		if n, err := c.Writer.Write(keep); err != nil {
			return n, err
		}
	}
	return len(b), nil
}
