package volume

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"testing"
)

// lab is a directory with operations that fail the test on an error.
type lab struct {
	*testing.T
	d *Dir
}

func newLab(t *testing.T) *lab { return &lab{t, open(t)} }

func (l *lab) must(err error) {
	l.Helper()
	if err != nil {
		l.Fatal(err)
	}
}

// image makes an image of n bytes of c.
func (l *lab) image(id string, c byte, n int) {
	l.Helper()
	_, err := l.d.Import(l.Context(), id, bytes.NewReader(bytes.Repeat([]byte{c}, n)))
	l.must(err)
}

// write writes n bytes of c into a volume, and flushes.
func (l *lab) write(id string, c byte, off int64, n int) {
	l.Helper()
	k, err := l.d.Open(id, false)
	l.must(err)
	_, err = k.WriteAt(bytes.Repeat([]byte{c}, n), off)
	l.must(errors.Join(err, k.Sync(), k.Close()))
}

// expect reads a volume and compares it with pieces of one repeated byte each.
func (l *lab) expect(id string, want ...piece) {
	l.Helper()
	got, err := contents(l.d, id)
	l.must(err)
	var b []byte
	for _, p := range want {
		b = append(b, bytes.Repeat([]byte{p.c}, p.n)...)
	}
	if len(got) != len(b) {
		l.Fatalf("%s has %d bytes, want %d", id, len(got), len(b))
	}
	for i := range b {
		if got[i] != b[i] {
			l.Fatalf("%s: byte %d = %d, want %d", id, i, got[i], b[i])
		}
	}
}

type piece struct {
	n int
	c byte
}

const kib = 1 << 10

func TestCloneSnapshotReset(t *testing.T) {
	l := newLab(t)
	l.image("golden", 1, 200*kib)
	l.must(l.d.Clone("golden", "pc", 256*kib))
	l.expect("pc", piece{200 * kib, 1}, piece{56 * kib, 0})
	l.write("pc", 2, 100*kib, 4*kib)
	l.must(l.d.Snapshot("pc", "before"))
	l.write("pc", 3, 102*kib, 4*kib)
	l.expect("golden", piece{200 * kib, 1})
	l.expect("before", piece{100 * kib, 1}, piece{4 * kib, 2}, piece{96 * kib, 1}, piece{56 * kib, 0})
	l.expect("pc", piece{100 * kib, 1}, piece{2 * kib, 2}, piece{4 * kib, 3}, piece{94 * kib, 1}, piece{56 * kib, 0})
	l.must(l.d.Clone("before", "other", 0))
	l.expect("other", piece{100 * kib, 1}, piece{4 * kib, 2}, piece{96 * kib, 1}, piece{56 * kib, 0})
	l.must(l.d.Reset("pc"))
	l.expect("pc", piece{200 * kib, 1}, piece{56 * kib, 0})
	l.must(l.d.Revert("pc", "before"))
	l.expect("pc", piece{100 * kib, 1}, piece{4 * kib, 2}, piece{96 * kib, 1}, piece{56 * kib, 0})

	for id, want := range map[string]error{"golden": ErrDependants, "pc": ErrDependants, "none": fs.ErrNotExist} {
		if err := l.d.Delete(id); !errors.Is(err, want) {
			t.Errorf("Delete(%s) = %v, want %v", id, err, want)
		}
	}
	l.must(l.d.Delete("before"))
	l.must(l.d.Tidy(context.Background()))
	l.expect("other", piece{100 * kib, 1}, piece{4 * kib, 2}, piece{96 * kib, 1}, piece{56 * kib, 0})
	l.write("other", 9, 0, 4*kib)
	l.must(l.d.Reset("other"))
	l.expect("other", piece{100 * kib, 1}, piece{4 * kib, 2}, piece{96 * kib, 1}, piece{56 * kib, 0})
	l.must(l.d.Delete("other"))
	l.must(l.d.Tidy(context.Background()))
	l.expect("pc", piece{100 * kib, 1}, piece{4 * kib, 2}, piece{96 * kib, 1}, piece{56 * kib, 0})
	if info, err := l.d.Stat("pc"); err != nil || info.Layers != 2 {
		t.Errorf("Stat = %+v, %v, want 2 layers", info, err)
	}
	l.must(l.d.Delete("pc"))
	l.must(l.d.Delete("golden"))
	if left, err := l.d.fs.Names(layersDir); err != nil || len(left) != 0 {
		t.Errorf("layers left: %q, %v", left, err)
	}
}

func TestMergeWhileInUse(t *testing.T) {
	l := newLab(t)
	l.must(l.d.Create("v", 1<<20))
	k, err := l.d.Open("v", false)
	l.must(err)
	put := func(c byte, off int64) {
		_, err := k.WriteAt(bytes.Repeat([]byte{c}, 4*kib), off)
		l.must(err)
	}
	put(1, 0)
	l.must(l.d.Snapshot("v", "a"))
	put(2, 4*kib)
	l.must(l.d.Snapshot("v", "b"))
	put(3, 8*kib)
	l.must(l.d.Resize("v", 2<<20))
	put(4, 2<<20-4*kib)
	l.must(l.d.Delete("a"))
	l.must(l.d.Tidy(t.Context()))
	l.expect("b", piece{4 * kib, 1}, piece{4 * kib, 2}, piece{1<<20 - 8*kib, 0})
	l.must(l.d.Delete("b"))
	l.must(l.d.Tidy(t.Context()))
	put(5, 12*kib)
	l.must(errors.Join(k.Sync(), k.Close()))
	l.expect("v", piece{4 * kib, 1}, piece{4 * kib, 2}, piece{4 * kib, 3}, piece{4 * kib, 5}, piece{2<<20 - 20*kib, 0}, piece{4 * kib, 4})
	if info, err := l.d.Stat("v"); err != nil || info.Layers != 1 {
		t.Errorf("Stat = %+v, %v, want 1 layer", info, err)
	}
}
