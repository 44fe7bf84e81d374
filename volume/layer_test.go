package volume

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"
)

// watched is a file that calls functions when it is synced and when it is written to.
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
// the map that this sync writes. Its data may still be on its way to the disk, and after a
// power cut the block would have its old contents.
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

// refusing is a file that cannot be written to.
type refusing struct{ file }

var errMedium = errors.New("medium error")

func (refusing) WriteAt([]byte, int64) (int, error) { return 0, errMedium }

// TestFailedFirstWriteHidesNothing: the first write to a block of a clone fails, and the
// block still reads as in the image.
func TestFailedFirstWriteHidesNothing(t *testing.T) {
	d, err := openDir(newMemFS(), Reserve(0))
	check(t, err)
	image := bytes.Repeat([]byte("g"), 2*clusterSize)
	_, err = d.Import(t.Context(), "image", bytes.NewReader(image))
	check(t, err)
	check(t, d.Clone("image", "v", 0))
	k, err := d.Open("v", false)
	check(t, err)
	good := k.s.top().file
	k.s.top().file = refusing{good}
	if _, err := k.WriteAt(bytes.Repeat([]byte("x"), clusterSize), 0); !errors.Is(err, errMedium) {
		t.Fatalf("WriteAt = %v, want %v", err, errMedium)
	}
	k.s.top().file = good
	got := make([]byte, clusterSize)
	_, err = k.ReadAt(got, 0)
	check(t, err)
	if !bytes.Equal(got, image[:clusterSize]) {
		t.Errorf("the block begins with %q, want the image's", got[:8])
	}
	check(t, k.Close())
}

// TestMergeKeepsWhatIsWrittenMeanwhile: a block that was merged already is written to and
// flushed. It keeps the last write, also after a power cut.
func TestMergeKeepsWhatIsWrittenMeanwhile(t *testing.T) {
	fsys := newMemFS()
	d, err := openDir(fsys, Reserve(0))
	check(t, err)
	_, err = d.Import(t.Context(), "image", bytes.NewReader(bytes.Repeat([]byte("g"), 4*clusterSize)))
	check(t, err)
	check(t, d.Clone("image", "v", 0))
	k, err := d.Open("v", false)
	check(t, err)
	put := func(c string) {
		_, err := k.WriteAt(bytes.Repeat([]byte(c), clusterSize), clusterSize)
		check(t, errors.Join(err, k.Sync()))
	}
	put("a")
	check(t, d.Snapshot("v", "s"))
	put("b")
	check(t, d.Delete("s"))

	m, err := d.beginMerge(map[string]bool{})
	if err != nil || m == nil {
		t.Fatalf("beginMerge = %v, %v, want the layer of the snapshot", m, err)
	}
	check(t, m.pass(t.Context(), m.live))
	check(t, m.lower.sync())
	put("c")
	check(t, d.withLock(func() error { return m.commit(t.Context()) }))
	if !m.done {
		t.Fatal("nothing was merged")
	}
	check(t, m.end())

	holds := func(when string, d *Dir) {
		got, err := contents(d, "v")
		if err != nil || len(got) < 2*clusterSize || !bytes.Equal(got[clusterSize:2*clusterSize], bytes.Repeat([]byte("c"), clusterSize)) {
			t.Errorf("%s the block has %q, %v, want c", when, got[min(len(got), clusterSize):min(len(got), clusterSize+8)], err)
		}
	}
	for seed := range uint64(20) {
		left, err := openDir(fsys.cut(rand.New(rand.NewPCG(seed, 1))), Reserve(0))
		check(t, err)
		holds("after a power cut", left)
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestAtomicRecord: a truncated or misplaced record is not written over good data.
func TestAtomicRecord(t *testing.T) {
	const size = 1 << 20
	data := bytes.Repeat([]byte("a"), 2*BlockSize)
	whole := encodeAtomic(data, 4*BlockSize)
	if p, off, ok := decodeAtomic(whole, size); !ok || off != 4*BlockSize || !bytes.Equal(p, data) {
		t.Errorf("decodeAtomic = %d bytes at %d, %v, want what was encoded", len(p), off, ok)
	}
	for what, at := range map[string]int{"magic": 0, "offset": 15, "length": 22, "checksum": 24, "header": 300, "data": atomicHeader + 700} {
		b := bytes.Clone(whole)
		b[at] ^= 2
		if _, _, ok := decodeAtomic(b, size); ok {
			t.Errorf("a record with another %s is taken", what)
		}
	}
	torn := bytes.Clone(whole)
	clear(torn[atomicHeader+BlockSize:])
	for what, b := range map[string][]byte{"torn": torn, "cut": whole[:len(whole)-1], "of a header alone": whole[:atomicHeader],
		"empty": nil} {
		if _, _, ok := decodeAtomic(b, size); ok {
			t.Errorf("a record that is %s is taken", what)
		}
	}
	if _, _, ok := decodeAtomic(whole, 5*BlockSize); ok {
		t.Error("a record that goes beyond the end is taken")
	}
}
