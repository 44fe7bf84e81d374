package volume

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// TestVerifyHoles has an image with holes of its own, in which one more appears.
func TestVerifyHoles(t *testing.T) {
	l := newLab(t)
	block := bytes.Repeat([]byte("x"), 64*kib)
	l.must(l.d.Build("img", func(b *Builder) error {
		b.Resize(2048 * kib)
		for _, at := range []int64{0, 640 * kib, 704 * kib, 1280 * kib} {
			if _, err := b.WriteAt(block, at); err != nil {
				return err
			}
		}
		return nil
	}))
	found, err := l.d.Verify(t.Context(), "img", nil)
	if err != nil || len(found) > 0 {
		t.Errorf("Verify = %+v, %v, want nothing", found, err)
	}
	m, err := l.d.load("img")
	l.must(err)
	f, err := os.OpenFile(filepath.Join(l.d.path, layerPath(m.top())), os.O_RDWR, 0)
	l.must(err)
	defer f.Close()
	l.must(unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, 704*kib, 64*kib))
	last := Progress{}
	found, err = l.d.Verify(t.Context(), "img", func(p Progress) { last = p })
	if err != nil || len(found) != 1 || found[0].Layer != m.top() || found[0].Off != 704*kib || found[0].Length != 64*kib {
		t.Errorf("Verify = %+v, %v, want a hole at %d", found, err, 704*kib)
	}
	if last.Done != 2048*kib || last.Total != last.Done {
		t.Errorf("the last progress is %+v, want all of 2 MiB", last)
	}
}
