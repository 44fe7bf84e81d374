package volume

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// Create makes an empty volume of size bytes. It takes up no space until it is
// written to. A taken name is fs.ErrExist.
func (d *Dir) Create(name string, size int64) error {
	if err := checkSize(size); err != nil {
		return fmt.Errorf("create volume %.64q of %d bytes: %w", name, size, err)
	}
	return d.grow(name, func(f *os.File) error { return f.Truncate(size) })
}

// Import makes a volume of a raw image and returns its size. Blocks of zeros take
// up no space, and an image that ends within a block is filled up with zeros. When
// r fails or ctx ends nothing is left behind.
func (d *Dir) Import(ctx context.Context, name string, r io.Reader) (size int64, err error) {
	err = d.grow(name, func(f *os.File) error {
		n, err := copySparse(ctx, f, r)
		if err != nil {
			return err
		}
		size = (n + BlockSize - 1) / BlockSize * BlockSize
		if err := checkSize(size); err != nil {
			return fmt.Errorf("the image is empty: %w", err)
		}
		return f.Truncate(size)
	})
	return size, err
}

// grow lets fill make the image of a volume and gives it its name when it is whole
// and on stable storage.
func (d *Dir) grow(name string, fill func(*os.File) error) (err error) {
	if err := CheckName(name); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("create volume %s: %w", name, err)
		}
	}()
	if _, err := d.root.Lstat(name + suffix); err == nil {
		return fs.ErrExist // so that nobody waits for a long import in vain; the link below decides
	}
	temp := growing + rand.Text()
	f, err := d.root.OpenFile(temp, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.root.Remove(temp), f.Close()) }()
	if err := lock(f); err != nil {
		return err
	}
	if err := fill(f); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	// Link, unlike Rename, refuses a name that is taken.
	if err := d.root.Link(temp, name+suffix); err != nil {
		return err
	}
	return d.sync()
}

// piece is how much is copied at a time, and the smallest hole.
const piece = 64 << 10

// copySparse copies r into an empty f, leaving holes for pieces of zeros, and
// returns the length of r.
func copySparse(ctx context.Context, f *os.File, r io.Reader) (length int64, err error) {
	buf, zeros := make([]byte, piece), make([]byte, piece)
	for end := false; !end; {
		if err := ctx.Err(); err != nil {
			return length, err
		}
		n := 0
		if n, end, err = fill(r, buf); err != nil {
			return length, fmt.Errorf("read the image: %w", err)
		}
		if !bytes.Equal(buf[:n], zeros[:n]) {
			if _, err := f.WriteAt(buf[:n], length); err != nil {
				return length, err
			}
		}
		length += int64(n)
	}
	return length, nil
}

// fill reads until buf is full or r ends. Only io.EOF is an end: a download or an
// archive that was cut off says io.ErrUnexpectedEOF, which io.ReadFull would not
// let us tell from a last piece that is short.
func fill(r io.Reader, buf []byte) (n int, end bool, err error) {
	for n < len(buf) {
		m, err := r.Read(buf[n:])
		n += m
		if err == io.EOF {
			return n, true, nil
		}
		if err != nil {
			return n, false, err
		}
	}
	return n, false, nil
}
