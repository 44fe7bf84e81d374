package backup

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"ironhook/appliance/shelftest"
)

// newBucket is a shelf in a bucket of a server in this process.
func newBucket(t *testing.T) Shelf {
	t.Helper()
	s, err := OpenShelf(shelftest.Bucket(t))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func shelves(t *testing.T) map[string]Shelf {
	return map[string]Shelf{"directory": directory(t.TempDir()), "bucket": newBucket(t)}
}

func put(t *testing.T, s Shelf, name, text string) {
	t.Helper()
	err := s.Save(t.Context(), name, func(w io.Writer) error { _, err := io.WriteString(w, text); return err })
	if err != nil {
		t.Fatal(err)
	}
}

// TestShelves is what every shelf must pass.
func TestShelves(t *testing.T) {
	for kind, s := range shelves(t) {
		t.Run(kind, func(t *testing.T) {
			if list, err := s.List(t.Context()); err != nil || len(list) != 0 {
				t.Fatalf("empty: %q, %v", list, err)
			}
			if _, err := s.Open(t.Context(), "x"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("open what is not there: %v", err)
			}
			long := strings.Repeat("0123456789abcdef", 1<<20)
			put(t, s, "x", long)
			put(t, s, "y", "first")
			put(t, s, "y", "second")
			for name, want := range map[string]string{"x": long, "y": "second"} {
				r, err := s.Open(t.Context(), name)
				if err != nil {
					t.Fatal(err)
				}
				got, err := io.ReadAll(r)
				if err := errors.Join(err, r.Close()); err != nil || string(got) != want {
					t.Errorf("%s has %d bytes, %v, want %d", name, len(got), err, len(want))
				}
			}
			full := func(w io.Writer) error {
				_, err := io.WriteString(w, "beginning")
				return errors.Join(err, syscall.ENOSPC)
			}
			if err := s.Save(t.Context(), "z", full); !errors.Is(err, syscall.ENOSPC) {
				t.Errorf("a disk that is full: %v", err)
			}
			if list, err := s.List(t.Context()); err != nil || !slices.Equal(list, []string{"x", "y"}) {
				t.Errorf("there are %q, %v", list, err)
			}
			ended, cancel := context.WithCancel(t.Context())
			cancel()
			if err := Save(ended, s, "z", "",
				func(w io.Writer) error { _, err := contextWriter{ended, w}.Write([]byte("z")); return err }); err == nil {
				t.Error("saved after the end of the context")
			}
			if err := s.Remove(t.Context(), "x"); err != nil {
				t.Error(err)
			}
			if list, err := s.List(t.Context()); err != nil || !slices.Equal(list, []string{"y"}) {
				t.Errorf("there are %q, %v", list, err)
			}
		})
	}
}

// TestTwoAtOnce: of two that have the same name, one is there whole, and nothing of the other.
func TestTwoAtOnce(t *testing.T) {
	for kind, s := range shelves(t) {
		first, second := strings.Repeat("1", 1<<20), strings.Repeat("2", 3<<20)
		err := s.Save(t.Context(), "x", func(w io.Writer) error {
			_, err := io.WriteString(w, first[:1<<19])
			put(t, s, "x", second)
			_, e := io.WriteString(w, first[1<<19:])
			return errors.Join(err, e)
		})
		if err != nil {
			t.Errorf("%s: the first: %v", kind, err)
		}
		r, err := s.Open(t.Context(), "x")
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		b, err := io.ReadAll(r)
		if err := errors.Join(err, r.Close()); err != nil || string(b) != first && string(b) != second {
			t.Errorf("%s: %d bytes of both, %v", kind, len(b), err)
		}
		if list, err := s.List(t.Context()); err != nil || len(list) != 1 {
			t.Errorf("%s: there are %q, %v", kind, list, err)
		}
	}
}

func TestNames(t *testing.T) {
	at := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	for _, n := range []Name{{At: at}, {At: at, Encrypted: true}, {At: at, Since: at.AddDate(0, 0, -1)}, {at, at.AddDate(0, 0, -1), true}} {
		if got, ok := ParseName(n.String()); !ok || got != n {
			t.Errorf("%s is %+v, %v, want %+v", n, got, ok, n)
		}
	}
	for _, text := range []string{"", "ironhook.db", "ironhook-notes.backup", "ironhook-20261130T090000Z.backup.gz",
		"x-20261120T090000Z.backup", "ironhook-20261130T090000Z.backup.age.part",
		"ironhook-20261130T090000Z.since-.backup", "../ironhook-20261130T090000Z.backup",
		"ironhook-20261130T090000Z.since-20261130T090000Z.since-20261130T090000Z.backup", "20261130T090000Z"} {
		if n, ok := ParseName(text); ok {
			t.Errorf("%q is %+v", text, n)
		}
	}
	taken := []Name{{At: at.Add(-time.Second)}, {At: at}, {At: at.Add(time.Second)}}
	if got := free(taken, at.Add(time.Millisecond)); got != at.Add(2*time.Second) {
		t.Errorf("the next is at %v", got)
	}
}

// TestPrune: backups go oldest first; one that a kept one needs stays, and so does everything else.
func TestPrune(t *testing.T) {
	now := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	at := func(days int) time.Time { return now.AddDate(0, 0, -days) }
	full := func(days int) string { return Name{At: at(days), Encrypted: true}.String() }
	since := func(days, began int) string { return Name{At: at(days), Since: at(began), Encrypted: true}.String() }
	moved := Name{At: now.Add(2 * time.Second), Encrypted: true}.String()
	others := []string{"ironhook.db", "ironhook-notes.backup", full(0) + ".1234.part"}
	for name, c := range map[string]struct{ there, want []string }{
		"complete ones":         {[]string{full(3), full(2), full(1)}, []string{full(2), full(1)}},
		"fewer":                 {[]string{full(1)}, []string{full(1)}},
		"a part that is old":    {[]string{full(9) + ".1234.part", full(1)}, []string{full(1)}},
		"of an earlier version": {[]string{full(9) + ".part", full(1)}, []string{full(1)}},
		"one series": {[]string{full(4), since(3, 4), since(2, 4), since(1, 4)},
			[]string{full(4), since(3, 4), since(2, 4), since(1, 4)}},
		"a new series": {[]string{full(4), since(3, 4), full(2), since(1, 2)}, []string{full(2), since(1, 2)}},
		"the last of a series": {[]string{full(9), full(4), since(3, 4), since(2, 4), full(1)},
			[]string{full(4), since(3, 4), since(2, 4), full(1)}},
		"a clock that was wrong":             {[]string{full(-900), full(-800), full(1)}, []string{full(-900), full(1)}},
		"a series by a clock that was wrong": {[]string{full(-800), since(-900, -800), full(2), full(1)}, []string{full(2), full(1)}},
		"two begun in this second":           {[]string{full(3), full(2), moved, full(0)}, []string{moved, full(0)}},
		"one by hand in a series":            {[]string{full(4), full(3), since(2, 4), since(1, 4)}, []string{full(4), since(2, 4), since(1, 4)}},
	} {
		for kind, s := range shelves(t) {
			parts := kind == "directory"
			for _, there := range append(c.there, others...) {
				if parts || !strings.HasSuffix(there, ".part") {
					put(t, s, there, "x")
				}
			}
			if err := Prune(t.Context(), s, 2, now); err != nil {
				t.Fatal(err)
			}
			want := slices.Concat(c.want, others)
			if !parts {
				want = want[:len(want)-1]
			}
			slices.Sort(want)
			list, err := s.List(t.Context())
			slices.Sort(list)
			if err != nil || !slices.Equal(list, want) {
				t.Errorf("%s, %s: left %q, %v, want %q", name, kind, list, err, want)
			}
		}
	}
	if _, err := Names(t.Context(), directory(filepath.Join(t.TempDir(), "absent"))); err == nil {
		t.Error("a directory that is not there has backups")
	}
}

// TestPlaces: what is wrong with an address or its credentials is said at once.
func TestPlaces(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "me")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "mine")
	for where, text := range map[string]string{"https://host": "BUCKET", "https://me:secret@host/b": "BUCKET", "https://host/b?x=1": "BUCKET",
		"https:///b": "BUCKET", "https://host/b": "", "https://host:9/b/p": ""} {
		_, err := OpenShelf(where, "")
		if (err == nil) != (text == "") || err != nil && (!strings.Contains(err.Error(), text) || strings.Contains(err.Error(), "secret")) {
			t.Errorf("%s: %v, want %q", where, err, text)
		}
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	t.Setenv("HOME", t.TempDir())
	for _, file := range []string{"", filepath.Join(t.TempDir(), "absent")} {
		if _, err := OpenShelf("https://host/b", file); !errors.Is(err, ErrCredentials) {
			t.Errorf("credentials %q: %v", file, err)
		}
	}
	for where, want := range map[string][2]string{"/a/b": {"/a", "b"}, "b": {".", "b"}, "https://h/b/p/x": {"https://h/b/p/", "x"},
		"https://h/b/": {"https://h/b/", ""}, "/a/b/": {"/a/b/", ""}, "/": {"/", ""}} {
		if shelf, name := Split(where); shelf != want[0] || name != want[1] {
			t.Errorf("%s: %q, %q", where, shelf, name)
		}
	}
}
