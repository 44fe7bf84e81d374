package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// open opens the source and returns its length in bytes, 0 if that is not known.
func (r Request) open(ctx context.Context) (io.ReadCloser, int64, error) {
	switch {
	case r.Reader != nil && r.URL == "" && r.Path == "":
		return io.NopCloser(r.Reader), r.Length, nil
	case r.Path != "" && r.Reader == nil && r.URL == "":
		return openFile(r.Path)
	case r.URL != "" && r.Reader == nil && r.Path == "":
		d, err := newDownload(ctx, r.URL, r.Client)
		if err != nil {
			return nil, 0, err
		}
		return d, max(0, d.total()), nil
	}
	return nil, 0, fmt.Errorf("say where the image is by one of URL, path and stream: %w", ErrSource)
}

func openFile(path string) (io.ReadCloser, int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, fmt.Errorf("%w: %w", ErrSource, err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	if info.IsDir() {
		return nil, 0, errors.Join(fmt.Errorf("%w: %s is a directory", ErrSource, path), f.Close())
	}
	return f, info.Size(), nil
}
