package volume

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
)

// layer is one open file of a stack: a raw image, or an overlay.
type layer struct {
	name string
	file file
	id   layerID
	has  *presence // nil: raw
	data int64     // where the data begins
}

const (
	layersDir  = "layers"
	rawSuffix  = ".raw"
	overSuffix = ".overlay"
)

// layerPath is where a layer of a manifest is.
func layerPath(name string) string { return layersDir + "/" + name }

// newOverlay makes an empty overlay and returns its name. All of it but its name is
// durable.
func newOverlay(fsys fileSystem) (name string, err error) {
	id := newLayerID()
	name = hex.EncodeToString(id[:]) + overSuffix
	f, err := fsys.Create(layerPath(name))
	if err != nil {
		return "", fmt.Errorf("make an overlay: %w", err)
	}
	_, err = f.WriteAt(encodeHeader(id), 0)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return "", errors.Join(fmt.Errorf("make an overlay: %w", err), fsys.Remove(layerPath(name)))
	}
	return name, nil
}

// openLayer opens the file of a layer of a volume of size bytes. A missing file is
// ErrDamaged, not absence.
func openLayer(fsys fileSystem, path string, size int64, write bool) (*layer, error) {
	f, err := fsys.Open(path, write)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("layer %s: %w: %v", path, ErrDamaged, err)
	}
	if err != nil {
		return nil, fmt.Errorf("layer %s: %w", path, err)
	}
	l := &layer{name: path[strings.LastIndexByte(path, '/')+1:], file: f}
	if !strings.HasSuffix(path, overSuffix) {
		return l, nil
	}
	if err := l.load(size); err != nil {
		return nil, fmt.Errorf("layer %s: %w", path, errors.Join(err, f.Close()))
	}
	return l, nil
}

// load reads the header and the map of an overlay.
func (l *layer) load(size int64) error {
	b := make([]byte, slotSize)
	if err := readFull(l.file, b, 0); err != nil {
		return err
	}
	var err error
	if l.id, err = decodeHeader(b); err != nil {
		return err
	}
	l.data, l.has = dataOff, newPresence(size)
	for i := range l.has.pages {
		if err := l.loadPage(int64(i)); err != nil {
			return err
		}
	}
	return nil
}

// loadPage takes the newer of the two copies of a page.
func (l *layer) loadPage(i int64) error {
	var both [2 * slotSize]byte
	if err := readFull(l.file, both[:], slot(i, 0)); err != nil {
		return err
	}
	p, err := newest(both[:], l.id, i)
	if err != nil || p == nil {
		return err
	}
	l.has.pages[i].Store(p)
	return nil
}

// newest returns nil for a page that was never written.
func newest(both []byte, id layerID, i int64) (*page, error) {
	var words [2][pageBlocks / 64]uint64
	var generations [2]uint64
	var bad [2]bool
	for c := range 2 {
		g, err := decodePage(both[c*slotSize:][:slotSize], id, i, &words[c])
		generations[c], bad[c] = g, err != nil || g != 0 && g%2 != uint64(c)
		if bad[c] {
			generations[c] = 0
		}
	}
	last := 0
	if generations[1] > generations[0] {
		last = 1
	}
	if generations[last] == 0 {
		// The first copy of a page is the odd one. If it alone is damaged, its first write
		// was torn, and no flush has ever been answered.
		if bad[0] {
			return nil, fmt.Errorf("page %d of the map: %w in both copies", i, ErrDamaged)
		}
		return nil, nil
	}
	p := &page{generation: generations[last]}
	for w := range p.words {
		p.words[w].Store(words[last][w])
	}
	return p, nil
}

// reserve allocates a page, so that writing it cannot fail for lack of space.
func (l *layer) reserve(i int64) error { return l.file.Allocate(slot(i, 0), 2*slotSize) }

// save writes pages of the map, each over the older of its copies.
func (l *layer) save(list []unsaved) error {
	for _, u := range list {
		g := u.page.generation + 1
		if _, err := l.file.WriteAt(encodePage(l.id, u.index, g, &u.words), slot(u.index, g)); err != nil {
			return fmt.Errorf("write the map: %w", err)
		}
	}
	return nil
}

// saved marks the new copies as the newest, once they are on stable storage: until then the
// older ones must not be overwritten.
func saved(list []unsaved) {
	for _, u := range list {
		u.page.generation++
	}
}

// sync makes the data of the layer durable, and then its map. The map is copied first: a
// block that is added during the sync of the data may not be covered by it. After a medium
// error (see fatal) the map of the layer must never be written again, because the kernel
// reports a page that it could not write only once.
func (l *layer) sync() error {
	var list []unsaved
	if l.has != nil {
		list = l.has.take()
	}
	if err := l.file.Sync(); err != nil {
		return fatal{err}
	}
	if len(list) == 0 {
		return nil
	}
	if err := l.save(list); err != nil {
		l.has.putBack(list)
		return err
	}
	if err := l.file.Sync(); err != nil {
		return fatal{err}
	}
	saved(list)
	return nil
}

// fatal is an error after which the contents of the file are unknown.
type fatal struct{ error }

func (f fatal) Unwrap() error { return f.error }

// blocksOf is how many blocks a volume of size bytes has.
func blocksOf(size int64) int64 { return (size + clusterSize - 1) / clusterSize }

// readAt reads from the layer; beyond the end of its file it reads zeros.
func (l *layer) readAt(p []byte, off int64) error { return readFull(l.file, p, l.data+off) }

// readFull fills p, with zeros beyond the end.
func readFull(f file, p []byte, off int64) error {
	n, err := f.ReadAt(p, off)
	if err == io.EOF {
		clear(p[n:])
		return nil
	}
	return err
}
