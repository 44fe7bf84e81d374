package image

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The program runs within its limits, which follow the files that it is given.
func TestQemuLimits(t *testing.T) {
	in, err := os.Create(filepath.Join(t.TempDir(), "in"))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if err := in.Truncate(3 << 20); err != nil {
		t.Fatal(err)
	}
	if err := out.Truncate(64 << 20); err != nil {
		t.Fatal(err)
	}
	var seen bytes.Buffer
	// It may see the limits of its parent at first. That of processor time is the last to be set.
	err = qemuTo(t.Context(), &seen, "/bin/sh", []*os.File{in, out}, "-c",
		"until grep -q '^Max cpu time  *123 ' /proc/self/limits; do :; done; cat /proc/self/limits")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`Max cpu time +123 +123 `, `Max file size +68157440 +68157440 `, `Max core file size +0 +0 `, `Max open files +64 +64 `, `Max address space +4294967296 `} {
		if !regexp.MustCompile(want).MatchString(seen.String()) {
			t.Errorf("no %q among\n%s", want, seen.String())
		}
	}
	err = qemuTo(t.Context(), &seen, "/bin/sh", []*os.File{in, out}, "-c",
		"until grep -q '^Max cpu time  *123 ' /proc/self/limits; do :; done; dd if=/dev/zero of=/dev/fd/4 bs=1M seek=100 count=1")
	if err == nil || !strings.Contains(err.Error(), "qemu-img") && !strings.Contains(err.Error(), "cannot be read") {
		t.Errorf("a file grows beyond its limit: %v", err)
	}
}
