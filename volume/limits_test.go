package volume

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"
)

const large = 40 << 30

// timed returns the shortest and the median time of do.
func timed(t *testing.T, times int, do func(i int) error) (shortest, median time.Duration) {
	t.Helper()
	var took []time.Duration
	for i := range times {
		began := time.Now()
		if err := do(i); err != nil {
			t.Fatal(err)
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	return took[0], took[len(took)/2]
}

// allocated is what the directory takes up.
func (l *lab) allocated() (n int64) {
	l.Helper()
	l.must(filepath.Walk(l.d.path, func(_ string, info os.FileInfo, err error) error {
		if err == nil {
			n += info.Sys().(*syscall.Stat_t).Blocks * 512
		}
		return err
	}))
	return n
}

// TestQuick checks that clone, snapshot and reset of a 40 GB volume take less than 50 ms
// each, and no space. -v prints the figures. The fastest run counts, because other load on
// the disk hardly affects it.
func TestQuick(t *testing.T) {
	l := newLab(t)
	l.must(l.d.Build("golden", func(b *Builder) error {
		b.Resize(large)
		p := bytes.Repeat([]byte{7}, 1<<20)
		for i := range int64(64) {
			if _, err := b.WriteAt(p, i*large/64); err != nil {
				return err
			}
		}
		return nil
	}))
	before := l.allocated()
	l.must(l.d.Clone("golden", "v", 0))
	l.write("v", 1, large/2, 1<<20)
	for _, c := range []struct {
		name string
		do   func(int) error
	}{
		{"clone", func(i int) error { return l.d.Clone("golden", fmt.Sprint("c", i), 0) }},
		{"snapshot", func(i int) error { return l.d.Snapshot("v", fmt.Sprint("s", i)) }},
		{"reset", func(int) error { return l.d.Reset("v") }},
		{"revert", func(int) error { return l.d.Revert("v", "s0") }},
	} {
		shortest, median := timed(t, 9, c.do)
		t.Logf("%s of 40 GB: %v, at best %v", c.name, median, shortest)
		if shortest > 50*time.Millisecond && !testing.Short() {
			t.Errorf("%s takes at least %v, want 50 ms", c.name, shortest)
		}
	}
	if grown := l.allocated() - before; grown > 4<<20 {
		t.Errorf("they take up %d bytes, want next to nothing", grown)
	}
}

func Test256Clones(t *testing.T) {
	l := newLab(t)
	l.image("golden", 5, 8<<20)
	before := l.allocated()
	began := time.Now()
	for i := range 256 {
		l.must(l.d.Clone("golden", fmt.Sprint("c", i), large))
	}
	grown := l.allocated() - before
	t.Logf("256 clones: %v, %d KiB", time.Since(began), grown/1024)
	if grown > 1<<30 {
		t.Errorf("256 clones take up %d bytes, want at most 1 GiB", grown)
	}
	u, err := l.d.Usage("c7")
	if err != nil || u.Virtual != large || u.Own > 64<<10 || u.Shared < 8<<20 {
		t.Errorf("Usage = %+v, %v", u, err)
	}
	for i := range 256 {
		k, err := l.d.Open(fmt.Sprint("c", i), false)
		l.must(err)
		defer k.Close()
	}
}

func TestNeed(t *testing.T) {
	for _, c := range []struct{ off, n, want int64 }{
		{0, 512, 4096}, {512, 512, 4096}, {4096, 4096, 4096}, {3584, 1024, 8192}, {8191 * 512, 64 << 10, 68 << 10}, {0, 64 << 10, 64 << 10},
	} {
		if got := need(c.off, c.n); got != c.want {
			t.Errorf("need(%d, %d) = %d, want %d", c.off, c.n, got, c.want)
		}
	}
}

// TestExport has qemu-img read our exports.
func TestExport(t *testing.T) {
	l := newLab(t)
	l.image("golden", 5, 300*kib)
	const size = 700<<20 + 512 // two L2 tables
	l.must(l.d.Clone("golden", "v", size))
	for i, off := range []int64{10 * kib, 512<<20 - 4*kib, 512 << 20, size - 1024} {
		l.write("v", byte(i+1), off, 1024)
	}
	k, err := l.d.Open("v", true)
	l.must(err)
	want := l.sum(io.NewSectionReader(k, 0, k.Size()))
	l.must(k.Close())
	for format, program := range map[Format][]string{Raw: nil, Qcow2: {"qemu-img", "convert", "-f", "qcow2", "-O", "raw"}} {
		out := filepath.Join(t.TempDir(), "out")
		f, err := os.Create(out)
		l.must(err)
		var last Progress
		l.must(l.d.Export(t.Context(), "v", format, f, func(p Progress) { last = p }))
		l.must(f.Close())
		if last.Done != size || last.Total != size {
			t.Errorf("%s: the last progress is %+v", format, last)
		}
		if info, err := os.Stat(out); err != nil || info.Sys().(*syscall.Stat_t).Blocks*512 > 4<<20 {
			t.Errorf("%s: the file takes up %d bytes", format, info.Sys().(*syscall.Stat_t).Blocks*512)
		}
		if program != nil {
			if testing.Short() {
				continue
			}
			l.qemu("check", "-f", string(format), out)
			l.qemu("convert", "-f", string(format), "-O", "raw", out, out+".raw")
			out += ".raw"
		}
		f, err = os.Open(out)
		l.must(err)
		if got := l.sum(f); got != want {
			t.Errorf("%s: not what the volume has", format)
		}
		l.must(f.Close())
	}
	l.must(l.d.Tidy(t.Context()))
	if info, err := l.d.Stat("v"); err != nil || info.Layers != 2 {
		t.Errorf("Stat = %+v, %v, want the layers that the exports needed to be gone", info, err)
	}
}

// sum is the SHA-256 of all of r.
func (l *lab) sum(r io.Reader) string {
	l.Helper()
	h := sha256.New()
	_, err := io.Copy(h, r)
	l.must(err)
	return hex.EncodeToString(h.Sum(nil))
}

func (l *lab) qemu(args ...string) {
	l.Helper()
	if out, err := exec.CommandContext(l.Context(), "qemu-img", args...).CombinedOutput(); err != nil {
		l.Fatalf("qemu-img %q: %v: %s (Debian: apt install qemu-utils)", args, err, out)
	}
}

// TestVerify damages each kind of file.
func TestVerify(t *testing.T) {
	l := newLab(t)
	l.image("golden", 5, 300*kib)
	l.must(l.d.Clone("golden", "v", 0))
	l.write("v", 6, 64*kib, 512)
	m, err := l.d.load("v")
	l.must(err)
	expect := func(where string, want ...Damage) {
		t.Helper()
		got, err := l.d.Verify(context.Background(), "v", nil)
		l.must(err)
		for i := range got {
			got[i].What = ""
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: Verify = %+v, want %+v", where, got, want)
		}
	}
	expect("whole")
	spoil := func(layer string, off int64) {
		f, err := os.OpenFile(filepath.Join(l.d.path, layerPath(layer)), os.O_RDWR, 0)
		l.must(err)
		defer f.Close()
		b := []byte{0}
		_, err = f.ReadAt(b, off)
		l.must(err)
		b[0] ^= 1
		_, err = f.WriteAt(b, off)
		l.must(err)
	}
	image := Damage{m.Layers[0], 128 * kib, 64 * kib, ""}
	spoil(m.Layers[0], 130*kib)
	expect("image", image)
	copied := Damage{m.Layers[1], 0, pageSpan, ""}
	spoil(m.Layers[1], slot(0, 1)+100)
	expect("a copy of the map", image, copied)
	spoil(m.Layers[1], 3)
	expect("header", image, Damage{m.Layers[1], 0, 300 * kib, ""})
	if _, err := l.d.Open("v", true); err == nil {
		t.Error("a layer with a damaged header was opened")
	}
	l.must(os.Remove(filepath.Join(l.d.path, layerPath(m.Layers[1]))))
	expect("missing", image, Damage{m.Layers[1], 0, 300 * kib, ""})
}
