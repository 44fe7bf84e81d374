package backup

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ironhook/volume"
)

// add makes the next backup of a series, and returns its name.
func add(t *testing.T, shelf Shelf, s Source, now time.Time) string {
	t.Helper()
	var err error
	if s.Series, err = Continue(t.Context(), shelf, "", now, math.MaxInt64); err != nil {
		t.Fatal(err)
	}
	name, err := Next(t.Context(), shelf, s.Series, now, false)
	if err != nil {
		t.Fatal(err)
	}
	err = Save(t.Context(), shelf, name, "", func(w io.Writer) error { _, err := Write(t.Context(), w, s); return err })
	if err = errors.Join(err, s.Volumes.Tidy(t.Context())); err != nil {
		t.Fatal(err)
	}
	return name
}

// change writes to the clone of appliance.
func change(t *testing.T, d *volume.Dir, text string, off int64) {
	t.Helper()
	k, err := d.Open("clone", false)
	if err != nil {
		t.Fatal(err)
	}
	_, err = k.WriteAt([]byte(text), off)
	if err := errors.Join(err, k.Sync(), k.Close()); err != nil {
		t.Fatal(err)
	}
}

// whole are the contents of a backup's clone at an offset, after it was verified and restored.
func whole(t *testing.T, shelf Shelf, name string, off int64) string {
	t.Helper()
	if err := Verify(t.Context(), shelf, []string{name}, "", t.TempDir(), func(string, Info, error) {}); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "new")
	if _, err := Restore(t.Context(), shelf, name, "", dir); err != nil {
		t.Fatal(err)
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
	b := make([]byte, 5)
	if _, err := k.ReadAt(b, off); err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func sizeOf(t *testing.T, shelf Shelf, name string) int64 {
	t.Helper()
	r, err := shelf.Open(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	n, err := io.Copy(io.Discard, r)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestSeries: a layer that has not changed is written once, one whose name is the same after a merge and whose contents are not
// is written again, and each backup restores what was there.
func TestSeries(t *testing.T) {
	for kind, shelf := range shelves(t) {
		t.Run(kind, func(t *testing.T) {
			s, now := appliance(t), time.Now()
			if _, err := s.Volumes.Import(t.Context(), "large", bytes.NewReader(bytes.Repeat([]byte("0123456789abcdef"), 1<<18))); err != nil {
				t.Fatal(err)
			}
			want := map[string]string{}
			var names []string
			for i, text := range []string{"zero!", "one !", "two !", "two !"} {
				change(t, s.Volumes, text, 12<<30)
				names = append(names, add(t, shelf, s, now.Add(time.Duration(i)*time.Minute)))
				want[names[i]] = text
			}
			if n := sizeOf(t, shelf, names[0]); n < 4<<20 {
				t.Errorf("the first has %d bytes, less than the image", n)
			}
			for _, name := range names[1:] {
				n, ok := ParseName(name)
				if size := sizeOf(t, shelf, name); size > 2<<20 || !ok || n.Since != now.UTC().Truncate(time.Second) {
					t.Errorf("%s has %d bytes", name, size)
				}
			}
			for name, text := range want {
				if got := whole(t, shelf, name, 12<<30); got != text {
					t.Errorf("%s has %q, want %q", name, got, text)
				}
			}
			info, err := readInfo(t.Context(), shelf, names[3], "")
			if left, in := info.Needs(); err != nil || left < 3 || in[0] != names[0] {
				t.Errorf("the last leaves out %d layers, which are in %q, %v", left, in, err)
			}
		})
	}
}

// TestSeriesIsBroken: what is missing or damaged in one backup is found in those that need it, and no other is built on it.
func TestSeriesIsBroken(t *testing.T) {
	s, now, dir := appliance(t), time.Now(), directory(t.TempDir())
	first := add(t, dir, s, now)
	change(t, s.Volumes, "later", 1<<30)
	second := add(t, dir, s, now.Add(time.Minute))
	b, err := os.ReadFile(dir.Where(first))
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(b, bytes.Repeat([]byte("g"), 512))
	for name, c := range map[string]struct {
		harm func() error
		text string
	}{
		"flipped bit": {func() error { b := bytes.Clone(b); b[at+100] ^= 1; return os.WriteFile(dir.Where(first), b, 0o600) }, "do not match"},
		"cut off":     {func() error { return os.Truncate(dir.Where(first), int64(len(b)/2)) }, "damaged"},
		"another":     {func() error { return copyOver(dir.Where(second), dir.Where(first)) }, "missing"},
		"gone":        {func() error { return os.Remove(dir.Where(first)) }, "which is not there"},
	} {
		if err := errors.Join(os.WriteFile(dir.Where(first), b, 0o600), c.harm()); err != nil {
			t.Fatal(err)
		}
		found := map[string]error{}
		err := Verify(t.Context(), dir, []string{second}, "", t.TempDir(), func(name string, _ Info, err error) { found[name] = err })
		if !errors.Is(err, ErrDamaged) || !errors.Is(found[second], ErrDamaged) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: verify says %v, want %q", name, err, c.text)
		}
		new := filepath.Join(t.TempDir(), "new")
		_, err = Restore(t.Context(), dir, second, "", new)
		left, e := os.ReadDir(new)
		if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), c.text) || e != nil || len(left) > 0 {
			t.Errorf("%s: restore says %v, and leaves %v, %v", name, err, left, e)
		}
	}
	if err := dir.Remove(t.Context(), first); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	series, err := Continue(t.Context(), dir, "", now.Add(time.Hour), math.MaxInt64)
	if err != nil || !series.Since.IsZero() {
		t.Errorf("a series goes on without its beginning: %+v, %v", series, err)
	}
}

