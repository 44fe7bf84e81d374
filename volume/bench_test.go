package volume

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// BenchmarkOverlay measures the speed of an overlay as a ratio to a raw volume. They take
// turns, and CPU time is measured, so that a busy machine matters little. "below" reads
// blocks that only the golden image has.
func BenchmarkOverlay(b *testing.B) {
	const size = 256 << 20
	d, err := Open(tempOn(b, "/dev/shm"), Reserve(0))
	if err != nil {
		b.Fatal(err)
	}
	defer d.Close()
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	must(d.Build("golden", func(w *Builder) error { return fillDisk(w, size) }))
	must(d.Clone("golden", "below", 0))
	must(d.Clone("golden", "over", 0))
	must(d.Create("raw", size))
	disks := map[string]*Disk{}
	for _, id := range []string{"raw", "over", "below"} {
		k, err := d.Open(id, false)
		must(err)
		defer k.Close()
		if disks[id] = k; id != "below" {
			must(fillDisk(k, size))
		}
	}
	for _, n := range []int64{4 << 10, 64 << 10, 256 << 10} {
		p := make([]byte, n)
		read := func(k *Disk, off int64) bool { return k.ReadCached(p, off) }
		write := func(k *Disk, off int64) bool {
			_, err := k.WriteAt(p, off)
			return err == nil
		}
		for _, c := range []struct {
			name, id string
			do       func(*Disk, int64) bool
		}{{"read", "over", read}, {"write", "over", write}, {"read", "below", read}} {
			b.Run(fmt.Sprintf("%s/%s/%dk", c.name, c.id, n>>10), func(b *testing.B) {
				compare(b, size-n, n, func(off int64) bool { return c.do(disks["raw"], off) }, func(off int64) bool { return c.do(disks[c.id], off) })
			})
		}
	}
}

// compare runs two functions in turn at offsets up to most, and reports the ratio of their
// speeds.
func compare(b *testing.B, most, n int64, raw, overlay func(off int64) bool) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var took [2]time.Duration
	off := int64(0)
	for b.Loop() {
		for i, do := range []func(int64) bool{raw, overlay, overlay, raw} {
			began := cpu()
			for j := range int64(16) {
				if at := (off + j*769*4096) % most; !do(at - at%4096) {
					b.Fatal("failed, or not in memory")
				}
			}
			took[(i+1)/2%2] += cpu() - began
		}
		off += 16 * 769 * 4096
	}
	b.ReportMetric(float64(took[0])/float64(took[1]), "of-raw")
	b.ReportMetric(float64(took[1])/float64(b.N*32), "cpu-ns/op")
	b.ReportMetric(0, "ns/op")
}

// cpu is the time that this thread has been running.
func cpu() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts); err != nil {
		panic(err)
	}
	return time.Duration(ts.Nano())
}

// fillDisk writes data to the whole disk.
func fillDisk(w interface {
	WriteAt([]byte, int64) (int, error)
}, size int64) error {
	p := make([]byte, 1<<20)
	for i := range p {
		p[i] = byte(i | 1)
	}
	for off := int64(0); off < size; off += 1 << 20 {
		if _, err := w.WriteAt(p, off); err != nil {
			return err
		}
	}
	return nil
}
