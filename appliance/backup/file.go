package backup

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// NameAt is the name of a backup in a directory of backups, which sorts by time.
func NameAt(t time.Time, encrypted bool) string {
	name := "ironhook-" + t.UTC().Format("20060102T150405Z") + ".backup"
	if encrypted {
		name += ".age"
	}
	return name
}

// partSuffix ends the name of a backup that is being written.
const partSuffix = ".part"

// Save makes the file path of what write writes, encrypted with the passphrase, or not where
// it is empty. The file is there whole or not at all, readable by its owner only, and on
// stable storage.
func Save(path, passphrase string, write func(io.Writer) error) (err error) {
	f, err := os.OpenFile(path+partSuffix, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	if err := errors.Join(f.Chmod(0o600), fill(f, passphrase, write), f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncPath(filepath.Dir(path))
}

func fill(w io.Writer, passphrase string, write func(io.Writer) error) error {
	out, err := Encrypt(w, passphrase)
	if err != nil {
		return err
	}
	if err := write(out); err != nil {
		return err
	}
	return out.Close()
}
