package stick

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// A version that starts for the first time finds the database of the version before. Before
// it may change it, a copy is put aside, which stays until the next upgrade: for the way back.
const (
	before   = dataMount + "/before"
	database = "ironhook.db"
)

// keepCopy puts a copy of the database aside when the program is another one than the last
// time. Nothing has the database open.
func keepCopy(home, before, last, now string) error {
	_, err := os.Stat(filepath.Join(home, database))
	if last == now || last == "" || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	fresh := before + ".new"
	if err := errors.Join(os.RemoveAll(fresh), os.Mkdir(fresh, 0o700)); err != nil {
		return err
	}
	for _, name := range []string{database, database + "-wal"} {
		err := copyFile(filepath.Join(home, name), filepath.Join(fresh, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("copy of the database: %w", err)
		}
	}
	if err := os.WriteFile(filepath.Join(fresh, "version"), []byte(last), 0o600); err != nil {
		return err
	}
	return errors.Join(syncPath(filepath.Join(fresh, "version")), syncPath(fresh), os.RemoveAll(before), os.Rename(fresh, before),
		syncPath(filepath.Dir(before)))
}

// copyOf is the version whose database was put aside, "" for none, and when.
func copyOf(before string) (version string, at time.Time) {
	path := filepath.Join(before, "version")
	b, err := os.ReadFile(path)
	if err != nil {
		return "", at
	}
	if info, err := os.Stat(path); err == nil {
		at = info.ModTime()
	}
	return strings.TrimSpace(string(b)), at
}

// putBack replaces the database by the copy. The log of the one that goes is removed first:
// it must never be applied to another.
func putBack(home, before string) error {
	for _, name := range []string{database + "-wal", database + "-shm"} {
		if err := os.Remove(filepath.Join(home, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	for _, name := range []string{database, database + "-wal"} {
		to := filepath.Join(home, name)
		err := copyFile(filepath.Join(before, name), to+".new")
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = errors.Join(os.Lchown(to+".new", user, user), os.Rename(to+".new", to))
		}
		if err != nil {
			return fmt.Errorf("put the database back: %w", err)
		}
	}
	return syncPath(home)
}

// schemaOf is the version of the schema of a database that was closed (the SQLite file format,
// section 1.3: the user version is at 60).
func schemaOf(path string) (uint32, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close() //nolint:errcheck // only read
	var b [4]byte
	if _, err := f.ReadAt(b[:], 60); err != nil {
		return 0, err
	}
	return binary.BigEndian.Uint32(b[:]), nil
}

// copyFile makes a new file in place of what is there. It follows no link: one of the two is in the directory of the appliance's
// user, who may not write elsewhere.
func copyFile(from, to string) error {
	in, err := os.OpenFile(from, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // only read
	if err := os.Remove(to); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}

func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// settleVersion makes the database fit the program that starts: after an upgrade that did
// not prove itself the copy comes back, and a new version puts a copy aside.
func (t *stick) settleVersion() error {
	last := t.settings.Version
	kept, _ := copyOf(before)
	if t.options["failed"] != "" && last != t.version && kept == t.version {
		if err := putBack(home, before); err != nil {
			return err
		}
	} else if err := keepCopy(home, before, last, t.version); err != nil {
		return err
	}
	if last == t.version {
		return nil
	}
	t.settings.Other = last
	if t.options["failed"] != "" {
		t.settings.Other = ""
	}
	t.settings.Version = t.version
	return t.settings.write(settingsFile)
}

// askDowngrade goes back to the version before. Where that knows an older schema only, its
// copy of the database comes back, and what was registered since is lost: never unasked.
func (t *stick) askDowngrade() {
	kept, at := copyOf(before)
	if kept == "" || kept != t.settings.Other {
		t.console.ask("There is no version before on this stick. Enter:")
		return
	}
	if t.server != nil {
		t.server.stop() // closes the database, so that its file is all of it
	}
	now, err := schemaOf(filepath.Join(home, database))
	old, err2 := schemaOf(filepath.Join(before, database))
	if err = errors.Join(err, err2); err != nil {
		t.trouble(err)
		return
	}
	question := "Back to version " + kept + "; all data stay"
	if now != old {
		question = "Back to version " + kept + ", which needs its own database: what was registered since " + at.Format(time.DateTime) +
			" is lost"
	}
	if !t.confirm(question, "back") {
		return // the appliance starts again by itself
	}
	if now != old {
		err = putBack(home, before)
	}
	if err == nil {
		t.settings.Version, t.settings.Other = kept, t.version
		err = t.settings.write(settingsFile)
	}
	if err == nil {
		err = state{Slot: t.options["slot"], Trial: other(t.options["slot"]), Tries: "2"}.write(t.disk.partition(statePartition))
	}
	if err != nil {
		t.trouble(err)
		return
	}
	t.end(restart)
}
