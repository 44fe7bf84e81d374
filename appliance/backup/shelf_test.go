package backup

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"
)

// TestShelf: backups go oldest first, and nothing else goes with them.
func TestShelf(t *testing.T) {
	now := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	at := func(days int) time.Time { return now.AddDate(0, 0, -days) }
	dir := t.TempDir()
	others := []string{"ironhook.db", "ironhook-notes.backup", "ironhook-20261130T090000Z.backup.gz", "x-20261120T090000Z.backup", NameAt(at(0), true) + ".part"}
	for _, name := range append([]string{NameAt(at(1), true), NameAt(at(3), false), NameAt(at(2), true), NameAt(at(9), true) + ".part"}, others...) {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if made, err := Made(dir); err != nil || !reflect.DeepEqual(made, []time.Time{at(3), at(2), at(1)}) {
		t.Errorf("made at %v, %v", made, err)
	}
	if err := Prune(dir, 2, now); err != nil {
		t.Fatal(err)
	}
	left := map[string]bool{}
	files, err := os.ReadDir(dir)
	for _, f := range files {
		left[f.Name()] = true
	}
	want := map[string]bool{NameAt(at(1), true): true, NameAt(at(2), true): true}
	for _, name := range others {
		want[name] = true
	}
	if err != nil || !reflect.DeepEqual(left, want) {
		t.Errorf("left %v, %v, want %v", left, err, want)
	}
	if _, err := Made(filepath.Join(dir, "absent")); err == nil {
		t.Error("a directory that is not there has backups")
	}
}
