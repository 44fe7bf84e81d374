package main

import (
	"bytes"
	"crypto/sha256"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ironhook/volume"
)

// Both readers must agree on what the format means.
func TestDumpAgrees(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "volumes")
	d, err := volume.Open(dir, volume.Reserve(0))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	r := rand.NewChaCha8([32]byte{1})
	noise := make([]byte, 300<<10)
	r.Read(noise)
	_, err = d.Import(t.Context(), "golden", bytes.NewReader(noise))
	must(err)
	const size = 1<<30 + 3<<20 + 512
	must(d.Clone("golden", "v", size))
	k, err := d.Open("v", false)
	must(err)
	for i, off := range []int64{4096, 200 << 10, 1<<30 - 4096, 1 << 30, size - 512*5} {
		_, err := k.WriteAt(noise[i*5120:i*5120+512*5], off)
		must(err)
		must(k.Sync())
		if i == 1 {
			must(d.Snapshot("v", "s"))
		}
	}
	must(k.Unmap(64<<10, 64<<10))
	must(k.Sync())
	must(k.Close())
	for _, id := range []string{"golden", "s", "v"} {
		ours, theirs := sha256.New(), sha256.New()
		must(d.Export(t.Context(), id, volume.Raw, theirs, nil))
		must(run(dir, id, true, ours))
		if !bytes.Equal(ours.Sum(nil), theirs.Sum(nil)) {
			t.Errorf("%s: the two readers differ", id)
		}
	}
	var text bytes.Buffer
	must(run(dir, "s", false, &text))
	if got := text.String(); !strings.HasPrefix(got, "snapshot s, ") || strings.Count(got, "blocks") != 1 {
		t.Errorf("the description of s is %q", got)
	}
}

func TestUnknownVersionIsRefused(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "v.json"), []byte(`{"version":2}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(dir, "v", false, &bytes.Buffer{}); err == nil {
		t.Error("a manifest of version 2 was read")
	}
}
