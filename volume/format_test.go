package volume

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestHeader(t *testing.T) {
	id := newLayerID()
	good := encodeHeader(id)
	if got, err := decodeHeader(good); err != nil || got != id {
		t.Errorf("decodeHeader = %x, %v, want %x", got, err, id)
	}
	reseal := func(b []byte) {
		copy(b[12:], []byte{0, 0, 0, 0})
		sum := checksum(b, 12)
		copy(b[12:], []byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)})
	}
	for name, c := range map[string]struct {
		spoil func(b []byte)
		want  error
	}{
		"magic":               {func(b []byte) { b[0] = 'X' }, ErrFormat},
		"version 2":           {func(b []byte) { b[11] = 2; reseal(b) }, ErrFormat},
		"version 2, damaged":  {func(b []byte) { b[11] = 2 }, ErrFormat},
		"a bit":               {func(b []byte) { b[100] ^= 1 }, ErrDamaged},
		"other blocks":        {func(b []byte) { b[17] = 2; reseal(b) }, ErrFormat},
		"something in spaces": {func(b []byte) { b[4000] = 2; reseal(b) }, ErrFormat},
	} {
		b := bytes.Clone(good)
		c.spoil(b)
		if _, err := decodeHeader(b); !errors.Is(err, c.want) {
			t.Errorf("%s: decodeHeader = %v, want %v", name, err, c.want)
		}
	}
}

// copies makes both copies of page 3, with block g in generation g; 0 is none.
func copies(id layerID, generations [2]uint64) []byte {
	b := make([]byte, 2*slotSize)
	for c, g := range generations {
		if g > 0 {
			var words [pageBlocks / 64]uint64
			words[g/64] = 1 << (g % 64)
			copy(b[c*slotSize:], encodePage(id, 3, g, &words))
		}
	}
	return b
}

func TestNewestCopyOfAPage(t *testing.T) {
	id := newLayerID()
	torn := func(c int) func([]byte) {
		return func(b []byte) { clear(b[c*slotSize+512:][:512]); b[c*slotSize+600] = 1 }
	}
	for name, c := range map[string]struct {
		generations [2]uint64
		spoil       func([]byte)
		want        uint64 // 0: never written
		err         error
	}{
		"never written":             {[2]uint64{}, nil, 0, nil},
		"first":                     {[2]uint64{0, 1}, nil, 1, nil},
		"second":                    {[2]uint64{2, 1}, nil, 2, nil},
		"third":                     {[2]uint64{2, 3}, nil, 3, nil},
		"first torn":                {[2]uint64{0, 1}, torn(1), 0, nil},
		"second torn":               {[2]uint64{2, 1}, torn(0), 1, nil},
		"third torn":                {[2]uint64{2, 3}, torn(1), 2, nil},
		"older one torn":            {[2]uint64{2, 3}, torn(0), 3, nil},
		"both torn":                 {[2]uint64{2, 3}, func(b []byte) { torn(0)(b); torn(1)(b) }, 0, ErrDamaged},
		"the even one alone, torn":  {[2]uint64{2, 0}, torn(0), 0, ErrDamaged},
		"noise":                     {[2]uint64{2, 3}, func(b []byte) { copy(b[slotSize:], bytes.Repeat([]byte{0xa5}, slotSize)) }, 2, nil},
		"generation in wrong place": {[2]uint64{3, 1}, nil, 1, nil},
	} {
		b := copies(id, c.generations)
		if c.spoil != nil {
			c.spoil(b)
		}
		p, err := newest(b, id, 3)
		got := uint64(0)
		if p != nil {
			got = p.generation
			if p.words[got/64].Load() != 1<<(got%64) {
				t.Errorf("%s: the blocks are not those of generation %d", name, got)
			}
		}
		if got != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s: newest = generation %d, %v, want %d, %v", name, got, err, c.want, c.err)
		}
	}
	for name, b := range map[string][]byte{"another layer's": copies(newLayerID(), [2]uint64{2, 3}), "another page's": nil} {
		index := int64(3)
		if b == nil {
			b, index = copies(id, [2]uint64{2, 3}), 4
		}
		if _, err := newest(b, id, index); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: newest = %v, want %v", name, err, ErrDamaged)
		}
	}
}

func FuzzHeader(f *testing.F) {
	f.Add(encodeHeader(layerID{1, 2, 3}))
	f.Add([]byte(headerMagic))
	f.Fuzz(func(t *testing.T, b []byte) {
		if id, err := decodeHeader(b); err == nil && !bytes.Equal(encodeHeader(id), b) {
			t.Error("what was accepted is not what we would write")
		}
	})
}

