package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"ironhook/volume"
)

const (
	virtual = 40 << 30 // bytes of the volumes
	data    = 1 << 30  // of them in the image
)

// operations measures what is done with whole volumes, on a disk.
func operations(ctx context.Context, w io.Writer) error {
	dir, err := os.MkdirTemp(os.Getenv("IRONHOOK_LAB_SCRATCH"), "bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	d, err := volume.Open(filepath.Join(dir, "volumes"))
	if err != nil {
		return err
	}
	defer d.Close()
	began := time.Now()
	if _, err := d.Import(ctx, "golden", io.LimitReader(rand.NewChaCha8([32]byte{}), data)); err != nil {
		return err
	}
	imported := time.Since(began)
	if err := d.Clone("golden", "v", virtual); err != nil {
		return err
	}
	before, err := allocated(dir)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "A clone of 40 GiB of an image with 1 GiB of data, on disk; median and longest of 9.\n\n| operation | median | longest | "+
		"wanted |\n|---|---:|---:|---:|\n")
	for _, o := range []struct {
		name string
		do   func(i int) error
	}{
		{"clone", func(i int) error { return d.Clone("golden", fmt.Sprint("c", i), virtual) }},
		{"snapshot", func(i int) error { return d.Snapshot("v", fmt.Sprint("s", i)) }},
		{"revert to a snapshot", func(int) error { return d.Revert("v", "s0") }},
		{"reset", func(int) error { return d.Reset("v") }},
	} {
		median, longest, err := times(9, o.do)
		if err != nil {
			return fmt.Errorf("%s: %w", o.name, err)
		}
		fmt.Fprintf(w, "| %s | %.1f ms | %.1f ms | 50 ms |\n", o.name, ms(median), ms(longest))
	}
	after, err := allocated(dir)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "\nAll of these together take up %d KiB.", (after-before)>>10)
	if err := manyClones(w, d, dir); err != nil {
		return err
	}
	return promotion(ctx, w, d, dir, imported)
}

// manyClones measures the space of 256 clones before the first write.
func manyClones(w io.Writer, d *volume.Dir, dir string) error {
	before, err := allocated(dir)
	if err != nil {
		return err
	}
	began := time.Now()
	for i := range 256 {
		if err := d.Clone("golden", fmt.Sprint("many", i), virtual); err != nil {
			return err
		}
	}
	took := time.Since(began)
	after, err := allocated(dir)
	fmt.Fprintf(w, " 256 clones take %.1f s and %.1f MiB (wanted: at most 1024 MiB).", took.Seconds(), float64(after-before)/(1<<20))
	return err
}

// promotion compares promoting with copying a file of as much data.
func promotion(ctx context.Context, w io.Writer, d *volume.Dir, dir string, imported time.Duration) error {
	began := time.Now()
	if err := d.Promote(ctx, "v", "promoted", nil); err != nil {
		return err
	}
	promoted := time.Since(began)
	began = time.Now()
	if err := copyFile(filepath.Join(dir, "copy"), io.LimitReader(rand.NewChaCha8([32]byte{}), data)); err != nil {
		return err
	}
	written := time.Since(began)
	rate := func(t time.Duration) float64 { return data / t.Seconds() / (1 << 20) }
	_, err := fmt.Fprintf(w, "\nImporting 1 GiB runs at %.0f MiB/s, promoting it at %.0f MiB/s, writing a plain file of it, synced, at "+
		"%.0f MiB/s.\n\n", rate(imported), rate(promoted), rate(written))
	return err
}

func copyFile(path string, r io.Reader) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = io.CopyBuffer(struct{ io.Writer }{f}, r, make([]byte, 1<<20))
	return errors.Join(err, f.Sync(), f.Close())
}

func times(n int, do func(i int) error) (median, longest time.Duration, err error) {
	var took []time.Duration
	for i := range n {
		began := time.Now()
		if err := do(i); err != nil {
			return 0, 0, err
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	return took[n/2], took[n-1], nil
}

func ms(d time.Duration) float64 { return d.Seconds() * 1000 }

// allocated is what a directory takes up, in bytes.
func allocated(dir string) (n int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if st, ok := info.Sys().(*syscall.Stat_t); err == nil && ok {
			n += st.Blocks * 512
		}
		return err
	})
	return n, err
}
