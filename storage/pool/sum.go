package pool

import (
	"context"
	"crypto/md5"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"io"

	"ironhook/baremetal"
	"ironhook/volume"
)

// HashAlgorithm is the algorithm of an image's HashValue, by its name in the Image API.
const HashAlgorithm = "sha512"

// sum fills in the sizes and checksums of an image that was made of a volume, from its
// bytes. The checksums are computed in parallel.
func (p *Pool) sum(ctx context.Context, i *baremetal.Image) error {
	info, err := p.volumes.Stat(i.UUID)
	if err != nil {
		return fmt.Errorf("checksums of image %s: %w", i.UUID, err)
	}
	i.VirtualSize, i.Size = info.Size, info.Size
	short, long := md5.New(), sha512.New() // MD5 guards against accidents only
	beside, done := aside(short)
	err = p.volumes.Export(ctx, i.UUID, volume.Raw, io.MultiWriter(beside, long), nil)
	close(beside)
	<-done
	if err != nil {
		return fmt.Errorf("checksums of image %s: %w", i.UUID, err)
	}
	i.Checksum, i.HashValue = hex.EncodeToString(short.Sum(nil)), hex.EncodeToString(long.Sum(nil))
	return nil
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
