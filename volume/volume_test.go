package volume

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/iotest"
)

func open(t *testing.T) *Dir {
	t.Helper()
	d, err := Open(filepath.Join(t.TempDir(), "volumes"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// names lists the directory: nothing unfinished may remain in it.
func names(t *testing.T, d *Dir) string {
	t.Helper()
	entries, err := os.ReadDir(d.path)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		if e.Name() != lockFile && e.Name() != layersDir && e.Name() != originalsDir {
			all = append(all, e.Name())
		}
	}
	return strings.Join(all, " ")
}

// contents reads all of a volume, snapshot or image.
func contents(d *Dir, id string) ([]byte, error) {
	k, err := d.Open(id, true)
	if err != nil {
		return nil, err
	}
	b := make([]byte, k.Size())
	_, err = k.ReadAt(b, 0)
	return b, errors.Join(err, k.Close())
}

func TestCheckName(t *testing.T) {
	for name, want := range map[string]bool{
		"a": true, "7": true, "debian-12": true, "Win_11.v2": true, "a..b": true, strings.Repeat("x", 250): true,
		"": false, ".": false, "..": false, ".hidden": false, "-rf": false, "_a": false, "a/b": false, "../a": false, "a b": false,
		"a\x00": false, "a\n": false, "é": false, "${net0/mac}": false, strings.Repeat("x", 251): false,
	} {
		if got := CheckName(name) == nil; got != want {
			t.Errorf("CheckName(%q) ok = %v, want %v", name, got, want)
		}
	}
}

func FuzzCheckName(f *testing.F) {
	for _, seed := range []string{"debian-12", "..", "a/../b", ".growing-x", "a\x00b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if CheckName(name) == nil && (filepath.Base(name) != name || !filepath.IsLocal(name) || strings.HasPrefix(name, growing)) {
			t.Errorf("CheckName(%q) = nil, yet it is a path or hidden", name)
		}
	})
}

func TestCreate(t *testing.T) {
	d := open(t)
	if err := d.Create("pc-07", 1<<30); err != nil {
		t.Fatal(err)
	}
	info, err := d.Stat("pc-07")
	if err != nil || info.Size != 1<<30 || info.Allocated > 1<<20 {
		t.Errorf("Stat = %+v, %v, want 1 GiB that takes up nothing", info, err)
	}
	if st, err := os.Stat(filepath.Join(d.path, "pc-07.raw")); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("mode = %v, %v, want readable by the owner only", st.Mode(), err)
	}
	if got := names(t, d); got != "pc-07.raw" {
		t.Errorf("directory holds %q, want pc-07.raw alone", got)
	}
}

func TestCreateRefuses(t *testing.T) {
	d := open(t)
	if err := d.Create("taken", 512); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		size int64
		want error
	}{
		{"taken", 1024, fs.ErrExist},
		{"../taken", 512, ErrName},
		{"zero", 0, ErrSize},
		{"negative", -512, ErrSize},
		{"odd", 1000, ErrSize},
	} {
		if err := d.Create(c.name, c.size); !errors.Is(err, c.want) {
			t.Errorf("Create(%q, %d) = %v, want %v", c.name, c.size, err, c.want)
		}
	}
	if got := names(t, d); got != "taken.raw" {
		t.Errorf("directory holds %q, want taken.raw alone", got)
	}
}

func TestOneOfManyCreators(t *testing.T) {
	d := open(t)
	errs := make([]error, 20)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() { errs[i] = d.Create("wanted", 512) })
	}
	wg.Wait()
	made := 0
	for _, err := range errs {
		if err == nil {
			made++
		} else if !errors.Is(err, fs.ErrExist) {
			t.Errorf("Create = %v, want nil or %v", err, fs.ErrExist)
		}
	}
	if made != 1 {
		t.Errorf("%d of %d creators succeeded, want 1", made, len(errs))
	}
}

