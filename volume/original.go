package volume

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// originalsDir has the files that images were made of, by id, where they are not the disk
// byte for byte: a client that downloads an image gets what was sent, with its checksum.
const originalsDir = "originals"

func originalPath(id string) string { return originalsDir + "/" + id }

// Keep returns a writer for the file that the image is made of. It becomes the original of
// the image when Build succeeds. Call it once at most.
func (b *Builder) Keep() (io.Writer, error) {
	err := b.dir.withLock(func() (err error) {
		b.original, err = b.dir.begin(originalsDir)
		return err
	})
	return &appender{b: b}, err
}

// appender writes the original from its beginning to its end.
type appender struct {
	b   *Builder
	end int64
}

func (a *appender) Write(p []byte) (int, error) {
	if err := a.b.Room(int64(len(p))); err != nil {
		return 0, err
	}
	n, err := a.b.original.file.WriteAt(p, a.end)
	a.end += int64(n)
	return n, err
}

// linkOriginal gives the original its name, durably, before there is an image that has it.
func (b *Builder) linkOriginal(id string) error {
	if b.original == nil {
		return nil
	}
	err := b.dir.fs.Remove(originalPath(id)) // of an image that a power cut has taken back
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := b.dir.fs.Link(b.original.path, originalPath(id)); err != nil {
		return err
	}
	return b.dir.fs.SyncDir(originalsDir)
}

// Original is the file that an image was made of.
type Original struct {
	*io.SectionReader
	io.Closer
}

// Original opens the file that an image was made of. The error is fs.ErrNotExist if that is
// the disk itself, or if the image was not made of a file.
func (d *Dir) Original(id string) (*Original, error) {
	if err := CheckName(id); err != nil {
		return nil, err
	}
	f, err := d.fs.Open(originalPath(id), false)
	if err != nil {
		return nil, fmt.Errorf("open the original of %s: %w", id, err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &Original{io.NewSectionReader(f, 0, info.Size), f}, nil
}

// strayOriginals lists the originals whose images are not there.
func (d *Dir) strayOriginals(c *catalog) (paths []string, err error) {
	names, err := d.fs.Names(originalsDir)
	for _, id := range names {
		if c.manifests[id] == nil {
			paths = append(paths, originalPath(id))
		}
	}
	return paths, err
}
