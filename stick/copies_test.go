package stick

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// write writes files of a directory.
func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		return "-"
	}
	return string(b)
}

func TestKeepCopy(t *testing.T) {
	home := t.TempDir()
	aside := filepath.Join(t.TempDir(), "before")
	write(t, home, map[string]string{database: "old", database + "-wal": "log"})
	for _, test := range []struct{ last, now, want string }{
		{"", "1", ""},   // the first start of all
		{"1", "1", ""},  // the same program
		{"1", "2", "1"}, // an upgrade
		{"2", "2", "1"}, // its second start
		{"2", "3", "2"}, // the next
		{"2", "3", "2"}, // again, after a pulled plug
	} {
		if err := keepCopy(home, aside, test.last, test.now); err != nil {
			t.Fatal(err)
		}
		if got, _ := copyOf(aside); got != test.want {
			t.Errorf("from %q to %q: the copy is of %q, want %q", test.last, test.now, got, test.want)
		}
	}
	write(t, home, map[string]string{database: "new", database + "-wal": "of the new", database + "-shm": "of the new"})
	if os.Geteuid() != 0 {
		return // the files go to the appliance's user
	}
	mine := filepath.Join(t.TempDir(), "stick.json")
	write(t, filepath.Dir(mine), map[string]string{"stick.json": "root's"})
	for _, link := range []string{database, database + ".new", database + "-wal.new"} { // the appliance's user may do so
		os.Remove(filepath.Join(home, link))
		if err := os.Symlink(mine, filepath.Join(home, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := keepCopy(home, aside+"-2", "3", "4"); err == nil {
		t.Error("a copy is made of what a link leads to")
	}
	if err := putBack(home, aside); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(mine); err != nil || read(t, mine) != "root's" || info.Sys().(*syscall.Stat_t).Uid != 0 {
		t.Errorf("what a link leads to was changed: %q, %v", read(t, mine), err)
	}
	if db, wal, shm := read(t, filepath.Join(home, database)), read(t, filepath.Join(home, database+"-wal")),
		read(t, filepath.Join(home, database+"-shm")); db != "old" || wal != "log" || shm != "-" {
		t.Errorf("back are %q, %q, %q", db, wal, shm)
	}
}

func TestSchemaOf(t *testing.T) {
	header := make([]byte, 100)
	binary.BigEndian.PutUint32(header[60:], 9)
	dir := t.TempDir()
	write(t, dir, map[string]string{"db": string(header), "short": "SQLite"})
	if got, err := schemaOf(filepath.Join(dir, "db")); err != nil || got != 9 {
		t.Errorf("%d, %v", got, err)
	}
	if _, err := schemaOf(filepath.Join(dir, "short")); err == nil {
		t.Error("a file without a header has a schema")
	}
}
