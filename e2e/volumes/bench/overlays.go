package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"ironhook/block"
	"ironhook/block/iscsi"
	"ironhook/block/scsi"
	"ironhook/e2e/load"
	"ironhook/internal/section"
	"ironhook/volume"
)

// size is that of the volumes in bytes. It is memory that holds them.
const size = 512 << 20

// workloads are what is put on a raw volume and on an overlay by turns: one that has
// every block of its own ("full"), or one that has none and shows what is below.
var workloads = []struct {
	name, overlay string
	load          load.Load
}{
	{"random read 4k q32, written here", "full", load.Load{Block: 4 << 10, Depth: 32, Random: true}},
	{"random read 4k q32, of the image", "empty", load.Load{Block: 4 << 10, Depth: 32, Random: true}},
	{"sequential read 64k q8, written here", "full", load.Load{Block: 64 << 10, Depth: 8}},
	{"sequential read 64k q8, of the image", "empty", load.Load{Block: 64 << 10, Depth: 8}},
	{"sequential read 256k q16, of the image", "empty", load.Load{Block: 256 << 10, Depth: 16}},
	{"random write 4k q32, written before", "full", load.Load{Block: 4 << 10, Depth: 32, Random: true, Write: true}},
	{"sequential write 64k q16, written before", "full", load.Load{Block: 64 << 10, Depth: 16, Write: true}},
}

const wanted = 0.9

// overlays measures overlays against raw volumes.
func overlays(ctx context.Context, rounds int, length time.Duration, w io.Writer) (err error) {
	dir, err := os.MkdirTemp("/dev/shm", "ironhook-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	s, err := prepare(filepath.Join(dir, "volumes"))
	if err != nil {
		return err
	}
	defer s.close()
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	serving, stop := context.WithCancel(ctx)
	var g errgroup.Group
	g.Go(func() error { return s.target().Serve(serving, l) })
	defer func() {
		stop()
		err = errors.Join(err, g.Wait())
	}()
	fmt.Fprintf(w, "Requests a second over loopback, of volumes of 512 MiB on tmpfs; medians of %d pairs of runs of %v each.\n\n", rounds,
		length)
	fmt.Fprintf(w, "| workload | raw volume | overlay | ratio (least to most) | wanted |\n|---|---:|---:|---:|---:|\n")
	for _, c := range workloads {
		var rates [2][]float64
		var ratios []float64
		for n := range rounds {
			var rate [2]float64
			for k := range 2 {
				side := (n + k) % 2 // the one and the other goes first
				url := fmt.Sprintf("iscsi://%s/%s/0", l.Addr(), name([]string{"raw", c.overlay}[side]))
				got, err := c.load.Run(ctx, url, length)
				if err != nil {
					return fmt.Errorf("%s: %w", c.name, err)
				}
				rate[side] = got.Rate
				rates[side] = append(rates[side], rate[side])
			}
			ratios = append(ratios, rate[1]/rate[0])
		}
		fmt.Fprintf(w, "| %s | %.0f | %.0f | **%.2f** (%.2f to %.2f) | %.2f |\n", c.name, section.Median(rates[0]), section.Median(rates[1]),
			section.Median(ratios), slices.Min(ratios), slices.Max(ratios), wanted)
	}
	return nil
}

// served are three volumes, and how initiators see them.
type served struct {
	dir     *volume.Dir
	disks   []*volume.Disk
	devices map[string]*scsi.Device
}

func name(id string) string { return "iqn.2026-11.test:" + id }

// prepare makes a golden image, two clones of it and a raw volume, and fills what is to
// be full.
func prepare(path string) (*served, error) {
	d, err := volume.Open(path, volume.Reserve(0))
	if err != nil {
		return nil, err
	}
	s := &served{dir: d, devices: map[string]*scsi.Device{}}
	err = errors.Join(
		d.Build("golden", func(b *volume.Builder) error { return fill(b) }),
		d.Clone("golden", "full", 0), d.Clone("golden", "empty", 0), d.Create("raw", size))
	for _, id := range []string{"raw", "full", "empty"} {
		if err == nil {
			err = s.open(id)
		}
	}
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *served) open(id string) error {
	k, err := s.dir.Open(id, false)
	if err != nil {
		return err
	}
	s.disks = append(s.disks, k)
	if id != "empty" {
		if err := errors.Join(fill(k), k.Sync()); err != nil {
			return err
		}
	}
	lun, err := scsi.NewLUN(k, scsi.Options{Serial: id})
	if err != nil {
		return err
	}
	s.devices[name(id)] = scsi.NewDevice(name(id), lun)
	return nil
}

// fill writes something everywhere.
func fill(w io.WriterAt) error {
	p := make([]byte, 1<<20)
	for i := range p {
		p[i] = byte(i*7 | 1)
	}
	for off := int64(0); off < size; off += int64(len(p)) {
		if _, err := w.WriteAt(p, off); err != nil {
			return err
		}
	}
	return nil
}

func (s *served) target() *iscsi.Target {
	return &iscsi.Target{
		Log: slog.New(slog.DiscardHandler),
		Lookup: func(_ context.Context, _, target string) (block.Grant, error) {
			if device := s.devices[target]; device != nil {
				return block.Grant{Device: device}, nil
			}
			return block.Grant{}, block.ErrNoTarget
		},
		Discover: func(context.Context, string) ([]string, error) { return nil, nil },
		Observe:  func(iscsi.Event) {},
	}
}

func (s *served) close() (err error) {
	for _, k := range s.disks {
		err = errors.Join(err, k.Close())
	}
	return errors.Join(err, s.dir.Close())
}
