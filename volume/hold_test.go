package volume

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// copyHeld writes what is held into a directory of its own and opens that.
func copyHeld(t *testing.T, h *Held) *Dir {
	t.Helper()
	path := filepath.Join(t.TempDir(), "volumes")
	for _, f := range h.Files {
		to := filepath.Join(path, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			t.Fatal(err)
		}
		out, err := os.Create(to)
		if err != nil {
			t.Fatal(err)
		}
		for off := int64(0); off < f.Size; {
			n, data, err := f.Extent(off)
			if err == nil && data {
				_, err = io.Copy(io.NewOffsetWriter(out, off), io.NewSectionReader(f, off, n))
			}
			if err != nil {
				t.Fatal(err)
			}
			off += n
		}
		if err := errors.Join(out.Truncate(f.Size), out.Close()); err != nil {
			t.Fatal(err)
		}
	}
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// TestHeldIsTheWholeDirectory: every kind of thing reads the same in the copy, whatever is
// written, deleted and merged in the original meanwhile, and clones in the copy do not
// write to each other.
func TestHeldIsTheWholeDirectory(t *testing.T) {
	d := open(t)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := d.Import(t.Context(), "golden", bytes.NewReader(bytes.Repeat([]byte("g"), 200_000)))
	must(err)
	must(d.Create("plain", 1<<20))
	must(d.Clone("golden", "clone", 1<<20))
	write := func(id, text string, off int64) {
		t.Helper()
		k, err := d.Open(id, false)
		must(err)
		_, err = k.WriteAt([]byte(text), off)
		must(err)
		must(k.Sync())
		must(k.Close())
	}
	write("plain", "of plain", 70_000)
	write("clone", "of clone", 0)
	must(d.Snapshot("clone", "shot"))
	write("clone", "later", 512)
	must(d.Clone("clone", "second", 0)) // shares what the first wrote
	before := map[string][]byte{}
	all := []string{"golden", "plain", "clone", "shot", "second"}
	for _, id := range all {
		if before[id], err = contents(d, id); err != nil {
			t.Fatal(err)
		}
	}
	open, err := d.Open("plain", false) // in use
	must(err)
	h, err := d.Hold()
	must(err)
	if len(h.LeftOut) > 0 {
		t.Fatalf("left out: %v", h.LeftOut)
	}
	if _, err := open.WriteAt([]byte("too late"), 0); err != nil {
		t.Fatal(err)
	}
	must(open.Close())
	write("clone", "too late", 0)
	if err := d.Delete("shot"); !errors.Is(err, ErrInUse) { // as while it is exported
		t.Errorf("delete of what is held: %v, want ErrInUse", err)
	}
	must(d.Delete("second"))
	must(d.Tidy(t.Context()))
	copied := copyHeld(t, h)
	must(h.Close())
	check := func(d *Dir, id string, want []byte) {
		t.Helper()
		got, err := contents(d, id)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s differs (%v)", id, err)
		}
	}
	for _, id := range all {
		check(copied, id, before[id])
		if found, err := copied.Verify(t.Context(), id, nil); err != nil || len(found) > 0 {
			t.Errorf("verify %s = %v, %v", id, found, err)
		}
	}
	k, err := copied.Open("second", false)
	must(err)
	_, err = k.WriteAt([]byte("only here"), 0)
	must(err)
	must(k.Close())
	check(copied, "clone", before["clone"])
	must(copied.Reset("clone"))
	check(copied, "clone", append(bytes.Repeat([]byte("g"), 200_000), make([]byte, 1<<20-200_000)...))
	must(d.Delete("shot"))
	must(d.Tidy(t.Context()))
	if got, err := contents(d, "clone"); err != nil || !strings.HasPrefix(string(got), "too late") {
		t.Errorf("the original lost what was written while it was held (%v)", err)
	}
}

// TestHeldUnderWrites: a writer that flushes one block before it writes the next finds them
// in the copy as after a power cut: what was answered before Hold is there, and no later
// block without the earlier.
func TestHeldUnderWrites(t *testing.T) {
	d := open(t)
	if err := d.Create("busy", 1<<20); err != nil {
		t.Fatal(err)
	}
	k, err := d.Open("busy", false)
	if err != nil {
		t.Fatal(err)
	}
	var flushed atomic.Uint64
	stop, done := make(chan struct{}), make(chan error)
	go func() {
		for n := uint64(1); ; n++ {
			for _, off := range []int64{0, 512 << 10} {
				if _, err := k.WriteAt(binary.BigEndian.AppendUint64(nil, n), off); err != nil {
					done <- err
					return
				}
				if err := k.Sync(); err != nil {
					done <- err
					return
				}
			}
			flushed.Store(n)
			select {
			case <-stop:
				done <- nil
				return
			default:
			}
		}
	}()
	for range 10 {
		least := flushed.Load()
		h, err := d.Hold()
		if err != nil {
			t.Fatal(err)
		}
		most := flushed.Load() + 1
		b, err := contents(copyHeld(t, h), "busy")
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
		first, second := binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[512<<10:])
		if second < least || first < second || first > second+1 || first > most {
			t.Fatalf("the copy has %d and %d; %d were flushed before and %d afterwards", first, second, least, most)
		}
		if err := d.Tidy(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := k.Close(); err != nil {
		t.Error(err)
	}
}

// TestHeldNamesWhatItCannotRead and has the rest.
func TestHeldNamesWhatItCannotRead(t *testing.T) {
	d := open(t)
	for _, id := range []string{"good", "bad"} {
		if _, err := d.Import(t.Context(), id, strings.NewReader(id)); err != nil {
			t.Fatal(err)
		}
	}
	m, err := d.load("bad")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(d.path, layersDir, m.top())); err != nil {
		t.Fatal(err)
	}
	h, err := d.Hold()
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if len(h.LeftOut) != 1 || h.LeftOut["bad"] == nil {
		t.Errorf("left out: %v, want bad", h.LeftOut)
	}
	if b, err := contents(copyHeld(t, h), "good"); err != nil || !strings.HasPrefix(string(b), "good") {
		t.Errorf("the good one is %.10q, %v", b, err)
	}
}
