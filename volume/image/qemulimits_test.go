package image

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
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
	const wait = `until [ "$(ulimit -t)" = 123 ]; do :; done; `
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err = qemuTo(ctx, &seen, "/bin/sh", []*os.File{in, out}, "-c",
		wait+"for l in t f c n v; do echo $l $(ulimit -S -$l) $(ulimit -H -$l); done")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"t 123 123\n", "f 133120 133120\n", "c 0 0\n", "n 64 64\n", "v 4194304 4194304\n"} {
		if !strings.Contains(seen.String(), want) {
			t.Errorf("no %q among\n%s", want, seen.String())
		}
	}
	err = qemuTo(ctx, &seen, "/bin/sh", []*os.File{in, out}, "-c",
		wait+"dd if=/dev/zero of=/dev/fd/4 bs=1M seek=100 count=1")
	if err == nil || !strings.Contains(err.Error(), "qemu-img") && !strings.Contains(err.Error(), "cannot be read") {
		t.Errorf("a file grows beyond its limit: %v", err)
	}
}
