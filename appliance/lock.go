package appliance

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"ironhook/appliance/backup"
)

// lockData makes the data directory where it is missing and takes it for this
// process alone. The lock ends with the process, however it ends.
func lockData(dir string) (*os.File, error) {
	if _, err := os.Stat(filepath.Join(dir, backup.Unfinished)); err == nil {
		return nil, &Fault{Setting: Data, Value: dir, Err: errHalfRestored, Remedy: "empty the directory and restore the backup again"}
	}
	if err := os.MkdirAll(filepath.Join(dir, "volumes"), 0o700); err != nil {
		return nil, err
	}
	return takeLock(dir)
}

var errHalfRestored = errors.New("the restoring of a backup was interrupted")

// takeLock is lockData for a directory that there is.
func takeLock(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		err = &Fault{Setting: Data, Value: dir, Err: ErrInUse}
	} else if err != nil {
		err = fmt.Errorf("lock %s: %w", f.Name(), err)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