func copyOver(from, to string) error {
	b, err := os.ReadFile(from)
	return errors.Join(err, os.WriteFile(to, b, 0o600))
}

func TestContinue(t *testing.T) {
	s, now, dir := appliance(t), time.Now(), directory(t.TempDir())
	none := func(what string, after, age time.Duration) {
		t.Helper()
		if series, err := Continue(t.Context(), dir, "", now.Add(after), age); err != nil || !series.Since.IsZero() {
			t.Errorf("%s: %+v, %v", what, series, err)
		}
	}
	none("nothing there", 0, math.MaxInt64)
	without := s
	without.Volumes = nil
	err := Save(t.Context(), dir, Name{At: now.Add(-time.Hour)}.String(), "",
		func(w io.Writer) error { _, err := Write(t.Context(), w, without); return err })
	if err != nil {
		t.Fatal(err)
	}
	none("one without volumes", 0, math.MaxInt64)
	add(t, dir, s, now)
	none("too old", time.Hour, time.Hour)
	none("made in the future", -time.Minute, math.MaxInt64)
	series, err := Continue(t.Context(), dir, "", now.Add(time.Minute), time.Hour)
	if err != nil || len(series.Layers) < 2 {
		t.Fatalf("%+v, %v", series, err)
	}
	if _, err := Continue(t.Context(), dir, "x", now.Add(time.Minute), time.Hour); !errors.Is(err, ErrPassphrase) {
		t.Errorf("with a passphrase: %v", err)
	}
	other := appliance(t)
	other.Series = series
	if _, err := Write(t.Context(), io.Discard, other); !errors.Is(err, ErrAppliance) {
		t.Errorf("a series of another appliance: %v", err)
	}
}

// TestDigest: holes and zeros are the same, and nothing else is.
func TestDigest(t *testing.T) {
	sum := func(size int64, write ...any) string {
		d := newDigest()
		for i := 0; i < len(write); i += 2 {
			d.add([]byte(write[i+1].(string)), int64(write[i].(int)))
		}
		return d.sum(size)
	}
	zeros := string(make([]byte, 3*piece))
	same := [][]string{
		{sum(100), sum(100, 0, zeros[:100]), sum(100, 50, zeros[:50])},
		{sum(4*piece, 2*piece-1, "ab"), sum(4*piece, 0, zeros[:2*piece-1], 2*piece-1, "a", 2*piece, "b"+zeros[:2*piece-1])},
		{sum(4*piece, 2*piece, "ab")}, {sum(4*piece, piece, "ab")}, {sum(4*piece+1, piece, "ab")}, {sum(0)}, {sum(1)},
	}
	seen := map[string]bool{}
	for i, group := range same {
		for _, s := range group {
			if s != group[0] {
				t.Errorf("group %d: %s and %s", i, s, group[0])
			}
		}
		if seen[group[0]] {
			t.Errorf("group %d is like another", i)
		}
		seen[group[0]] = true
	}
	if got, err := digestOf(t.Context(), holes{1 << 20, 1000}, 1<<20); err != nil || len(got) != 64 {
		t.Errorf("%q, %v", got, err)
	}
}
