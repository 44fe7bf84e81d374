package volume

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestOriginal: the file that an image was made of is there as long as the image is, and
// nothing of it after a failure or a crash.
func TestOriginal(t *testing.T) {
	path := t.TempDir()
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	build := func(id string, failure error) error {
		return d.Build(id, func(b *Builder) error {
			w, err := b.Keep()
			for _, piece := range []string{"what ", "was ", "sent"} {
				if err == nil {
					_, err = io.WriteString(w, piece)
				}
			}
			b.Resize(BlockSize)
			return errors.Join(err, failure)
		})
	}
	keptIn := func(d *Dir, id string) string {
		o, err := d.Original(id)
		if errors.Is(err, fs.ErrNotExist) {
			return ""
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(o)
		if err = errors.Join(err, o.Close()); err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	kept := func(id string) string { return keptIn(d, id) }
	if err := build("half", errors.New("cut")); err == nil || kept("half") != "" {
		t.Errorf("an image that could not be made: %v, original %q", err, kept("half"))
	}
	for _, id := range []string{"a", "b"} {
		if err := build(id, nil); err != nil {
			t.Fatal(err)
		}
	}
	h, err := d.Hold()
	if err != nil {
		t.Fatal(err)
	}
	if got := keptIn(copyHeld(t, h), "a"); got != "what was sent" {
		t.Errorf("a copy of the whole directory has the original %q", got)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if usage, err := d.Usage("a"); err != nil || usage.Own == 0 {
		t.Errorf("usage %+v, %v, want the original in it", usage, err)
	}
	if err := d.Delete("b"); err != nil || kept("b") != "" {
		t.Errorf("the original of a deleted image is %q (%v)", kept("b"), err)
	}
	// What a crash leaves between the original and its image, and in the midst of one.
	for _, name := range []string{"stray", growing + "0"} {
		if err := os.WriteFile(filepath.Join(path, originalsDir, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if d, err = Open(path); err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	names, err := os.ReadDir(filepath.Join(path, originalsDir))
	if err != nil || len(names) != 1 || kept("a") != "what was sent" {
		t.Errorf("after a restart %v (%v), original of a %q; want that alone", names, err, kept("a"))
	}
	if _, err := d.Original("../.lock"); err == nil || !strings.Contains(err.Error(), "not a volume name") {
		t.Errorf("Original(../.lock) = %v", err)
	}
}
