package volume

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
)

// second opens the directory again, as a second process would.
func second(t *testing.T, d *Dir) *Dir {
	t.Helper()
	other, err := Open(d.path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { other.Close() })
	return other
}

func TestWhoMayHaveItOpen(t *testing.T) {
	l := newLab(t)
	l.image("img", 1, 64*kib)
	l.must(l.d.Clone("img", "v", 0))
	l.must(l.d.Snapshot("v", "s"))
	for name, d := range map[string]*Dir{"same process": l.d, "another process": second(t, l.d)} {
		w, err := l.d.Open("v", false)
		l.must(err)
		for _, ro := range []bool{true, false} {
			if _, err := d.Open("v", ro); !errors.Is(err, ErrInUse) {
				t.Errorf("%s: Open of what is written, read-only %v = %v, want %v", name, ro, err, ErrInUse)
			}
		}
		for what, err := range map[string]error{"Reset": d.Reset("v"), "Revert": d.Revert("v", "s"), "Delete": d.Delete("v")} {
			if !errors.Is(err, ErrInUse) {
				t.Errorf("%s: %s of what is written = %v, want %v", name, what, err, ErrInUse)
			}
		}
		l.must(w.Close())
		r, err := l.d.Open("v", true)
		l.must(err)
		r2, err := d.Open("v", true)
		l.must(err)
		if _, err := d.Open("v", false); !errors.Is(err, ErrInUse) {
			t.Errorf("%s: Open of what is read, to write = %v, want %v", name, err, ErrInUse)
		}
		l.must(errors.Join(r.Close(), r2.Close(), r2.Close()))
		w, err = d.Open("v", false)
		l.must(err)
		l.must(w.Close())
	}
	for _, id := range []string{"img", "s"} {
		if _, err := l.d.Open(id, false); !errors.Is(err, ErrKind) {
			t.Errorf("Open(%s) to write = %v, want %v", id, err, ErrKind)
		}
	}
}

// A volume that another process has open cannot be changed.
func TestChangeWhatAnotherProcessHas(t *testing.T) {
	l := newLab(t)
	l.must(l.d.Create("v", 1<<20))
	l.must(l.d.Snapshot("v", "s"))
	other := second(t, l.d)
	k, err := other.Open("v", false)
	l.must(err)
	for what, err := range map[string]error{
		"Snapshot": l.d.Snapshot("v", "t"), "Clone": l.d.Clone("v", "w", 0), "Resize": l.d.Resize("v", 2<<20),
	} {
		if !errors.Is(err, ErrInUse) {
			t.Errorf("%s = %v, want %v", what, err, ErrInUse)
		}
	}
	l.must(l.d.Delete("s"))
	l.must(l.d.Tidy(t.Context())) // skips it
	if info, err := l.d.Stat("v"); err != nil || info.Layers != 2 {
		t.Errorf("Stat = %+v, %v, want 2 layers", info, err)
	}
	l.must(k.Close())
	l.must(l.d.Tidy(t.Context()))
	if info, err := l.d.Stat("v"); err != nil || info.Layers != 1 {
		t.Errorf("Stat = %+v, %v, want 1 layer", info, err)
	}
}

func TestReadOnly(t *testing.T) {
	l := newLab(t)
	l.image("img", 1, 64*kib)
	k, err := l.d.Open("img", true)
	l.must(err)
	defer k.Close()
	if _, err := k.WriteAt(make([]byte, 512), 0); !errors.Is(err, ErrReadOnly) {
		t.Errorf("WriteAt = %v, want %v", err, ErrReadOnly)
	}
	if err := k.Unmap(0, 512); !errors.Is(err, ErrReadOnly) {
		t.Errorf("Unmap = %v, want %v", err, ErrReadOnly)
	}
	if err := k.Sync(); err != nil {
		t.Errorf("Sync = %v", err)
	}
}