func TestImport(t *testing.T) {
	head, tail := bytes.Repeat([]byte{0xaa}, 1000), []byte("the end")
	image := append(append(bytes.Clone(head), make([]byte, 3<<20)...), tail...)
	for name, r := range map[string]io.Reader{
		"whole":        bytes.NewReader(image),
		"byte-by-byte": iotest.OneByteReader(bytes.NewReader(image)),
		"eof-with":     iotest.DataErrReader(bytes.NewReader(image)),
	} {
		t.Run(name, func(t *testing.T) {
			d := open(t)
			size, err := d.Import(t.Context(), "img", r)
			if want := int64(len(image)+511) / 512 * 512; err != nil || size != want {
				t.Fatalf("Import = %d, %v, want %d", size, err, want)
			}
			got, err := contents(d, "img")
			if err != nil || !bytes.Equal(bytes.TrimRight(got, "\x00"), image) || int64(len(got)) != size {
				t.Errorf("read back %d bytes, %v: not what was imported", len(got), err)
			}
			if info, err := d.Stat("img"); err != nil || info.Allocated > 1<<20 {
				t.Errorf("Stat = %+v, %v, want the zeros to be holes", info, err)
			}
		})
	}
}

func TestImportLeavesNothingBehind(t *testing.T) {
	broken := errors.New("cable pulled")
	stopped, stop := context.WithCancel(t.Context())
	stop()
	for name, c := range map[string]struct {
		ctx  context.Context
		r    io.Reader
		want error
	}{
		"reader fails": {t.Context(), io.MultiReader(strings.NewReader(strings.Repeat("x", 200000)), iotest.ErrReader(broken)), broken},
		"cut off":      {t.Context(), io.MultiReader(strings.NewReader("abc"), iotest.ErrReader(io.ErrUnexpectedEOF)), io.ErrUnexpectedEOF},
		"empty":        {t.Context(), strings.NewReader(""), ErrSize},
		"cancelled":    {stopped, strings.NewReader("abc"), context.Canceled},
	} {
		d := open(t)
		if _, err := d.Import(c.ctx, "img", c.r); !errors.Is(err, c.want) {
			t.Errorf("%s: Import = %v, want %v", name, err, c.want)
		}
		if got := names(t, d); got != "" {
			t.Errorf("%s: directory holds %q, want nothing", name, got)
		}
	}
}

func TestOpenSweepsWhatACrashLeft(t *testing.T) {
	d := open(t)
	if err := d.Create("good", 512); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{growing + "dead", growing + "alive"} {
		if err := os.WriteFile(filepath.Join(d.path, name), []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	alive, err := os.Open(filepath.Join(d.path, growing+"alive"))
	if err != nil {
		t.Fatal(err)
	}
	defer alive.Close()
	if err := syscall.Flock(int(alive.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	again, err := Open(d.path)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if got, want := names(t, d), growing+"alive good.raw"; got != want {
		t.Errorf("directory holds %q, want %q", got, want)
	}
}

func TestStatRefusesWhatCannotBeServed(t *testing.T) {
	d := open(t)
	outside := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(outside, make([]byte, 512), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(d.path, "link.raw")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(d.path, "folder.raw"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(d.path, "odd.raw"), make([]byte, 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(d.path, "notes.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, absent := range map[string]bool{"link": false, "folder": false, "odd": false, "none": true} {
		if _, err := d.Stat(name); err == nil || errors.Is(err, fs.ErrNotExist) != absent {
			t.Errorf("Stat(%s) = %v, want an error that says absent = %v", name, err, absent)
		}
		if _, err := d.Open(name, true); err == nil {
			t.Errorf("Open(%s) = nil error", name)
		}
	}
	if err := d.Create("good", 512); err != nil {
		t.Fatal(err)
	}
	if list, err := d.List(); err != nil || len(list) != 1 || list[0].ID != "good" {
		t.Errorf("List = %v, %v, want good alone", list, err)
	}
}

func TestDelete(t *testing.T) {
	d := open(t)
	if err := d.Create("v", 512); err != nil {
		t.Fatal(err)
	}
	served, err := d.Open("v", false)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Delete("v"); !errors.Is(err, ErrInUse) {
		t.Errorf("Delete of a served volume = %v, want %v", err, ErrInUse)
	}
	if err := served.Close(); err != nil {
		t.Fatal(err)
	}
	if err := d.Delete("v"); err != nil {
		t.Errorf("Delete = %v", err)
	}
	if err := d.Delete("v"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("second Delete = %v, want %v", err, fs.ErrNotExist)
	}
	if err := d.Delete("../v"); !errors.Is(err, ErrName) {
		t.Errorf("Delete of a path = %v, want %v", err, ErrName)
	}
}
