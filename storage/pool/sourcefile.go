package pool

import (
	"context"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"ironhook/baremetal"
	"ironhook/volume/image"
)

// Get reads a small file that a user has named by its URL, of at most limit bytes, from where
// images may be fetched.
func (p *Pool) Get(ctx context.Context, url string, limit int64) ([]byte, error) {
	return image.Get(ctx, url, p.web, limit)
}

// CheckSource returns why an image cannot be imported from a source, as far as that is
// known without asking another machine: ErrInvalid.
func (p *Pool) CheckSource(s baremetal.ImageSource) error {
	if s.Format != "" && !slices.Contains(Formats, s.Format) {
		return baremetal.Errorf(baremetal.ErrInvalid, "image_disk_format %.20q is none of %s", s.Format, strings.Join(Formats, ", "))
	}
	path, isFile := filePath(s)
	if !isFile {
		return nil
	}
	f, _, err := p.openBelow(path)
	if err != nil {
		return err
	}
	return f.Close()
}

// filePath is the path of a file URL.
func filePath(s baremetal.ImageSource) (path string, isFile bool) {
	u, err := url.Parse(s.URL)
	if err != nil || !strings.EqualFold(u.Scheme, "file") {
		return "", false
	}
	return u.Path, true
}

// openSource is what package image shall read; done closes it.
func (p *Pool) openSource(s baremetal.ImageSource) (r image.Request, done func() error, err error) {
	path, isFile := filePath(s)
	if !isFile {
		return image.Request{URL: s.URL, Client: p.web}, func() error { return nil }, nil
	}
	f, size, err := p.openBelow(path)
	if err != nil {
		return r, nil, err
	}
	return image.Request{Reader: f, Length: size}, f.Close, nil
}

// openBelow opens a file below the directory of image files. The way there leads out of
// it neither by .. nor by a symbolic link: nothing else of this machine can be read by
// naming it as an image.
func (p *Pool) openBelow(path string) (f *os.File, size int64, err error) {
	if p.files == "" {
		return nil, 0, baremetal.Errorf(baremetal.ErrInvalid, "no directory is configured from which image files may be read")
	}
	below, err := filepath.Rel(p.files, filepath.Clean(path))
	if err != nil || !filepath.IsLocal(below) {
		return nil, 0, baremetal.Errorf(baremetal.ErrInvalid, "image files are read below %s only", p.files)
	}
	root, err := os.OpenRoot(p.files)
	if err != nil {
		return nil, 0, baremetal.Errorf(baremetal.ErrInvalid, "the directory of image files: %s", reason(err))
	}
	defer root.Close()
	info, err := root.Stat(below) // before it is opened, which waits for a writer if it is a pipe
	if err == nil && !info.Mode().IsRegular() {
		return nil, 0, baremetal.Errorf(baremetal.ErrInvalid, "%s is no file", path)
	}
	if err == nil {
		f, err = root.Open(below)
	}
	if err != nil {
		return nil, 0, baremetal.Errorf(baremetal.ErrInvalid, "%s: %s", path, reason(err))
	}
	return f, info.Size(), nil
}

// reason is what went wrong with a path, without the path.
func reason(err error) string {
	for {
		p, ok := err.(*fs.PathError)
		if !ok {
			return fmt.Sprint(err)
		}
		err = p.Err
	}
}
