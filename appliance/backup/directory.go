package backup

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// directory is a shelf in a file system, by its path.
type directory string

// partSuffix ends the name of a backup that is being written.
const partSuffix = ".part"

func (d directory) Where(name string) string { return filepath.Join(string(d), name) }

func (d directory) List(context.Context) (names []string, err error) {
	files, err := os.ReadDir(string(d))
	for _, f := range files {
		names = append(names, f.Name())
	}
	return names, err
}

func (d directory) Open(_ context.Context, name string) (io.ReadCloser, error) {
	return os.Open(d.Where(name))
}

// Save makes a file that only its owner can read.
func (d directory) Save(_ context.Context, name string, write func(io.Writer) error) (err error) {
	path := d.Where(name)
	f, err := os.OpenFile(path+partSuffix, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	if err := errors.Join(f.Chmod(0o600), write(f), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncPath(string(d))
}

func (d directory) Remove(_ context.Context, name string) error {
	return errors.Join(os.Remove(d.Where(name)), syncPath(string(d)))
}

func (d directory) Sweep(_ context.Context, before time.Time) error {
	files, err := os.ReadDir(string(d))
	for _, f := range files {
		whole, part := strings.CutSuffix(f.Name(), partSuffix)
		if n, ok := ParseName(whole); part && ok && n.At.Before(before) {
			err = errors.Join(err, os.Remove(d.Where(f.Name())))
		}
	}
	return err
}
