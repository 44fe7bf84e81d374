package volume

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// Create makes an empty volume of size bytes. It takes up no space until it is
// written to. The error is fs.ErrExist if the id is taken.
func (d *Dir) Create(id string, size int64) error {
	if err := checkSize(size); err != nil {
		return fmt.Errorf("create volume %.64q of %d bytes: %w", id, size, err)
	}
	err := d.withLock(func() error {
		if err := d.checkFree(id); err != nil {
			return err
		}
		g, err := d.begin(".")
		if err != nil {
			return err
		}
		return g.end(func() error {
			if err := errors.Join(g.file.Truncate(size), g.file.Sync()); err != nil {
				return err
			}
			if err := d.fs.Link(g.path, id+rawSuffix); err != nil {
				return err
			}
			return d.fs.SyncDir(".")
		}())
	})
	if err != nil {
		return fmt.Errorf("create volume %s: %w", id, err)
	}
	return nil
}

// tempFile is a file under a temporary name. It is locked, so that sweep leaves it alone.
type tempFile struct {
	dir  *Dir
	path string
	file file
}

// begin creates a temporary file. The caller holds the lock of the directory.
func (d *Dir) begin(dir string) (*tempFile, error) {
	g := &tempFile{dir: d, path: dir + "/" + growing + newName()}
	var err error
	if g.file, err = d.fs.Create(g.path); err != nil {
		return nil, err
	}
	if err := lock(g.file, exclusive); err != nil {
		return nil, g.end(err)
	}
	return g, nil
}

// end removes the temporary name. A file that is kept has its final name by now.
func (g *tempFile) end(err error) error {
	return errors.Join(err, g.dir.fs.Remove(g.path), g.file.Close())
}

// Builder is an image that is being written. Its methods are not safe for concurrent use.
type Builder struct {
	dir  *Dir
	file file
	size int64
	sums sums
	// original is the file that the image is made of, nil for none. See Keep.
	original *tempFile
}

// Build makes an image of the data that fill writes. When Build returns nil the image is on
// stable storage; after an error there is no trace of it. If the id is taken, the error is
// fs.ErrExist.
func (d *Dir) Build(id string, fill func(*Builder) error) error {
	var g *tempFile
	err := d.withLock(func() (err error) {
		if err = d.checkFree(id); err == nil { // fail before a long import, not after it
			g, err = d.begin(layersDir)
		}
		return err
	})
	if err == nil {
		err = g.end(d.build(id, g, fill))
	}
	if err != nil {
		return fmt.Errorf("create image %.64s: %w", id, err)
	}
	return nil
}

func (d *Dir) build(id string, g *tempFile, fill func(*Builder) error) (err error) {
	b := &Builder{dir: d, file: g.file}
	defer func() {
		if b.original != nil {
			err = b.original.end(err)
		}
	}()
	if err := fill(b); err != nil {
		return err
	}
	if err := checkSize(b.size); err != nil {
		return fmt.Errorf("%d bytes: %w", b.size, err)
	}
	if err := b.file.Truncate(b.size); err != nil {
		return err
	}
	if err := b.sums.finish(b.file); err != nil {
		return err
	}
	if err := b.file.Sync(); err != nil {
		return err
	}
	if b.original != nil {
		if err := b.original.file.Sync(); err != nil {
			return err
		}
	}
	return d.withLock(func() error { return d.name(id, g.path, b) })
}

// name publishes a finished layer as an image.
func (d *Dir) name(id, temp string, b *Builder) error {
	if err := d.checkFree(id); err != nil {
		return err
	}
	if err := b.linkOriginal(id); err != nil {
		return err
	}
	layer := newName() + rawSuffix
	if err := b.sums.save(d.fs, layer); err != nil {
		return err
	}
	if err := d.fs.Link(temp, layerPath(layer)); err != nil {
		return errors.Join(err, d.fs.Remove(sumsPath(layer)))
	}
	err := d.publish(&manifest{Version: version, Kind: KindImage, Size: b.size,
		Layers: []string{layer}, Created: time.Now().UTC(), id: id})
	if err != nil && !errors.As(err, new(fatal)) {
		err = errors.Join(err, d.discard([]string{layer}), d.removeAll([]string{originalPath(id)}))
	}
	return err
}

// Resize sets the size of the image in bytes, rounded up to a whole block. Parts never
// written read as zeros.
func (b *Builder) Resize(size int64) {
	b.size = (size + BlockSize - 1) / BlockSize * BlockSize
}

// Size is the size of the image so far, in bytes.
func (b *Builder) Size() int64 { return b.size }

// WriteAt writes a piece of the image, which grows if need be. Blocks of zeros become
// holes: no byte may be written twice.
func (b *Builder) WriteAt(p []byte, off int64) (n int, err error) {
	if off < 0 || off > maxSize-int64(len(p)) {
		return 0, fmt.Errorf("%d bytes at %d: %w", len(p), off, ErrSize)
	}
	for n < len(p) {
		at := off + int64(n)
		piece := p[n:min(len(p), n+int(clusterSize-at%clusterSize))]
		if !isZero(piece) {
			if err := b.dir.room.take(need(at, int64(len(piece)))); err != nil {
				return n, err
			}
			if _, err := b.file.WriteAt(piece, at); err != nil {
				return n, err
			}
			b.sums.add(piece, at)
		}
		n += len(piece)
	}
	b.Resize(max(b.size, off+int64(len(p))))
	return n, nil
}

// ReadAt reads what has been written; the rest reads as zeros.
func (b *Builder) ReadAt(p []byte, off int64) (int, error) {
	if err := readFull(b.file, p, off); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Temp creates an unnamed file on the file system of the volumes, for the source of an
// image. It disappears when it is closed, also by a crash.
func (b *Builder) Temp() (*os.File, error) {
	f, err := os.CreateTemp(b.dir.path, growing+"*")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil && !errors.Is(err, fs.ErrNotExist) { // it may have been swept
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Room returns ENOSPC if n more bytes would leave less free space than is reserved.
func (b *Builder) Room(n int64) error { return b.dir.room.take(n) }

// Import makes an image of a raw stream and returns its size in bytes. Blocks of zeros take
// up no space, and an image that ends within a block is padded with zeros. If r fails or
// ctx ends, nothing is left behind. Package image reads other formats.
func (d *Dir) Import(ctx context.Context, id string, r io.Reader) (size int64, err error) {
	err = d.Build(id, func(b *Builder) error {
		if err := b.ReadFrom(ctx, r); err != nil {
			return err
		}
		size = b.size
		return nil
	})
	return size, err
}

// ReadFrom writes the image from its beginning with the data of r.
func (b *Builder) ReadFrom(ctx context.Context, r io.Reader) error {
	buf := make([]byte, 16*clusterSize)
	for off, end := int64(0), false; !end; {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := 0, error(nil)
		if n, end, err = fill(r, buf); err != nil {
			return fmt.Errorf("read the image: %w", err)
		}
		if _, err := b.WriteAt(buf[:n], off); err != nil {
			return err
		}
		off += int64(n)
	}
	return nil
}

// fill reads until buf is full or r ends. Only io.EOF is an end: a truncated download or
// archive returns io.ErrUnexpectedEOF, which io.ReadFull also returns for a short last
// piece.
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
