package volume

import (
	"testing"
)

// watched is a file that calls others when it is synced and when it is written to.
type watched struct {
	file
	synced  func()
	written func(p []byte, off int64)
}

func (w watched) Sync() error {
	err := w.file.Sync()
	w.synced()
	return err
}

func (w watched) WriteAt(p []byte, off int64) (int, error) {
	w.written(p, off)
	return w.file.WriteAt(p, off)
}

// TestMapNamesOnlySyncedData: a block that is written while a sync is under way is not in
// the map that this sync writes. Its data may still be on its way to the disk, and after
// a power cut the block would hold what was there before.
func TestMapNamesOnlySyncedData(t *testing.T) {
	fsys := newMemFS()
	name, err := newOverlay(fsys)
	if err != nil {
		t.Fatal(err)
	}
	l, err := openLayer(fsys, layerPath(name), 4*clusterSize, true)
	if err != nil {
		t.Fatal(err)
	}
	write := func(block int64) {
		if err := l.has.ready(block, block+1, l.reserve); err != nil {
			t.Fatal(err)
		}
		if _, err := l.file.WriteAt([]byte("data"), l.data+block*clusterSize); err != nil {
			t.Fatal(err)
		}
		l.has.add(block, block+1)
	}
	write(0)
	syncs, maps := 0, 0
	l.file = watched{l.file, func() {
		if syncs++; syncs == 1 {
			write(1)
		}
	}, func(p []byte, off int64) {
		if off >= l.data {
			return
		}
		maps++
		var words [pageBlocks / 64]uint64
		if _, err := decodePage(p, l.id, 0, &words); err != nil || words[0] != 1 {
			t.Errorf("map %b written (%v), want block 0 alone", words[0], err)
		}
	}}
	if err := l.sync(); err != nil {
		t.Fatal(err)
	}
	if syncs != 2 || maps != 1 {
		t.Errorf("%d syncs and %d maps, want data, map and the map's sync", syncs, maps)
	}
}
