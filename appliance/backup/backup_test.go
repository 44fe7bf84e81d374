package backup

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"ironhook/baremetal"
	"ironhook/store"
	"ironhook/store/storetest"
	"ironhook/volume"
)

var s0 = time.Unix(1_700_000_000, 0)

// appliance is a data directory with a node, an image, a clone of it with holes, accounts.
func appliance(t *testing.T) Source {
	t.Helper()
	data := t.TempDir()
	s := storetest.OpenAt(t, filepath.Join(data, databaseName))
	err := s.Update(t.Context(), func(tx *store.Tx) error {
		return tx.Nodes().Insert(&baremetal.Node{UUID: "2b9ac1e5-7a33-4f0c-8a20-6c9a2b3e7a11", Name: "pc", Driver: "fake-hardware",
			ProvisionState: baremetal.Available})
	})
	if err != nil {
		t.Fatal(err)
	}
	d, err := volume.Open(filepath.Join(data, "volumes"), volume.Reserve(0))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	if _, err := d.Import(t.Context(), "golden", bytes.NewReader(bytes.Repeat([]byte("g"), 3<<10))); err != nil {
		t.Fatal(err)
	}
	if err := d.Clone("golden", "clone", 16<<30); err != nil {
		t.Fatal(err)
	}
	k, err := d.Open("clone", false)
	if err != nil {
		t.Fatal(err)
	}
	_, err = k.WriteAt([]byte("far"), 12<<30)
	if err := errors.Join(err, k.Sync(), k.Close()); err != nil {
		t.Fatal(err)
	}
	settings := filepath.Join(data, "lock") // any file
	for path, text := range map[string]string{filepath.Join(data, "htpasswd"): "admin:x\n", settings: "dhcp = \"off\"\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return Source{Data: data, Volumes: d, Program: "test", Settings: map[string]string{"ironhook.toml": settings}}
}

func written(t *testing.T, s Source) []byte {
	t.Helper()
	var b bytes.Buffer
	info, err := Write(t.Context(), &b, s)
	if err != nil || len(info.LeftOut) > 0 {
		t.Fatalf("write = %+v, %v", info, err)
	}
	return b.Bytes()
}

// encrypted is what Encrypt makes, with a passphrase that is quick to try.
func encrypted(t *testing.T, b []byte, passphrase string) []byte {
	t.Helper()
	var out bytes.Buffer
	r, err := age.NewScryptRecipient(passphrase)
	if err != nil {
		t.Fatal(err)
	}
	r.SetWorkFactor(4)
	w, err := age.Encrypt(&out, r)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Write(b)
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// shelve puts a backup into a directory of its own.
func shelve(t *testing.T, b []byte) Shelf {
	t.Helper()
	dir := directory(t.TempDir())
	if err := os.WriteFile(dir.Where("b"), b, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// verify reads a backup.
func verify(t *testing.T, b []byte, passphrase string) error {
	t.Helper()
	return Verify(t.Context(), shelve(t, b), []string{"b"}, passphrase, t.TempDir(), func(string, Info, error) {})
}

func TestRestoreGivesTheSame(t *testing.T) {
	s := appliance(t)
	b := encrypted(t, written(t, s), "correct horse")
	if len(b) > 8<<20 {
		t.Errorf("the backup has %d bytes: holes are written out", len(b))
	}
	dir := filepath.Join(t.TempDir(), "new")
	info, err := Restore(t.Context(), shelve(t, b), "b", "correct horse", dir)
	if err != nil {
		t.Fatal(err)
	}
	if info.Appliance == "" || !info.Volumes || info.Program != "test" || info.Schema < 7 {
		t.Errorf("info = %+v", info)
	}
	for name, want := range map[string]string{"htpasswd": "admin:x\n", "settings/ironhook.toml": "dhcp = \"off\"\n"} {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != want {
			t.Errorf("%s = %q, %v, want %q", name, got, err, want)
		}
	}
	err = storetest.OpenAt(t, filepath.Join(dir, databaseName)).View(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Nodes().Get("pc")
		if id, e := tx.ApplianceID(); id != info.Appliance {
			t.Errorf("the appliance's id is %q, %v, want %q", id, e, info.Appliance)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	d, err := volume.Open(filepath.Join(dir, "volumes"))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	k, err := d.Open("clone", true)
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	for off, want := range map[int64]string{0: "ggg", 12 << 30: "far", 13 << 30: "\x00\x00\x00"} {
		got := make([]byte, 3)
		if _, err := k.ReadAt(got, off); err != nil || string(got) != want {
			t.Errorf("clone at %d = %q, %v, want %q", off, got, err, want)
		}
	}
	if usage, err := d.Usage("clone"); err != nil || usage.Own > 1<<20 {
		t.Errorf("usage of the restored clone = %+v, %v: the holes are gone", usage, err)
	}
	everythingPrivate(t, dir)
}

// everythingPrivate checks that only the owner can read what was restored.
func everythingPrivate(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestEveryChangeIsFound flips every bit of the headers and some of each block, and cuts the
// file everywhere, with encryption and without.
func TestEveryChangeIsFound(t *testing.T) {
	s := appliance(t)
	s.Volumes = nil
	plain := written(t, s)
	for name, c := range map[string]struct {
		b          []byte
		passphrase string
		step       int
	}{"plain": {plain, "", 4_999}, "encrypted": {encrypted(t, plain, "x"), "x", 19_997}} {
		check := func(what string, at int, b []byte) {
			t.Helper()
			err := verify(t, b, c.passphrase)
			if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrPassphrase) {
				t.Errorf("%s: %s at %d: %v, want ErrDamaged", name, what, at, err)
			}
		}
		if err := verify(t, c.b, c.passphrase); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for at := 0; at < len(c.b); at += 1 + rand.IntN(2*c.step) {
			b := bytes.Clone(c.b)
			b[at] ^= 1 << rand.IntN(8)
			check("a flipped bit", at, b)
			check("cut", at, c.b[:at])
		}
		for at := len(c.b) - 2*sealSize; at < len(c.b); at += 151 {
			b := bytes.Clone(c.b)
			b[at] ^= 4
			check("a flipped bit", at, b)
			check("cut", at, c.b[:at])
		}
		check("appended", len(c.b), append(bytes.Clone(c.b), 0))
	}
}

func TestPassphrase(t *testing.T) {
	s := appliance(t)
	s.Volumes = nil
	plain := written(t, s)
	secret := encrypted(t, plain, "right")
	for _, c := range []struct {
		b          []byte
		passphrase string
		want       error
	}{
		{secret, "right", nil}, {secret, "wrong", ErrPassphrase}, {secret, "", ErrPassphrase}, {plain, "right", ErrPassphrase}, {plain, "", nil},
		{nil, "", ErrDamaged}, {[]byte("no backup at all"), "", ErrDamaged},
	} {
		if err := verify(t, c.b, c.passphrase); !errors.Is(err, c.want) {
			t.Errorf("%.20q with %q: %v, want %v", c.b, c.passphrase, err, c.want)
		}
	}
	if bytes.Contains(secret, []byte("admin:x")) {
		t.Error("the encrypted backup has the accounts in clear")
	}
}

func TestRestoreOnlyIntoAnEmptyDirectory(t *testing.T) {
	s := appliance(t)
	s.Volumes = nil
	b := written(t, s)
	for _, name := range []string{"ironhook.db", "anything", Unfinished} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, name), []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Restore(t.Context(), shelve(t, b), "b", "", dir)
		if got, _ := os.ReadFile(filepath.Join(dir, name)); !errors.Is(err, ErrNotEmpty) || string(got) != "mine" {
			t.Errorf("restore over %s: %v, and it is %q now", name, err, got)
		}
	}
	for _, broken := range [][]byte{b[:len(b)/2], b[:len(b)-1], b[:0]} {
		dir := filepath.Join(t.TempDir(), "new")
		_, err := Restore(t.Context(), shelve(t, broken), "b", "", dir)
		left, e := os.ReadDir(dir)
		if !errors.Is(err, ErrDamaged) || e != nil || len(left) > 0 {
			t.Errorf("restore of %d bytes of %d: %v; it leaves %v, %v", len(broken), len(b), err, left, e)
		}
	}
}

// TestHostileNames: a sealed archive may still come from elsewhere.
func TestHostileNames(t *testing.T) {
	for _, name := range []string{"../evil", "/etc/passwd", "volumes/../../evil", "volumes/layers/../x", "settings/..", "ironhook.db/x",
		".restore", "lock"} {
		var b bytes.Buffer
		w := newSealer(&b)
		for _, n := range []string{infoName, name} {
			text := `{"format": 1}`
			if err := writeFile(w, n, int64(len(text)), s0, strings.NewReader(text)); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := w.Write(end()); err != nil {
			t.Fatal(err)
		}
		if err := w.end(); err != nil {
			t.Fatal(err)
		}
		parent := t.TempDir()
		_, err := Restore(t.Context(), shelve(t, b.Bytes()), "b", "", filepath.Join(parent, "new"))
		if names, _ := filepath.Glob(filepath.Join(parent, "*")); !errors.Is(err, ErrDamaged) || len(names) != 1 {
			t.Errorf("%s: %v, and there are %q", name, err, names)
		}
	}
}

// TestGNUTarReadsIt holds the promise that a backup needs no Ironhook.
func TestGNUTarReadsIt(t *testing.T) {
	program, err := exec.LookPath("tar")
	if err != nil {
		t.Fatal("tar is missing: apt install tar")
	}
	s := appliance(t)
	b := written(t, s)
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), program, "--extract", "--sparse", "--directory", dir)
	cmd.Stdin = bytes.NewReader(b)
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Fatalf("tar: %v\n%s", err, out)
	}
	if _, err := store.Examine(t.Context(), filepath.Join(dir, databaseName)); err != nil {
		t.Error(err)
	}
	d, err := volume.Open(filepath.Join(dir, "volumes"))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	var out bytes.Buffer
	k, err := d.Open("clone", true)
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	if _, err := io.Copy(&out, io.NewSectionReader(k, 12<<30, 3)); err != nil || out.String() != "far" {
		t.Errorf("clone = %q, %v", out.String(), err)
	}
}

// holes is a file of alternating runs.
type holes struct{ size, run int64 }

func (h holes) Extent(off int64) (int64, bool, error) {
	return min(h.run-off%h.run, h.size-off), off/h.run%2 == 1, nil
}

func (h holes) ReadAt(p []byte, off int64) (int, error) {
	for i := range p {
		p[i] = 0
		if at := off + int64(i); at/h.run%2 == 1 {
			p[i] = byte(at/h.run) | 1
		}
	}
	return len(p), nil
}

// TestSparse: whatever the number of holes, archive/tar reads what was written.
func TestSparse(t *testing.T) {
	for _, f := range []holes{{0, 1}, {1, 1}, {511, 100}, {512, 512}, {513, 512}, {100_000, 4096}, {4 << 20, 16}, {1 << 20, 2 << 20}} {
		var b bytes.Buffer
		name := "volumes/" + strings.Repeat("n", 120)
		if err := writeSparse(&b, name, f.size, s0, f); err != nil {
			t.Fatal(err)
		}
		b.Write(end())
		own := bytes.NewReader(b.Bytes())
		e, err := next(own)
		if err != nil || e.name != name || e.size != f.size {
			t.Fatalf("%+v: %+v, %v", f, e, err)
		}
		mine := make([]byte, f.size)
		err = e.copyTo(func(p []byte, off int64) error { copy(mine[off:], p); return nil })
		if err = errors.Join(err, e.skip()); err != nil {
			t.Errorf("%+v: %v", f, err)
		}
		if _, err := next(own); err != io.EOF {
			t.Errorf("%+v: %v after the only entry, want io.EOF", f, err)
		}
		archive := tar.NewReader(&b)
		h, err := archive.Next()
		if err != nil || h.Name != name || h.Size != f.size {
			t.Fatalf("%+v: %+v, %v", f, h, err)
		}
		got, err := io.ReadAll(archive)
		want := make([]byte, f.size)
		_, _ = f.ReadAt(want, 0)
		if err != nil || !bytes.Equal(got, want) || !bytes.Equal(mine, want) {
			t.Errorf("%+v: the contents differ (%v)", f, err)
		}
	}
}

func FuzzExtract(f *testing.F) {
	var b bytes.Buffer
	w := newSealer(&b)
	for name, text := range map[string]string{infoName: `{"format": 1}`} {
		if err := writeFile(w, name, int64(len(text)), s0, strings.NewReader(text)); err != nil {
			f.Fatal(err)
		}
	}
	if err := writeSparse(w, "volumes/layers/00000000000000000000000000000000.raw", 9000, s0, holes{9000, 1000}); err != nil {
		f.Fatal(err)
	}
	_, _ = w.Write(end())
	_ = w.end()
	f.Add(b.Bytes()[:b.Len()-sealSize])
	f.Add([]byte("age-encryption.org/v1\n-> scrypt x 18\n"))
	for _, length := range []string{"-0000000001", "77777777777"} {
		hostile := header("PaxHeaders/x", 'x', 0, s0)
		copy(hostile[124:], length)
		hostile = append(hostile, make([]byte, 4*block)...)
		hostile[block+156] = '0'
		f.Add(hostile)
	}
	f.Fuzz(func(t *testing.T, archive []byte) {
		var b bytes.Buffer
		w := newSealer(&b)
		_, _ = w.Write(archive)
		_ = w.end()
		parent := t.TempDir()
		_, err := Restore(context.Background(), shelve(t, b.Bytes()), "b", "", filepath.Join(parent, "new"))
		names, _ := filepath.Glob(filepath.Join(parent, "*"))
		inside, _ := filepath.Glob(filepath.Join(parent, "new", "*"))
		if len(names) > 1 || err != nil && len(inside) > 0 {
			t.Errorf("%v: there are %q and %q", err, names, inside)
		}
	})
}
