package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// TestImage makes an image twice: it is valid, is run as it should, and has the same bytes.
func TestImage(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "ironhook")
	if err := os.WriteFile(program, []byte("a program"), 0o755); err != nil {
		t.Fatal(err)
	}
	o := order{program: program, arch: "arm64", version: "1.2.3", time: time.Unix(1796000000, 0).UTC()}
	var made [2][]byte
	for i := range made {
		file := filepath.Join(dir, "image.tar")
		if err := run(o, file); err != nil {
			t.Fatal(err)
		}
		var err error
		if made[i], err = os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(made[0], made[1]) {
		t.Error("two images of the same differ")
	}
	image, err := o.image()
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "layout")
	if err := write(image, out, o); err != nil {
		t.Fatal(err)
	}
	index, err := layout.ImageIndexFromPath(out)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(index); err != nil {
		t.Error(err)
	}
	c, err := image.ConfigFile()
	if err != nil || c.Architecture != "arm64" || c.Config.Entrypoint[0] != "/usr/bin/ironhook" || c.Config.Cmd[0] != "serve" {
		t.Errorf("configuration %+v, %v", c, err)
	}
	if err := run(order{program: filepath.Join(dir, "nowhere")}, filepath.Join(dir, "x")); err == nil {
		t.Error("an image without a program")
	}
}
