package volume

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
)

// Damage is a finding of a scrub.
type Damage struct {
	Layer       string // the file in the directory of the layers
	Off, Length int64  // the affected bytes of the volume
	What        string // in words
}

// Verify reads all of a volume, snapshot or image, in use or not, and reports damage:
// missing or invalid layers, damaged copies of map pages, blocks of images that do not
// match their checksums, unreadable places. Its error is any other failure.
func (d *Dir) Verify(ctx context.Context, id string, report func(Progress)) ([]Damage, error) {
	m, err := d.load(id)
	if err != nil {
		return nil, err
	}
	v := &scrub{dir: d, m: m, meter: NewMeter(m.Size*int64(len(m.Layers)), report)}
	for _, name := range m.Layers {
		if err := v.layer(ctx, name); err != nil {
			return v.found, fmt.Errorf("verify %s: %w", id, err)
		}
	}
	return v.found, nil
}

// scrub is one run of Verify.
type scrub struct {
	dir   *Dir
	m     *manifest
	meter *Meter
	found []Damage
}

func (v *scrub) report(layer string, off, n int64, format string, args ...any) {
	v.found = append(v.found, Damage{layer, off, n, fmt.Sprintf(format, args...)})
}

// layer checks one layer. One that has disappeared was merged meanwhile: its blocks are in
// another.
func (v *scrub) layer(ctx context.Context, name string) error {
	l, err := openLayer(v.dir.fs, v.m.file(name), v.m.Size, false)
	if err != nil {
		if now, again := v.dir.load(v.m.id); again == nil && now.top() != v.m.top() {
			return fmt.Errorf("its layers have changed meanwhile: %w", ErrInUse)
		}
		v.report(name, 0, v.m.Size, "%v", err)
		return ctx.Err()
	}
	defer l.file.Close()
	s, err := v.sums(name)
	if err != nil {
		return err
	}
	if l.has != nil {
		if err := v.pages(l); err != nil {
			return err
		}
	}
	return v.blocks(ctx, l, s)
}

func (v *scrub) sums(name string) (*sums, error) {
	s, err := loadSums(v.dir.fs, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case errors.Is(err, ErrDamaged), errors.Is(err, ErrFormat):
		v.report(name+sumsSuffix, 0, 0, "%v", err)
		return nil, nil
	}
	return s, err
}

// pages checks both copies of each page of the map. A damaged copy may be a harmless torn
// write of a crash, or decay.
func (v *scrub) pages(l *layer) error {
	var b [slotSize]byte
	for i := range int64(len(l.has.pages)) {
		for c := range uint64(2) {
			if err := v.copy(l, i, c, b[:]); err != nil {
				v.report(l.name, i*pageSpan, pageSpan, "copy %d of page %d of the map: %v", c, i, err)
			}
		}
	}
	return nil
}

// copy reads a copy of a page, and retries if it is being written at that moment.
func (v *scrub) copy(l *layer, i int64, c uint64, b []byte) (err error) {
	for range 3 {
		if err := readFull(l.file, b, slot(i, c)); err != nil {
			return err
		}
		if _, err = decodePage(b, l.id, i, new([pageBlocks / 64]uint64)); err == nil {
			return nil
		}
	}
	return err
}

// blocks reads what the layer has, and steps over its holes.
func (v *scrub) blocks(ctx context.Context, l *layer, s *sums) error {
	p := make([]byte, clusterSize)
	for b, end := int64(0), blocksOf(v.m.Size); b < end; {
		if err := ctx.Err(); err != nil {
			return err
		}
		first := b
		switch n := v.hole(l, b, end); {
		case l.has != nil && !l.has.has(b):
			b++
		case n > 0:
			v.missing(l, s, b, n)
			b += n
		default:
			v.block(l, s, b, p)
			b++
		}
		v.meter.Add(min(b*clusterSize, v.m.Size) - first*clusterSize)
	}
	return nil
}

// hole returns how many whole blocks of a hole begin with a block.
func (v *scrub) hole(l *layer, block, end int64) int64 {
	n, data, err := l.file.Extent(l.data+block*clusterSize, l.data+end*clusterSize)
	if err != nil || data {
		return 0
	}
	return n / clusterSize
}

// missing reports the blocks of a hole that were written once.
func (v *scrub) missing(l *layer, s *sums, first, n int64) {
	for b := first; s != nil && b < first+n; b++ {
		if (l.has == nil || l.has.has(b)) && !s.empty(b) {
			v.report(l.name, b*clusterSize, clusterSize, "has gone: there is a hole")
		}
	}
}

// block reads a block and compares it with its checksum.
func (v *scrub) block(l *layer, s *sums, b int64, p []byte) {
	off := b * clusterSize
	if err := l.readAt(p, off); err != nil {
		v.report(l.name, off, clusterSize, "cannot be read: %v", err)
	} else if s != nil && !s.fits(b, p) {
		v.report(l.name, off, clusterSize, "does not match its checksum")
	}
}
