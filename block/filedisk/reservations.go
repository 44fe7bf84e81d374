package filedisk

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Reservations keeps persistent reservations in a file beside the image. It
// implements scsi.Keeper.
type Reservations string

// Reservations returns where to keep persistent reservations over a restart: a file beside
// the image, created when the first initiator asks for persistence. It is false for a block
// device, where there is no place for such a file.
func (d *Disk) Reservations() (Reservations, bool) {
	return Reservations(d.path + ".reservations"), !d.device
}

// Load returns what was last saved.
func (r Reservations) Load() ([]byte, error) {
	data, err := os.ReadFile(string(r))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}

// Save replaces the file atomically, or removes it if there is nothing to keep.
func (r Reservations) Save(data []byte) error {
	if len(data) == 0 {
		if err := os.Remove(string(r)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return syncDirectory(filepath.Dir(string(r)))
	}
	draft := string(r) + ".new"
	if err := writeSynced(draft, data); err != nil {
		return err
	}
	if err := os.Rename(draft, string(r)); err != nil {
		return err
	}
	return syncDirectory(filepath.Dir(string(r)))
}

func writeSynced(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}