func FuzzPage(f *testing.F) {
	id := layerID{1, 2, 3}
	f.Add(copies(id, [2]uint64{0, 1}))
	f.Add(copies(id, [2]uint64{2, 1}))
	f.Add(make([]byte, 2*slotSize))
	f.Fuzz(func(t *testing.T, b []byte) {
		b = append(b, make([]byte, 2*slotSize)...)[:2*slotSize]
		p, err := newest(b, id, 3)
		if err != nil || p == nil {
			return
		}
		var words [pageBlocks / 64]uint64
		for i := range words {
			words[i] = p.words[i].Load()
		}
		c := int(p.generation%2) * slotSize
		if got := encodePage(id, 3, p.generation, &words); !bytes.Equal(got[:64], b[c:c+64]) || !bytes.Equal(got[64:2112], b[c+64:c+2112]) {
			t.Error("what was accepted is not what we would write")
		}
	})
}

func manifestOf(change func(*manifest)) *manifest {
	m := &manifest{Version: 1, Kind: KindVolume, Size: 1 << 30, Created: time.Unix(1, 0).UTC(),
		Layers: []string{strings.Repeat("0a", 16) + rawSuffix, strings.Repeat("0b", 16) + overSuffix}, Base: 1}
	if change != nil {
		change(m)
	}
	return m
}

func TestManifest(t *testing.T) {
	over := strings.Repeat("0c", 16) + overSuffix
	for name, c := range map[string]struct {
		change func(*manifest)
		want   error
	}{
		"good":              {nil, nil},
		"snapshot":          {func(m *manifest) { m.Kind, m.Volume = KindSnapshot, "v" }, nil},
		"version 2":         {func(m *manifest) { m.Version = 2 }, ErrFormat},
		"no version":        {func(m *manifest) { m.Version = 0 }, ErrFormat},
		"kind":              {func(m *manifest) { m.Kind = "disk" }, ErrDamaged},
		"size":              {func(m *manifest) { m.Size = 1000 }, ErrDamaged},
		"no layers":         {func(m *manifest) { m.Layers, m.Base = nil, 0 }, ErrDamaged},
		"base":              {func(m *manifest) { m.Base = 3 }, ErrDamaged},
		"negative base":     {func(m *manifest) { m.Base = -1 }, ErrDamaged},
		"raw on top":        {func(m *manifest) { slices.Reverse(m.Layers) }, ErrDamaged},
		"twice the same":    {func(m *manifest) { m.Layers = []string{over, over} }, ErrDamaged},
		"a path":            {func(m *manifest) { m.Layers[0] = "../../etc/shadow" }, ErrDamaged},
		"a snapshot of all": {func(m *manifest) { m.Kind = KindSnapshot }, ErrDamaged},
		"a volume's volume": {func(m *manifest) { m.Volume = "v" }, ErrDamaged},
	} {
		b, err := encodeManifest(manifestOf(c.change))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := decodeManifest(b); !errors.Is(err, c.want) {
			t.Errorf("%s: decodeManifest = %v, want %v", name, err, c.want)
		}
	}
	good, err := encodeManifest(manifestOf(nil))
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{
		"empty": nil, "cut off": good[:len(good)/2], "followed": append(bytes.Clone(good), "{}"...),
		"unknown field": bytes.Replace(good, []byte(`"base"`), []byte(`"bias"`), 1),
	} {
		if _, err := decodeManifest(b); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: decodeManifest = %v, want %v", name, err, ErrDamaged)
		}
	}
}

func FuzzManifest(f *testing.F) {
	for _, change := range []func(*manifest){nil, func(m *manifest) { m.Kind, m.Volume = KindSnapshot, "v" }} {
		b, err := encodeManifest(manifestOf(change))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := decodeManifest(b)
		if err != nil {
			return
		}
		for _, l := range m.Layers {
			if strings.ContainsAny(l, "/\\\x00") {
				t.Errorf("layer %q is a path", l)
			}
		}
		again, err := encodeManifest(m)
		if err != nil {
			t.Skip() // a year beyond 9999
		}
		if _, err := decodeManifest(again); err != nil || !json.Valid(again) {
			t.Errorf("what was accepted is refused when we write it: %v", err)
		}
	})
}

func FuzzSums(f *testing.F) {
	f.Add([]byte(sumsMagic + "\x00\x00\x00\x01\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := decodeSums(b)
		if err == nil && (len(s.blocks) != (len(b)-sumsHeader)/4 || s.fits(1<<40, []byte{1})) {
			t.Errorf("%d sums of %d bytes", len(s.blocks), len(b))
		}
	})
}

func FuzzAtomic(f *testing.F) {
	f.Add(encodeAtomic([]byte("some data"), 512), int64(4096))
	f.Add(encodeAtomic(nil, 0), int64(0))
	f.Add([]byte(atomicMagic), int64(512))
	f.Fuzz(func(t *testing.T, b []byte, size int64) {
		size = max(size, 0)
		if p, off, ok := decodeAtomic(b, size); ok && (off < 0 || off+int64(len(p)) > size) {
			t.Errorf("decodeAtomic = %d bytes at %d of %d", len(p), off, size)
		}
	})
}
