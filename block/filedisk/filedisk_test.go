package filedisk

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// places are directories on different file systems: what TMPDIR is on, and
// tmpfs, where RWF_NOWAIT does not exist.
func places(t *testing.T) map[string]string {
	m := map[string]string{"disk": t.TempDir()}
	if dir, err := os.MkdirTemp("/dev/shm", "filedisk"); err == nil {
		t.Cleanup(func() { os.RemoveAll(dir) })
		m["memory"] = dir
	}
	return m
}

func create(t *testing.T, dir string, size int64) string {
	t.Helper()
	path := filepath.Join(dir, "image")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
	return path
}

func mustOpen(t *testing.T, path string, readOnly bool) *Disk {
	t.Helper()
	d, err := Open(path, readOnly)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func TestReadsBackWhatWasWritten(t *testing.T) {
	for name, dir := range places(t) {
		t.Run(name, func(t *testing.T) {
			d := mustOpen(t, create(t, dir, 1<<20), false)
			want := bytes.Repeat([]byte{0xa5}, 4096)
			if _, err := d.WriteAt(want, 8192); err != nil {
				t.Fatal(err)
			}
			if err := d.Sync(); err != nil {
				t.Fatal(err)
			}
			got := make([]byte, 4096)
			if _, err := d.ReadAt(got, 8192); err != nil || !bytes.Equal(got, want) {
				t.Fatalf("ReadAt: %v, equal %v", err, bytes.Equal(got, want))
			}
			clear(got)
			if d.ReadCached(got, 8192) && !bytes.Equal(got, want) {
				t.Error("ReadCached said yes and brought something else")
			}
			if _, err := d.ReadAt(got, d.Size()); err != io.EOF {
				t.Errorf("ReadAt at the end: %v, want EOF", err)
			}
		})
	}
}

// Data just written is in memory, dropped pages are not; on tmpfs everything is. A probe of
// a single dropped page may succeed: the kernel starts to read it even for RWF_NOWAIT, and
// a fast disk may be done before the kernel looks again. A probe of many megabytes takes
// many such reads, and the first unfinished one ends it.
func TestReadCachedKnowsThePageCache(t *testing.T) {
	for name, dir := range places(t) {
		t.Run(name, func(t *testing.T) {
			d := mustOpen(t, create(t, dir, 8<<20), false)
			p := make([]byte, d.Size())
			if _, err := d.WriteAt(p, 0); err != nil {
				t.Fatal(err)
			}
			if !d.ReadCached(p, 0) {
				t.Fatal("what was just written is not cached: TMPDIR must be on ext4, xfs or btrfs")
			}
			if err := d.Sync(); err != nil {
				t.Fatal(err)
			}
			if err := unix.Fadvise(d.fd, 0, 0, unix.FADV_DONTNEED); err != nil {
				t.Fatal(err)
			}
			if got := d.ReadCached(p, 0); got != d.inMemory {
				t.Errorf("ReadCached of what was dropped = %v, want %v", got, d.inMemory)
			}
		})
	}
}

func TestUnmapLeavesZerosAndAHole(t *testing.T) {
	for name, dir := range places(t) {
		t.Run(name, func(t *testing.T) {
			d := mustOpen(t, create(t, dir, 1<<20), false)
			if _, err := d.WriteAt(bytes.Repeat([]byte{1}, 64<<10), 0); err != nil {
				t.Fatal(err)
			}
			if err := d.Unmap(16<<10, 16<<10); err != nil {
				t.Fatal(err)
			}
			for _, run := range []struct {
				off, n int64
				mapped bool
			}{
				{0, 16 << 10, true},
				{512, 16<<10 - 512, true},
				{16 << 10, 16 << 10, false},
				{32 << 10, 32 << 10, true},
				{64 << 10, 1<<20 - 64<<10, false},
				{1<<20 - 512, 512, false},
			} {
				if n, mapped, err := d.Extent(run.off); n != run.n || mapped != run.mapped || err != nil {
					t.Errorf("Extent(%d) = %d, %v, %v, want %d, %v", run.off, n, mapped, err, run.n, run.mapped)
				}
			}
			got := make([]byte, 16<<10)
			if _, err := d.ReadAt(got, 16<<10); err != nil || !bytes.Equal(got, make([]byte, len(got))) {
				t.Errorf("the hole reads as something, %v", err)
			}
		})
	}
}

func TestZerosAreWrittenWhereThereAreNoHoles(t *testing.T) {
	d := mustOpen(t, create(t, t.TempDir(), 2<<20), false)
	if _, err := d.WriteAt(bytes.Repeat([]byte{7}, 2<<20), 0); err != nil {
		t.Fatal(err)
	}
	if err := d.writeZeros(512, 1<<20); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 2<<20)
	if _, err := d.ReadAt(got, 0); err != nil {
		t.Fatal(err)
	}
	want := bytes.Repeat([]byte{7}, 2<<20)
	clear(want[512 : 512+1<<20])
	if !bytes.Equal(got, want) {
		t.Error("zeros in the wrong place")
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	good := create(t, dir, 4096)
	mustOpen(t, good, false)
	for name, c := range map[string]struct {
		path     string
		readOnly bool
		want     error
	}{
		"open for writing elsewhere": {good, false, ErrInUse},
		"written elsewhere":          {good, true, ErrInUse},
		"missing":                    {filepath.Join(dir, "none"), true, os.ErrNotExist},
		"directory":                  {dir, true, nil},
		"odd size":                   {create(t, t.TempDir(), 1000), false, nil},
		"empty":                      {create(t, t.TempDir(), 0), false, nil},
	} {
		if _, err := Open(c.path, c.readOnly); err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: Open = %v, want %v", name, err, c.want)
		}
	}
}

func TestReadOnlyIsShared(t *testing.T) {
	path := create(t, t.TempDir(), 4096)
	a := mustOpen(t, path, true)
	mustOpen(t, path, true)
	if _, err := a.WriteAt(make([]byte, 512), 0); err == nil {
		t.Error("wrote to a disk that was opened for reading")
	}
}

func TestReadsAllocateNothing(t *testing.T) {
	for name, dir := range places(t) {
		d := mustOpen(t, create(t, dir, 1<<20), false)
		p := make([]byte, 4096)
		if _, err := d.WriteAt(p, 0); err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(100, func() { d.ReadCached(p, 0); d.ReadAt(p, 0); d.WriteAt(p, 0) }); n != 0 {
			t.Errorf("%s: %v allocations, want 0", name, n)
		}
	}
}
