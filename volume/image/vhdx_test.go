package image

import (
	"encoding/binary"
	"errors"
	"io"
	"maps"
	"path/filepath"
	"testing"
)

// pieces is a file that is zeros but for what it has at some offsets.
type pieces map[int64][]byte

func (p pieces) ReadAt(b []byte, off int64) (int, error) {
	clear(b)
	for at, piece := range p {
		if from := off - at; from < int64(len(piece)) && at < off+int64(len(b)) {
			copy(b[max(0, -from):], piece[max(0, from):])
		}
	}
	return len(b), nil
}

var le = binary.LittleEndian

// The places in the files of these tests.
const (
	testMetadata = 2 << 20
	testTable    = 3 << 20
	testData     = 4 << 20
)

// vhdxEntry is a GUID and what a table says of it.
func vhdxEntry(id string, numbers ...uint32) []byte {
	b := append([]byte(id), make([]byte, 16)...)
	for i, n := range numbers {
		le.PutUint32(b[16+4*i:], n)
	}
	return b
}

// regionTable is one of entries, signed.
func regionTable(entries ...[]byte) []byte {
	b := make([]byte, vhdxTableSize)
	copy(b, "regi")
	le.PutUint32(b[8:], uint32(len(entries)))
	for i, e := range entries {
		copy(b[16+32*i:], e)
	}
	sign(b)
	return b
}

// metadata is a region that says this of the disk; others are entries besides.
func metadata(block, flags uint32, size uint64, sector uint32, others ...[]byte) []byte {
	b := make([]byte, vhdxTableSize+24)
	copy(b, "metadata")
	entries := append([][]byte{vhdxEntry(vhdxBlocks, vhdxTableSize, 8, 4), vhdxEntry(vhdxSize, vhdxTableSize+8, 8, 6),
		vhdxEntry(vhdxSector, vhdxTableSize+16, 4, 6)}, others...)
	le.PutUint16(b[10:], uint16(len(entries)))
	for i, e := range entries {
		copy(b[32+32*i:], e)
	}
	le.PutUint32(b[vhdxTableSize:], block)
	le.PutUint32(b[vhdxTableSize+4:], flags)
	le.PutUint64(b[vhdxTableSize+8:], size)
	le.PutUint32(b[vhdxTableSize+16:], sector)
	return b
}

// table is a block allocation table.
func table(entries ...uint64) []byte {
	b := make([]byte, 8*len(entries))
	for i, e := range entries {
		le.PutUint64(b[8*i:], e)
	}
	return b
}

var (
	partTable    = vhdxEntry(vhdxTable, testTable, 0, 1<<20, 1)
	partMetadata = vhdxEntry(vhdxMetadata, testMetadata, 0, 1<<20, 1)
)

// smallVHDX is a disk of 2.5 MiB in blocks of 1 MiB, the first and the last of which have data.
func smallVHDX() pieces {
	return pieces{
		192 << 10: regionTable(partTable, partMetadata), testMetadata: metadata(1<<20, 0, 5<<19, 512),
		testTable: table(testData|vhdxPresent, 2, (testData+1<<20)|vhdxPresent), testData: []byte("one"), testData + 1<<20: []byte("three"),
	}
}

