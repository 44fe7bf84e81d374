package appliance

import (
	"bytes"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestModes opens data directories as they are restored, and wants nothing in them to be
// open to others afterwards.
func TestModes(t *testing.T) {
	for _, c := range []struct {
		what          string
		dir, db, disk fs.FileMode
		warns         bool
	}{
		{"as it should be", 0o700, 0o600, 0o700, false},
		{"restored by tar as root", 0o755, 0o644, 0o755, true},
		{"a copy of the database put in", 0o700, 0o644, 0o700, true},
		{"a volume directory for a group", 0o700, 0o600, 0o770, true},
		{"writable by all", 0o777, 0o666, 0o777, true},
	} {
		dir, log := t.TempDir(), &bytes.Buffer{}
		db, disks := filepath.Join(dir, "ironhook.db"), filepath.Join(dir, "volumes")
		err := errors.Join(os.WriteFile(db, nil, 0o600), os.Mkdir(disks, 0o700), os.Symlink("/etc/passwd", filepath.Join(dir, "link")),
			os.Chmod(db, c.db), os.Chmod(disks, c.disk), os.Chmod(dir, c.dir))
		if err != nil {
			t.Fatal(err)
		}
		if err := closeModes(dir, slog.New(slog.NewTextHandler(log, nil))); err != nil {
			t.Errorf("%s: %v", c.what, err)
		}
		for _, path := range []string{dir, db, disks} {
			if info, err := os.Stat(path); err != nil || info.Mode()&others != 0 {
				t.Errorf("%s: %s has mode %v", c.what, path, info.Mode())
			}
		}
		if (log.Len() > 0) != c.warns {
			t.Errorf("%s: log = %s", c.what, log)
		}
	}
}

func TestSharedDirectoryIsRefused(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o777|fs.ModeSticky); err != nil {
		t.Fatal(err)
	}
	var f *Fault
	if err := closeModes(dir, slog.New(slog.DiscardHandler)); !errors.As(err, &f) || f.Setting != Data ||
		!strings.Contains(f.Remedy, "of its own") {
		t.Errorf("closeModes = %v, want a fault of the data directory", err)
	}
}

// What a killed process has left goes, and nothing else.
func TestLeftoversGo(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{".backup-1/ironhook.db", ".htpasswd-2", ".first-run-3", ".tls.key-4", ".tls.crt-5", ".ready-6",
		"htpasswd", "first-run", "tls.key", "ironhook.db"} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, nil, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	if err := removeLeftovers(dir); err != nil {
		t.Fatal(err)
	}
	var names []string
	left, err := os.ReadDir(dir)
	for _, e := range left {
		names = append(names, e.Name())
	}
	if got := strings.Join(names, " "); err != nil || got != "first-run htpasswd ironhook.db tls.key" {
		t.Errorf("there are %s, %v", got, err)
	}
}
