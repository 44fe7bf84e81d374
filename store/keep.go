package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// copyMark stands between the name of a database and the version of the copy that was kept of it.
const copyMark = ".schema-"

// keepCopy keeps a copy of a database that is about to be migrated beside it, for those who want
// to go back; copies from before earlier migrations go. Its name ends with its version, and it
// has that name when all of it is on the disk. A new or current database needs none.
func keepCopy(ctx context.Context, db *sql.DB, path string) error {
	var version int
	if err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	if version == 0 || version >= newest() {
		return nil
	}
	to := fmt.Sprint(path, copyMark, version)
	part := to + ".part"
	err := writeCopy(ctx, path, part)
	if err == nil {
		err = os.Rename(part, to)
	}
	if err == nil {
		err = syncFile(filepath.Dir(path))
	}
	if err != nil {
		return fmt.Errorf("keep a copy before the migration: %w", errors.Join(err, removeIfThere(part)))
	}
	dir, name := filepath.Split(path)
	entries, err := os.ReadDir(filepath.Dir(path))
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), name+copyMark) && e.Name() != filepath.Base(to) {
			err = errors.Join(err, removeIfThere(filepath.Join(dir, e.Name())))
		}
	}
	return err
}

// writeCopy writes a copy for the owner alone, in place of what a power loss has left.
func writeCopy(ctx context.Context, path, part string) error {
	if err := removeIfThere(part); err != nil {
		return err
	}
	f, err := os.OpenFile(part, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := Backup(ctx, path, part); err != nil {
		return err
	}
	return syncFile(part)
}

// syncFile waits until a file or a directory is on the disk.
func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func removeIfThere(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