// TestTablesOfVHDX changes one thing in the tables of a file.
func TestTablesOfVHDX(t *testing.T) {
	const present = testData | vhdxPresent
	unknown := vhdxEntry(guid("00112233-4455-6677-8899-AABBCCDDEEFF"), testMetadata, 0, 1<<20, 1)
	for name, c := range map[string]struct {
		change pieces
		length int64 // of the file, if it is not as long as it should be
		want   error
	}{
		"as it should be":             {nil, 0, nil},
		"the second table of regions": {pieces{192 << 10: []byte("regi"), 256 << 10: regionTable(partMetadata, partTable)}, 0, nil},
		"no table of regions":         {pieces{192 << 10: []byte("regi")}, 0, ErrDamaged},
		"a table with a bit turned":   {pieces{192<<10 + 100: []byte{1}}, 0, ErrDamaged},
		"too many regions":            {pieces{192 << 10: regionTable(make([][]byte, maxVHDXParts+1)...)}, 0, ErrHostile},
		"no metadata":                 {pieces{192 << 10: regionTable(partTable)}, 0, ErrHostile},
		"a region that is not known":  {pieces{192 << 10: regionTable(partTable, partMetadata, unknown)}, 0, ErrUnsupported},
		"one that does not matter": {pieces{192 << 10: regionTable(partTable, partMetadata,
			vhdxEntry(guid("00112233-4455-6677-8899-AABBCCDDEEFF")))}, 0, nil},
		"metadata of something else": {pieces{testMetadata: []byte("notmetadata")}, 0, ErrDamaged},
		"metadata that is not known": {pieces{testMetadata: metadata(1<<20, 0, 5<<19, 512,
			vhdxEntry(guid("00112233-4455-6677-8899-AABBCCDDEEFF"), 0, 0, 4))}, 0, ErrUnsupported},
		"the disk id":                 {pieces{testMetadata: metadata(1<<20, 0, 5<<19, 512, vhdxEntry(vhdxOthers[0], 0, 0, 6))}, 0, nil},
		"a parent":                    {pieces{testMetadata: metadata(1<<20, 2, 5<<19, 512)}, 0, ErrHostile},
		"blocks of 3 MiB":             {pieces{testMetadata: metadata(3<<20, 0, 5<<19, 512)}, 0, ErrHostile},
		"blocks of nothing":           {pieces{testMetadata: metadata(0, 0, 5<<19, 512)}, 0, ErrHostile},
		"sectors of 520 bytes":        {pieces{testMetadata: metadata(1<<20, 0, 5<<19, 520)}, 0, ErrHostile},
		"sectors of 4096 bytes":       {pieces{testMetadata: metadata(1<<20, 0, 5<<19, 4096)}, 0, nil},
		"half a sector":               {pieces{testMetadata: metadata(1<<20, 0, 5<<19-256, 512)}, 0, ErrHostile},
		"a disk of nothing":           {pieces{testMetadata: metadata(1<<20, 0, 0, 512)}, 0, ErrTooLarge},
		"a disk that is too large":    {pieces{testMetadata: metadata(1<<20, 0, 1<<62, 512)}, 0, ErrTooLarge},
		"a table that is too short":   {pieces{192 << 10: regionTable(vhdxEntry(vhdxTable, testTable, 0, 23, 1), partMetadata)}, 0, ErrHostile},
		"a block in the header":       {pieces{testTable: table(vhdxPresent, 2, present)}, 0, ErrHostile},
		"a block of a parent":         {pieces{testTable: table(present, testData|vhdxPartly, 0)}, 0, ErrHostile},
		"a block beyond the end":      {pieces{testTable: table(present, 0, 1<<40|vhdxPresent)}, 0, ErrDamaged},
		"a block at a negative place": {pieces{testTable: table(present, 0, 1<<63|vhdxPresent)}, 0, ErrHostile},
		"a file that ends too early":  {nil, testData + 1<<20 + 511<<10, ErrDamaged},
		"more blocks than the file is": {pieces{testMetadata: metadata(1<<20, 0, 7<<20, 512),
			testTable: table(present, present, present, present, present, present, present)}, 0, ErrHostile},
	} {
		t.Run(name, func(t *testing.T) {
			file, got := smallVHDX(), map[int64]string{}
			for at, piece := range c.change {
				if at == 192<<10+100 {
					file[192<<10][100] ^= piece[0]
				} else {
					file[at] = piece
				}
			}
			length := max(c.length, 0)
			if length == 0 {
				length = testData + 1<<20 + 1<<19
			}
			v, err := openVHDX(file, length, 1<<40)
			if err == nil {
				err = v.each(t.Context(), func(p []byte, off int64) error { got[off] = string(p[:5]); return nil })
			}
			if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) || err != nil && !isFault(err) {
				t.Errorf("error %v, want %v", err, c.want)
			}
			if want := (map[int64]string{0: "one\x00\x00", 2 << 20: "three"}); err == nil && !maps.Equal(got, want) {
				t.Errorf("disk %v, want %v", got, want)
			}
		})
	}
}

