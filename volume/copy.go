package volume

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// snapshotForRead opens the present contents of an id. They do not change while the volume
// is written to. All of the layers are locked, so that no merge changes one of them under
// this reader.
func (d *Dir) snapshotForRead(id string) (s *stack, err error) {
	err = d.withLock(func() error {
		m, err := d.frozen(id)
		if err != nil {
			return err
		}
		if s, err = d.openStack(m); err != nil {
			return err
		}
		for _, l := range s.layers {
			if err := lock(l.file, shared); err != nil {
				return errors.Join(err, s.close())
			}
		}
		return nil
	})
	return s, err
}

// pieceSize is how much is copied at a time.
const pieceSize = 16 * clusterSize

// each calls do for all mapped data, in pieces that end at a block boundary.
func (s *stack) each(ctx context.Context, do func(p []byte, off int64) error) error {
	buf := make([]byte, pieceSize)
	for off, size := int64(0), s.m.Size; off < size; {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, mapped, err := s.extent(off)
		if err != nil {
			return err
		}
		if !mapped {
			off += n
			continue
		}
		first := off / clusterSize * clusterSize // the beginning of the block is a hole
		end := min((off+n+clusterSize-1)/clusterSize*clusterSize, first+pieceSize, size)
		if err := s.readAt(buf[:end-first], first); err != nil {
			return fmt.Errorf("read at %d: %w", first, err)
		}
		if err := do(buf[:end-first], first); err != nil {
			return err
		}
		off = end
	}
	return nil
}

// Promote makes an image from the present contents of a volume, snapshot or image; a volume
// may be in use. It copies the mapped data, and calls report, if not nil, with the progress.
// Call [Dir.Tidy] afterwards.
func (d *Dir) Promote(ctx context.Context, source, id string, report func(Progress)) error {
	err := d.Build(id, func(b *Builder) error {
		s, err := d.snapshotForRead(source)
		if err != nil {
			return err
		}
		b.Resize(s.m.Size)
		meter := NewMeter(s.m.Size, report)
		err = s.each(ctx, func(p []byte, off int64) error {
			_, err := b.WriteAt(p, off)
			meter.reach(off + int64(len(p)))
			return err
		})
		meter.reach(s.m.Size)
		return errors.Join(err, s.close())
	})
	if err != nil {
		return fmt.Errorf("promote %.64s: %w", source, err)
	}
	return nil
}

// A Format is an output format of [Dir.Export].
type Format string

// The formats.
const (
	Raw   Format = "raw"
	Qcow2 Format = "qcow2" // version 3, not compressed
)

// Export writes the present contents of a volume, snapshot or image to w, from the
// beginning to the end; a volume may be in use. In a regular file, holes stay holes. Call
// [Dir.Tidy] afterwards.
func (d *Dir) Export(ctx context.Context, id string, format Format, w io.Writer, report func(Progress)) error {
	write := map[Format]func(context.Context, *stack, io.Writer, *Meter) error{Raw: writeRaw, Qcow2: writeQcow2}[format]
	if write == nil {
		return fmt.Errorf("export %.64s as %q: %w", id, format, ErrFormat)
	}
	s, err := d.snapshotForRead(id)
	if err != nil {
		return fmt.Errorf("export %.64s: %w", id, err)
	}
	meter := NewMeter(s.m.Size, report)
	err = write(ctx, s, w, meter)
	meter.reach(s.m.Size)
	if err = errors.Join(err, s.close()); err != nil {
		return fmt.Errorf("export %s: %w", id, err)
	}
	return nil
}

func writeRaw(ctx context.Context, s *stack, w io.Writer, meter *Meter) error {
	at := int64(0)
	err := s.each(ctx, func(p []byte, off int64) error {
		if err := skip(ctx, w, off-at); err != nil {
			return err
		}
		at = off + int64(len(p))
		_, err := w.Write(p)
		meter.reach(at)
		return err
	})
	if err != nil {
		return err
	}
	return skip(ctx, w, s.m.Size-at)
}

// skip writes zeros, or leaves a hole in a file.
func skip(ctx context.Context, w io.Writer, n int64) error {
	if f, ok := w.(*os.File); ok && n > 0 {
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
			at, err := f.Seek(n, io.SeekCurrent)
			if err != nil {
				return err
			}
			return f.Truncate(at)
		}
	}
	for n > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		m, err := w.Write(zeros[:min(n, int64(len(zeros)))])
		if err != nil {
			return err
		}
		n -= int64(m)
	}
	return nil
}

// reach is Add for a caller that knows its position.
func (m *Meter) reach(done int64) {
	if m != nil && done > m.done {
		m.Add(done - m.done)
	}
}
