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

// Save makes a file that only its owner can read. Until it is whole it has a name that no other has: two may be written at once.
func (d directory) Save(_ context.Context, name string, write func(io.Writer) error) (err error) {
	path := d.Where(name)
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*"+partSuffix)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	if err := errors.Join(write(f), f.Sync(), f.Close()); err != nil {
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
		if n, ok := partOf(f.Name()); ok && n.At.Before(before) {
			err = errors.Join(err, os.Remove(d.Where(f.Name())))
		}
	}
	return err
}

// partOf is the name of the backup that a file is a part of: NAME.NUMBER.part, or NAME.part as earlier versions made it.
func partOf(file string) (n Name, ok bool) {
	whole, part := strings.CutSuffix(file, partSuffix)
	if n, ok = ParseName(whole); !ok {
		n, ok = ParseName(strings.TrimSuffix(whole, filepath.Ext(whole)))
	}
	return n, ok && part
}
