package volume

import (
	"errors"
	"io/fs"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// sectors is the contents of a volume: each sector is filled with its number; 0 is a sector
// of zeros.
type sectors map[int64]uint64

// modelled is the model of a volume, snapshot or image.
type modelled struct {
	kind   Kind
	size   int64
	now    sectors
	maybe  map[int64][]uint64 // other possible contents, after a crash, of sectors written since the last flush
	base   sectors            // the contents that Reset goes back to; nil: none
	volume string
	disk   *Disk // the open disk, if any
}

func (m *modelled) frozen(kind Kind, volume string) *modelled {
	return &modelled{kind: kind, size: m.size, now: maps.Clone(m.now), volume: volume}
}

// machine does random operations on a directory and on a model of it, and compares them.
type machine struct {
	fs    *memFS
	d     *Dir
	all   map[string]*modelled
	next  uint64 // number of the next write
	ids   int
	chaos *rand.Rand
}

// TestModel runs the number of sequences that -rapid.checks says.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &machine{fs: newMemFS(), all: map[string]*modelled{}}
		m.chaos = rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		m.start(t)
		t.Repeat(map[string]func(*rapid.T){
			"create": m.create, "import": m.build, "clone": m.clone, "snapshot": m.snapshot, "snapshot 2": m.snapshot,
			"close": m.close, "write": m.write, "write 2": m.write, "write 3": m.write, "unmap": m.unmap, "atomic": m.atomic, "flush": m.flush,
			"reset": m.reset, "revert": m.revert, "delete": m.delete, "thin": m.thin, "thin 2": m.thin, "tidy": m.tidy,
			"tidy in use": m.tidyInUse, "resize": m.resize, "promote": m.promote,
			"kill": m.kill, "cut": m.cut, "full": m.full, "read": m.read,
		})
		m.checkAll(t)
	})
}

func (m *machine) start(t *rapid.T) {
	d, err := openDir(m.fs, Reserve(0))
	if err != nil {
		t.Fatal(err)
	}
	m.d = d
}

// pick chooses an id that fits, or skips the step.
func (m *machine) pick(t *rapid.T, fits func(string, *modelled) bool) (string, *modelled) {
	var ids []string
	for id, x := range m.all {
		if fits(id, x) {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		t.Skip("nothing fits")
	}
	slices.Sort(ids)
	id := rapid.SampledFrom(ids).Draw(t, "id")
	return id, m.all[id]
}

func anything(string, *modelled) bool         { return true }
func isVolume(_ string, x *modelled) bool     { return x.kind == KindVolume }
func isOpen(_ string, x *modelled) bool       { return x.disk != nil }
func closedVolume(_ string, x *modelled) bool { return x.kind == KindVolume && x.disk == nil }

func (m *machine) id() string {
	m.ids++
	return "id" + string(rune('a'+m.ids%26)) + string(rune('a'+m.ids/26%26)) + string(rune('a'+m.ids/676))
}

// attempt runs an operation, perhaps with a power cut in the middle. Afterwards it has
// either happened completely (done is called) or not at all.
func (m *machine) attempt(t *rapid.T, do func() error, done func(), happened func() bool) {
	m.fs.countdown = -1
	if rapid.IntRange(0, 3).Draw(t, "power") == 0 {
		m.fs.countdown = rapid.IntRange(0, 60).Draw(t, "calls")
	}
	err := do()
	off := m.fs.off
	m.fs.countdown = -1
	if !off {
		if err != nil {
			t.Fatal(err)
		}
		done()
		return
	}
	m.restart(t, m.fs.cut(m.chaos))
	if err == nil || happened() {
		done()
	}
	m.settle(t)
}

func exists(m *machine, id string) func() bool {
	return func() bool {
		_, err := m.d.Stat(id)
		return !errors.Is(err, fs.ErrNotExist)
	}
}

// flushed updates the model when all writes are on stable storage.
func (m *machine) flushed(x *modelled) { x.maybe = nil }

// opened chooses a volume and opens it.
func (m *machine) opened(t *rapid.T) *modelled {
	id, x := m.pick(t, isVolume)
	if x.disk == nil {
		var err error
		if x.disk, err = m.d.Open(id, false); err != nil {
			t.Fatal(err)
		}
	}
	return x
}

// kill ends the process. Its writes are in the page cache, and may stay there until a power
// cut.
func (m *machine) kill(t *rapid.T) {
	m.restart(t, m.fs.kill())
	for id, x := range m.all {
		maybe, before := maps.Clone(x.maybe), maps.Clone(x.now)
		m.settle1(t, id, x)
		for s := range maybe {
			maybe[s] = append(slices.Clone(maybe[s]), before[s])
		}
		x.maybe = maybe
	}
	m.checkAll(t)
}

// cut cuts the power.
func (m *machine) cut(t *rapid.T) {
	m.restart(t, m.fs.cut(m.chaos))
	m.settle(t)
}

func (m *machine) restart(t *rapid.T, left *memFS) {
	m.fs = left
	for _, x := range m.all {
		x.disk = nil
	}
	m.start(t)
}
