package volume

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"time"
)

// Held is the whole directory at one moment, as the files that make it up. Volumes go on
// being written to, and a merge of layers leaves these alone, until Close.
type Held struct {
	Files   []HeldFile
	LeftOut map[string]error // what could not be read, by id

	open  []file
	known map[string]bool // names in Files
}

// HeldFile is one file, under its name in the directory of the volumes.
type HeldFile struct {
	Name     string
	Size     int64
	Modified time.Time
	io.ReaderAt

	file file // nil: in memory
}

// Extent returns the length of the run of data or of the hole at off, at most to the end of
// the file.
func (f HeldFile) Extent(off int64) (n int64, data bool, err error) {
	if f.file == nil {
		return f.Size - off, true, nil
	}
	return f.file.Extent(off, f.Size)
}

// Hold puts an empty layer on every volume, in use or not, and returns the files as they are
// then: what was written before is in them, as after a power cut. The volumes are of one
// moment: none is made, deleted or reset between the first and the last. Call [Held.Close],
// then [Dir.Tidy].
func (d *Dir) Hold() (*Held, error) {
	h := &Held{LeftOut: map[string]error{}, known: map[string]bool{}}
	err := d.withLock(func() error {
		names, err := d.fs.Names(".")
		if err != nil {
			return err
		}
		for _, id := range ids(names) {
			if err := h.take(d, id); err != nil {
				h.LeftOut[id] = err // layers of it that are in Files belong to nothing then, and are swept
			}
		}
		return nil
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("hold the volumes: %w", err), h.Close())
	}
	return h, nil
}

// Close lets the layers be merged again.
func (h *Held) Close() (err error) {
	for _, f := range h.open {
		err = errors.Join(err, f.Close())
	}
	h.open = nil
	return err
}

// take adds the files of an id. A volume gets an empty layer of its own, here as in the
// directory: the frozen ones may belong to a clone as well.
func (h *Held) take(d *Dir, id string) error {
	m, err := d.frozen(id)
	if err != nil {
		return err
	}
	for _, name := range m.Layers {
		if err := h.layer(d, name); err != nil {
			return err
		}
	}
	if err := h.sent(d, id); err != nil {
		return err
	}
	if err := h.copy(d, id+reservationsSuffix); err != nil {
		return err
	}
	if m, err = h.original(d, id, m); err != nil {
		return err
	}
	b, err := encodeManifest(m)
	h.add(id+manifestSuffix, b)
	return err
}

// original returns the manifest of an id as it shall be in the copy, given the frozen one.
func (h *Held) original(d *Dir, id string, frozen *manifest) (*manifest, error) {
	now, err := d.load(id)
	if err != nil || now.Kind != KindVolume {
		return now, err
	}
	layer := newLayerID()
	name := fmt.Sprintf("%x%s", layer[:], overSuffix)
	h.add(layerPath(name), encodeHeader(layer))
	m := *now
	m.Layers = append(slices.Clone(frozen.Layers), name)
	return &m, nil
}

// layer adds an immutable layer and its checksums, unless another id has added them.
func (h *Held) layer(d *Dir, name string) error {
	if h.known[name] {
		return nil
	}
	f, err := d.fs.Open(layerPath(name), false)
	if err != nil {
		return fmt.Errorf("layer %s: %w: %v", name, ErrDamaged, err)
	}
	if err := lock(f, shared); err != nil { // a merge writes to it in this moment
		return errors.Join(err, f.Close())
	}
	if err := h.keep(layerPath(name), f); err != nil {
		return err
	}
	h.known[name] = true
	return h.copy(d, sumsPath(name))
}

// sent adds the file that an image was made of, if it is kept. It never changes.
func (h *Held) sent(d *Dir, id string) error {
	f, err := d.fs.Open(originalPath(id), false)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return h.keep(originalPath(id), f)
}

// keep adds an open file, which Close closes.
func (h *Held) keep(name string, f file) error {
	h.open = append(h.open, f)
	info, err := f.Stat()
	if err != nil {
		return err
	}
	h.Files = append(h.Files, HeldFile{name, info.Size, info.Modified, f, f})
	return nil
}

// copy adds the contents of a small file, if there is one.
func (h *Held) copy(d *Dir, name string) error {
	f, err := d.fs.Open(name, false)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	b := make([]byte, info.Size)
	if err := readFull(f, b, 0); err != nil {
		return err
	}
	h.add(name, b)
	return nil
}

func (h *Held) add(name string, b []byte) {
	h.Files = append(h.Files, HeldFile{Name: name, Size: int64(len(b)), ReaderAt: bytes.NewReader(b)})
}
