package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"

	"ironhook/volume"
)

// decoder writes the disk contained in a file of length bytes.
type decoder func(ctx context.Context, b *volume.Builder, f *os.File, length, most int64) error

// spooled runs a decoder that needs random access on a temporary copy of the stream. No file
// of these formats is much larger than its image may be.
func spooled(decode decoder) func(context.Context, *volume.Builder, io.Reader, int64) error {
	return func(ctx context.Context, b *volume.Builder, r io.Reader, most int64) error {
		f, err := b.Temp()
		if err != nil {
			return err
		}
		length, err := spool(b, f, &atMost{r, most + most/64 + 64<<20})
		if err == nil {
			err = decode(ctx, b, f, length, most)
		}
		return errors.Join(err, f.Close())
	}
}

// spool copies r to an unnamed file, and fails when space runs out.
func spool(b *volume.Builder, f *os.File, r io.Reader) (length int64, err error) {
	buf := make([]byte, 1<<20)
	for {
		n, err := r.Read(buf)
		if n > 0 {
			if err := b.Room(int64(n)); err != nil {
				return length, err
			}
			if _, err := f.WriteAt(buf[:n], length); err != nil {
				return length, err
			}
			length += int64(n)
		}
		if err == io.EOF {
			return length, nil
		}
		if err != nil {
			return length, fmt.Errorf("read the image: %w", err)
		}
	}
}

// copyFile writes a raw file of size bytes, and skips its holes.
func copyFile(ctx context.Context, b *volume.Builder, f *os.File, size int64) error {
	b.Resize(size)
	buf := make([]byte, 1<<20)
	for off := int64(0); off < size; {
		if err := ctx.Err(); err != nil {
			return err
		}
		data, err := unix.Seek(int(f.Fd()), off, unix.SEEK_DATA)
		if errors.Is(err, unix.ENXIO) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("look for holes: %w", err)
		}
		off = data / int64(len(buf)) * int64(len(buf))
		n, err := f.ReadAt(buf[:min(int64(len(buf)), size-off)], off)
		if err != nil && err != io.EOF {
			return err
		}
		if _, err := b.WriteAt(buf[:n], off); err != nil {
			return err
		}
		off += int64(len(buf))
	}
	return nil
}