// TestChunksOfVHDX has blocks so large that entries of sector bitmaps lie among theirs, and
// a file of qemu-img's in each size of block.
func TestChunksOfVHDX(t *testing.T) {
	const block = 256 << 20 // 16 of them make a chunk
	entries := make([]uint64, 20)
	entries[15], entries[16], entries[17] = testData|vhdxPresent, 6, (testData+block)|vhdxPresent // 16 is that of the bitmap
	file := pieces{192 << 10: regionTable(partTable, partMetadata), testMetadata: metadata(block, 0, 19*block, 512),
		testTable: table(entries...)}
	v, err := openVHDX(file, testData+2*block, 1<<40)
	if err != nil {
		t.Fatal(err)
	}
	var seen []int64
	if err := v.each(t.Context(), func(_ []byte, off int64) error {
		if off%block == 0 {
			seen = append(seen, off/block)
		}
		return nil
	}); err != nil || len(seen) != 2 || seen[0] != 15 || seen[1] != 16 {
		t.Errorf("blocks %v, %v; want 15 and 16", seen, err)
	}
	if testing.Short() {
		return
	}
	for _, size := range []string{"1M", "32M", "256M"} {
		path := filepath.Join(t.TempDir(), "x.vhdx")
		tool(t, "qemu-img", "create", "-q", "-f", "vhdx", "-o", "block_size="+size, path, "9G")
		tool(t, "qemu-io", "-f", "vhdx", "-c", "write -P 7 8G 1M", path)
		d := open(t)
		if res, err := Import(t.Context(), d, "img", Request{Path: path}); err != nil || res.Size != 9<<30 {
			t.Fatalf("blocks of %s: %+v, %v", size, res, err)
		}
		disk, err := d.Open("img", true)
		if err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 3)
		for off, want := range map[int64]byte{8<<30 - 3: 0, 8 << 30: 7, 8<<30 + 1<<20 - 3: 7, 8<<30 + 1<<20: 0} {
			if _, err := disk.ReadAt(b, off); err != nil || b[0] != want || b[2] != want {
				t.Errorf("blocks of %s: at %d is %d, %v, want %d", size, off, b, err, want)
			}
		}
		if err := disk.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// FuzzVHDX reads tables of any kind. What is wrong with them is the fault of the file, and no
// more comes out than the file has.
func FuzzVHDX(f *testing.F) {
	small := smallVHDX()
	f.Add(small[192<<10][16:80], small[testMetadata][:128], small[testMetadata][vhdxTableSize:], small[testTable])
	f.Add(regionTable(partMetadata, partTable)[16:80], metadata(256<<20, 0, 20<<30, 4096)[:128],
		metadata(256<<20, 0, 20<<30, 4096)[vhdxTableSize:], table(testData|vhdxPresent, 7))
	f.Fuzz(func(t *testing.T, regions, items, values, blocks []byte) {
		const length, most = 8 << 20, 1 << 30
		b := make([]byte, vhdxTableSize)
		copy(b, "regi")
		le.PutUint32(b[8:], uint32(len(regions)/32))
		copy(b[16:], regions)
		sign(b)
		file := pieces{192 << 10: b, testMetadata: items[:min(len(items), vhdxTableSize)], testMetadata +
			vhdxTableSize: values[:min(len(values), 1024)], testTable: blocks[:min(len(blocks), 1<<16)]}
		v, err := openVHDX(io.NewSectionReader(file, 0, length), length, most)
		total := 0
		if err == nil {
			err = v.each(t.Context(), func(p []byte, off int64) error {
				if total += len(p); off < 0 || off+int64(len(p)) > v.size || v.size > most {
					t.Errorf("%d bytes at %d of a disk of %d", len(p), off, v.size)
				}
				return nil
			})
		}
		if err != nil && !isFault(err) || total > length {
			t.Errorf("%d bytes, %v", total, err)
		}
	})
}
