package volume

import (
	"fmt"
	"testing"
)

// BenchmarkDisk compares what a machine reads and writes through an overlay with a
// raw volume. "below" reads what only the golden image has.
func BenchmarkDisk(b *testing.B) {
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
	for _, id := range []string{"raw", "over", "below"} {
		k, err := d.Open(id, false)
		must(err)
		defer k.Close()
		if id != "below" {
			must(fillDisk(k, size))
		}
		for _, n := range []int64{4 << 10, 64 << 10, 256 << 10} {
			p := make([]byte, n)
			each := func(name string, do func(off int64)) {
				b.Run(fmt.Sprintf("%s/%s/%dk", name, id, n>>10), func(b *testing.B) {
					b.SetBytes(n)
					off := int64(0)
					for b.Loop() {
						do(off)
						off = (off + 769*n) % (size - n)
						off -= off % 4096
					}
				})
			}
			each("read", func(off int64) {
				if !k.ReadCached(p, off) {
					b.Fatal("not in memory")
				}
			})
			if id != "below" {
				each("write", func(off int64) {
					if _, err := k.WriteAt(p, off); err != nil {
						b.Fatal(err)
					}
				})
			}
		}
	}
}

// fillDisk writes something everywhere.
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