func TestBeyondTheEnd(t *testing.T) {
	l := newLab(t)
	l.must(l.d.Create("v", 1024))
	k, err := l.d.Open("v", false)
	l.must(err)
	defer k.Close()
	p := make([]byte, 1024)
	if _, err := k.ReadAt(p, 512); err == nil {
		t.Error("read beyond the end")
	}
	if _, err := k.WriteAt(p, 512); err == nil {
		t.Error("wrote beyond the end")
	}
	if err := k.Unmap(512, 1<<62); err == nil {
		t.Error("unmapped beyond the end")
	}
}

func TestResizeTells(t *testing.T) {
	l := newLab(t)
	l.must(l.d.Create("v", 1<<20))
	k, err := l.d.Open("v", false)
	l.must(err)
	defer k.Close()
	told := int64(0)
	k.Watch(func(size int64) { told = size })
	l.must(l.d.Resize("v", 3<<20))
	if told != 3<<20 || k.Size() != told {
		t.Errorf("told of %d bytes, Size = %d, want %d", told, k.Size(), 3<<20)
	}
	if err := l.d.Resize("v", 1<<20); !errors.Is(err, ErrSize) {
		t.Errorf("Resize to less = %v, want %v", err, ErrSize)
	}
}

// Everything at once, for the race detector, and no write may be lost.
func TestWritersAndChanges(t *testing.T) {
	l := newLab(t)
	l.image("img", 1, 1<<20)
	l.must(l.d.Clone("img", "v", 4<<20))
	k, err := l.d.Open("v", false)
	l.must(err)
	const writers, each = 4, 2048 // sectors
	var wg sync.WaitGroup
	for w := range uint64(writers) {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(w, 3))
			b := make([]byte, 512)
			for n := range uint64(800) {
				// every fourth sector is this writer's: they share blocks
				at := (r.Int64N(each)*writers + int64(w)) * 512
				fillSector(b, w+1)
				if _, err := k.WriteAt(b, at); err != nil {
					t.Error(err)
				}
				got := make([]byte, 512)
				if !k.ReadCached(got, at) {
					if _, err := k.ReadAt(got, at); err != nil {
						t.Error(err)
					}
				}
				if v, ok := sectorValue(got); !ok || v != w+1 {
					t.Errorf("read %d, %v after writing %d", v, ok, w+1)
				}
				if n%100 == 0 {
					if err := k.Sync(); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	for _, id := range []string{"a", "b", "c", "d"} {
		l.must(l.d.Snapshot("v", id))
		l.must(l.d.Clone("v", "w"+id, 0))
		info, err := l.d.Stat("v")
		l.must(err)
		l.must(l.d.Resize("v", info.Size+64*kib))
		l.must(l.d.Delete("w" + id))
		l.must(l.d.Delete(id))
		l.must(l.d.Tidy(t.Context()))
		if _, err := l.d.Verify(t.Context(), "v", nil); err != nil {
			t.Error(err)
		}
	}
	wg.Wait()
	l.must(errors.Join(k.Sync(), k.Close()))
	want := sectors{}
	for w := range uint64(writers) {
		r := rand.New(rand.NewPCG(w, 3))
		for range 800 {
			want[r.Int64N(each)*writers+int64(w)] = w + 1
		}
	}
	got, err := contents(l.d, "v")
	l.must(err)
	for s := range int64(len(got) / 512) {
		v, ok := sectorValue(got[s*512:][:512])
		golden := uint64(0)
		if s < 2048 {
			golden = 0x0101010101010101
		}
		if w, is := want[s]; !ok || is && v != w || !is && v != golden {
			t.Fatalf("sector %d has %d, %v; %d was written: %v", s, v, ok, w, is)
		}
	}
}

func TestReadsAllocateNothing(t *testing.T) {
	l := newLab(t)
	l.image("img", 1, 1<<20)
	l.must(l.d.Clone("img", "v", 0))
	l.write("v", 2, 0, 64*kib)
	k, err := l.d.Open("v", false)
	l.must(err)
	defer k.Close()
	p := make([]byte, 4096)
	for name, do := range map[string]func(){
		"write": func() { k.WriteAt(p, 0) }, "read": func() { k.ReadAt(p, 0) }, "read below": func() { k.ReadAt(p, 512*kib) },
		"read cached": func() { k.ReadCached(p, 0) }, "read both": func() { k.ReadAt(p, 62*kib) },
	} {
		if n := testing.AllocsPerRun(100, do); n != 0 {
			t.Errorf("%s: %v allocations, want 0", name, n)
		}
	}
}

// A crash between the two steps of turning a plain volume into a layer.
func TestOldNameOfALayerIsSwept(t *testing.T) {
	l := newLab(t)
	l.must(l.d.Create("v", 1<<20))
	l.must(l.d.Snapshot("v", "s"))
	m, err := l.d.load("v")
	l.must(err)
	l.must(os.Link(filepath.Join(l.d.path, layerPath(m.Layers[0])), filepath.Join(l.d.path, "v.raw")))
	l.must(os.WriteFile(filepath.Join(l.d.path, layersDir, newName()+overSuffix), nil, 0o600))
	second(t, l.d)
	if got, want := names(t, l.d), "s.json v.json"; got != want {
		t.Errorf("directory holds %q, want %q", got, want)
	}
	if left, err := l.d.fs.Names(layersDir); err != nil || len(left) != 2 {
		t.Errorf("layers: %q, %v, want 2", left, err)
	}
}

// A manifest that cannot be read keeps every layer, and the rest goes on.
func TestDamagedManifest(t *testing.T) {
	l := newLab(t)
	l.image("img", 1, 64*kib)
	l.must(l.d.Clone("img", "v", 0))
	l.must(os.WriteFile(filepath.Join(l.d.path, "v.json"), []byte("{"), 0o600))
	d := second(t, l.d)
	if _, err := d.Stat("v"); !errors.Is(err, ErrDamaged) {
		t.Errorf("Stat = %v, want %v", err, ErrDamaged)
	}
	if err := d.Delete("img"); !errors.Is(err, ErrDamaged) {
		t.Errorf("Delete of what may be needed = %v, want %v", err, ErrDamaged)
	}
	if left, err := d.fs.Names(layersDir); err != nil || len(left) != 3 {
		t.Errorf("layers: %q, %v, want image, checksums and overlay", left, err)
	}
	if err := d.Create("v", 512); !errors.Is(err, fs.ErrExist) {
		t.Errorf("Create over it = %v, want %v", err, fs.ErrExist)
	}
}

// failing is a file whose Sync fails once.
type failing struct {
	file
	fail error
}

func (f *failing) Sync() error {
	err := f.fail
	if f.fail = nil; err != nil {
		return err
	}
	return f.file.Sync()
}

// After a failed sync every sync fails until the volume is opened again, and then the
// earlier flushes are there.
func TestFailedSync(t *testing.T) {
	l := newLab(t)
	l.image("img", 1, 128*kib)
	l.must(l.d.Clone("img", "v", 0))
	k, err := l.d.Open("v", false)
	l.must(err)
	_, err = k.WriteAt(bytes.Repeat([]byte{2}, 512), 0)
	l.must(err)
	broken := errors.New("medium error")
	k.s.top().file = &failing{k.s.top().file, broken}
	for range 2 {
		if err := k.Sync(); !errors.Is(err, broken) {
			t.Errorf("Sync = %v, want %v", err, broken)
		}
	}
	if err := l.d.Snapshot("v", "s"); !errors.Is(err, broken) {
		t.Errorf("Snapshot = %v, want %v", err, broken)
	}
	l.must(k.Close())
	l.expect("v", piece{128 * kib, 1})
	l.write("v", 3, 512, 512)
	l.expect("v", piece{512, 1}, piece{512, 3}, piece{127 * kib, 1})
}

// A volume that is reset, or deleted, while its layers are merged.
func TestResetWhileMerging(t *testing.T) {
	for name, change := range map[string]func(*Dir) error{
		"reset":  func(d *Dir) error { return d.Reset("v") },
		"delete": func(d *Dir) error { return d.Delete("v") },
	} {
		l := newLab(t)
		l.image("img", 1, 64*kib)
		l.must(l.d.Clone("img", "v", 1<<20))
		l.write("v", 2, 0, 4*kib)
		l.must(l.d.Snapshot("v", "s"))
		l.write("v", 3, 64*kib, 512*kib)
		l.must(l.d.Delete("s"))
		m, err := l.d.beginMerge(map[string]bool{})
		l.must(err)
		if _, _, err := m.step(0, m.live, make([]byte, clusterSize)); err != nil {
			t.Fatal(err)
		}
		l.must(change(l.d))
		if err := errors.Join(m.run(t.Context()), m.end()); err != nil && !lost(err) {
			t.Errorf("%s: merge = %v", name, err)
		}
		l.must(l.d.Tidy(t.Context()))
		want := 2 // the image and its checksums
		if name == "reset" {
			l.expect("v", piece{64 * kib, 1}, piece{1<<20 - 64*kib, 0})
			want = 3
		}
		if left, err := l.d.fs.Names(layersDir); err != nil || len(left) != want {
			t.Errorf("%s: layers left: %q, %v, want %d", name, left, err, want)
		}
	}
}

func TestCancelledMergeGoesOn(t *testing.T) {
	l := newLab(t)
	l.must(l.d.Create("v", 1<<20))
	l.must(l.d.Snapshot("v", "s"))
	l.write("v", 3, 64*kib, 512*kib)
	l.must(l.d.Delete("s"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.d.Tidy(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Tidy = %v, want %v", err, context.Canceled)
	}
	l.must(l.d.Tidy(t.Context()))
	l.expect("v", piece{64 * kib, 0}, piece{512 * kib, 3}, piece{448 * kib, 0})
	if info, err := l.d.Stat("v"); err != nil || info.Layers != 1 {
		t.Errorf("Stat = %+v, %v, want 1 layer", info, err)
	}
}

func TestWholeSectors(t *testing.T) {
	for _, c := range []struct {
		n        int64
		data     bool
		want     int64
		wantData bool
	}{
		{1024, true, 1024, true}, {1024, false, 1024, false}, {1000, true, 1024, true}, {1000, false, 512, false}, {500, false, 512, true},
	} {
		if n, data := wholeSectors(c.n, c.data); n != c.want || data != c.wantData {
			t.Errorf("wholeSectors(%d, %v) = %d, %v, want %d, %v", c.n, c.data, n, data, c.want, c.wantData)
		}
	}
}

// An export or promotion has the contents of its beginning, whatever is written, deleted
// and merged meanwhile.
func TestExportIsASnapshot(t *testing.T) {
	l := newLab(t)
	l.must(l.d.Create("v", 256*kib))
	l.write("v", 1, 0, 64*kib)
	l.must(l.d.Snapshot("v", "a"))
	l.write("v", 2, 64*kib, 64*kib)
	l.must(l.d.Snapshot("v", "b"))
	s, err := l.d.snapshotForRead("v")
	l.must(err)
	for i, id := range []string{"a", "b", ""} {
		l.write("v", byte(3+i), 0, 192*kib)
		if id != "" {
			if err := l.d.Delete(id); err != nil && !errors.Is(err, ErrInUse) {
				t.Fatal(err)
			}
		}
		l.must(l.d.Tidy(t.Context()))
		got := make([]byte, 256*kib)
		l.must(s.readAt(got, 0))
		want := slices.Concat(bytes.Repeat([]byte{1}, 64*kib), bytes.Repeat([]byte{2}, 64*kib), make([]byte, 128*kib))
		if !bytes.Equal(got, want) {
			t.Fatalf("after deleting %q it has changed", id)
		}
	}
	l.must(s.close())
	for _, id := range []string{"a", "b"} {
		if err := l.d.Delete(id); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
	l.must(l.d.Tidy(t.Context()))
	l.expect("v", piece{192 * kib, 5}, piece{64 * kib, 0})
	if info, err := l.d.Stat("v"); err != nil || info.Layers != 1 {
		t.Errorf("Stat = %+v, %v, want 1 layer", info, err)
	}
}
