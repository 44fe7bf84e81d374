package jail

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// shell runs a script in the jail with files as its descriptors from 3 on.
func shell(t *testing.T, script string, files ...*os.File) string {
	t.Helper()
	var out bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "/bin/sh", "-c", script)
	cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = &out, &out, files
	if err := Start(cmd); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // what it says is looked at
	return strings.TrimSpace(out.String())
}

// TestJail tries what a program that was taken over would.
func TestJail(t *testing.T) {
	dir := t.TempDir()
	in, out, other := filepath.Join(dir, "in"), filepath.Join(dir, "out"), filepath.Join(dir, "database")
	if err := errors.Join(os.WriteFile(in, []byte("image"), 0o600), os.WriteFile(out, nil, 0o600),
		os.WriteFile(other, []byte("secret"), 0o600)); err != nil {
		t.Fatal(err)
	}
	read, err := os.Open(in)
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	write, err := os.OpenFile(out, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer write.Close()
	for _, c := range []struct{ script, want string }{
		{"cat /dev/fd/3", "image"},
		{"echo disk >/dev/fd/4; cat /dev/fd/4", "disk"},
		{"echo x >/dev/fd/3", "ermission denied"},
		{"cat " + other, "ermission denied"},
		{"ls " + dir, "ermission denied"},
		{"cat /etc/passwd", "ermission denied"},
		{"cat /proc/$PPID/environ", "ermission denied"},
		{"echo x >" + filepath.Join(dir, "new"), "ermission denied"},
		{"rm " + other, "ermission denied"},
		{"kill -9 $PPID", "not permitted"},
	} {
		if said := shell(t, c.script, read, write); !strings.Contains(said, c.want) {
			t.Errorf("%s: %q, want %q", c.script, said, c.want)
		}
	}
	if b, err := os.ReadFile(other); string(b) != "secret" {
		t.Errorf("the other file has %q, %v", b, err)
	}
	if _, err := os.ReadFile("/etc/passwd"); err != nil {
		t.Errorf("the process itself is in the jail: %v", err)
	}
}
