package export

import (
	"os"
	"path/filepath"
	"testing"
)

// TestSerial has the same file again, and others that could be taken for it.
func TestSerial(t *testing.T) {
	dir := t.TempDir()
	file := func(name string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, make([]byte, 512), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	of := func(path string) string {
		t.Helper()
		s, err := serial(path, "machine-1")
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	a, b := file("a"), file("b")
	first := of(a)
	if of(a) != first || of(b) == first {
		t.Errorf("serial numbers %s, %s of one file, %s of another", first, of(a), of(b))
	}
	// Another disk at the same path, as in another container: it has another inode.
	if err := os.Rename(b, a); err != nil {
		t.Fatal(err)
	}
	if of(a) == first {
		t.Error("another file at the same path has the same serial number")
	}
	if other, err := serial(a, "machine-2"); err != nil || other == of(a) {
		t.Errorf("another machine gives a file of the same path the serial number %s, %v", other, err)
	}
	if _, err := serial(filepath.Join(dir, "none"), "machine-1"); err == nil {
		t.Error("a file that is not there has a serial number")
	}
}

func TestMachineID(t *testing.T) {
	if id := machineID(); id == "" || id == "none" {
		t.Errorf("machineID = %q", id)
	}
}
