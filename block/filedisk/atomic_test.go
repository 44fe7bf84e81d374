package filedisk

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"testing"
)

func TestAtomicWriteLeavesNothingBehind(t *testing.T) {
	path := create(t, t.TempDir(), 1<<20)
	d := mustOpen(t, path, false)
	want := bytes.Repeat([]byte{3}, 128<<10)
	if err := d.WriteAtomic(want, 4096); err != nil {
		t.Fatal(err)
	}
	if got := contents(t, d)[4096 : 4096+128<<10]; !bytes.Equal(got, want) {
		t.Error("the image does not have the data")
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path + journalSuffix); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after Close the journal is still there: %v", err)
	}
}

func contents(t *testing.T, d *Disk) []byte {
	t.Helper()
	b := make([]byte, d.Size())
	if _, err := d.ReadAt(b, 0); err != nil {
		t.Fatal(err)
	}
	return b
}

// TestOpenFinishesAnInterruptedWrite: a crash may leave a complete or a truncated record,
// and an image with none, some or all of the data.
func TestOpenFinishesAnInterruptedWrite(t *testing.T) {
	data := bytes.Repeat([]byte{9}, 8192)
	whole := record(data, 4096)
	damaged := bytes.Clone(whole)
	damaged[len(damaged)-1] ^= 1
	outside := record(data, 1<<20-4096)
	void := bytes.Clone(whole)
	clear(void[:recordHeader])
	for name, c := range map[string]struct {
		journal []byte
		written int // bytes of data that had reached the image
		applied bool
	}{
		"before the image":     {whole, 0, true},
		"in the middle":        {whole, 4096, true},
		"after the image":      {whole, 8192, true},
		"while putting down":   {whole[:5000], 0, false},
		"header only":          {whole[:100], 0, false},
		"damaged":              {damaged, 0, false},
		"made void":            {void, 0, false},
		"empty":                {nil, 0, false},
		"of another image":     {outside, 0, false},
		"made void and cut":    {void[:512], 0, false},
		"longer than a record": {append(bytes.Clone(whole), 1, 2, 3), 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			path := create(t, t.TempDir(), 1<<20)
			before := bytes.Repeat([]byte{1}, 1<<20)
			copy(before[4096:], data[:c.written])
			for file, b := range map[string][]byte{path: before, path + journalSuffix: c.journal} {
				if err := os.WriteFile(file, b, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want := bytes.Clone(before)
			if c.applied {
				if _, err := Open(path, true); err == nil {
					t.Error("opened for reading with a write half done")
				}
				copy(want[4096:], data)
			}
			d := mustOpen(t, path, false)
			if _, err := os.Stat(path + journalSuffix); c.applied != (err == nil) {
				t.Errorf("the journal is there: %v, want %v", err == nil, c.applied)
			}
			if !bytes.Equal(contents(t, d), want) {
				t.Error("the image has the wrong contents")
			}
			// A record that was left behind must not undo a later write.
			if _, err := d.WriteAt(bytes.Repeat([]byte{5}, 8192), 4096); err != nil {
				t.Fatal(err)
			}
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
			if got := contents(t, mustOpen(t, path, false)); got[4096] != 5 || got[4096+8191] != 5 {
				t.Error("an old record came back over newer data")
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add(record([]byte("some data"), 512), int64(4096))
	f.Add(record(nil, 0), int64(0))
	f.Add([]byte(recordMagic), int64(512))
	f.Fuzz(func(t *testing.T, b []byte, size int64) {
		size = max(size, 0)
		if p, off, ok := parse(b, size); ok && (off < 0 || off+int64(len(p)) > size) {
			t.Errorf("parse = %d bytes at %d of %d", len(p), off, size)
		}
	})
}

// When the sync of an atomic write fails, data of other writes may be lost: the next flush
// must fail.
func TestFailedAtomicWriteFailsTheNextFlush(t *testing.T) {
	d := mustOpen(t, create(t, t.TempDir(), 1<<20), false)
	if err := d.WriteAtomic(make([]byte, 4096), 0); err != nil {
		t.Fatal(err)
	}
	d.journal.file.Close() // the record cannot be made void
	if err := d.apply(make([]byte, 4096), 0); err == nil {
		t.Fatal("an atomic write whose record stays is no error")
	}
	if err := d.Sync(); err == nil {
		t.Error("the flush after it succeeds")
	}
	if err := d.Sync(); err != nil {
		t.Errorf("it is told once here, and kept by the unit: %v", err)
	}
	d.journal.file = nil
}
