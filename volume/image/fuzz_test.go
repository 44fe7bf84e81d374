package image

import (
	"bufio"
	"bytes"
	"io"
	"strings"
	"testing"
)

// fuzzOpener has a decompressor read anything. It must come to an end, or go on.
func fuzzOpener(t *testing.T, open opener, b []byte) {
	r, done, err := open(bufio.NewReader(bytes.NewReader(b)))
	if err != nil {
		return
	}
	defer done()
	for left := 16 << 20; left > 0; { // a decompressor that stands still does not come to its end
		n, err := r.Read(make([]byte, 64<<10))
		if n == 0 && err == nil || n < 0 {
			t.Errorf("%d bytes without an error", n)
		}
		if err != nil {
			return
		}
		left -= n
	}
}

// seeds packs a text in all ways, whole, cut off and twice.
func seeds(f *testing.F, packing string) {
	b := packers[packing](f, []byte(strings.Repeat("some text, ", 20)))
	f.Add(b)
	f.Add(b[:len(b)-5])
	f.Add(append(bytes.Clone(b), b...))
	f.Add(append(bytes.Clone(b), "and more"...))
}

func FuzzGzip(f *testing.F) {
	seeds(f, "gz")
	f.Fuzz(func(t *testing.T, b []byte) { fuzzOpener(t, openGzip, b) })
}

func FuzzZstd(f *testing.F) {
	seeds(f, "zst")
	f.Fuzz(func(t *testing.T, b []byte) { fuzzOpener(t, openZstd, b) })
}

func FuzzLZ4(f *testing.F) {
	seeds(f, "lz4")
	f.Fuzz(func(t *testing.T, b []byte) { fuzzOpener(t, openLZ4, b) })
}

func FuzzBzip2(f *testing.F) {
	f.Add([]byte("BZh9\x17\x72\x45\x38\x50\x90\x00\x00\x00\x00"))
	f.Add([]byte("BZh91AY&SY"))
	f.Fuzz(func(t *testing.T, b []byte) { fuzzOpener(t, openBzip2, b) })
}

func FuzzLZMA(f *testing.F) {
	seeds(f, "lzma")
	f.Fuzz(func(t *testing.T, b []byte) { fuzzOpener(t, openLZMA, b) })
}

// FuzzBCJ holds that a filter does not depend on the pieces in which data comes, and that it
// neither loses nor adds any.
func FuzzBCJ(f *testing.F) {
	for id := range filters {
		f.Add(byte(id), bytes.Repeat([]byte("\xe8\xe9\x00\xff\xeb\x94\x48\x01\xf0\xf8\x40\x10"), 8), 5)
	}
	f.Add(byte(filterDelta), []byte("abcabcabc"), 1)
	f.Fuzz(func(t *testing.T, id byte, b []byte, piece int) {
		whole, err := unfilter(id, bytes.NewReader(b))
		if err != nil {
			return
		}
		if pieces, err := unfilter(id, inPieces{bytes.NewReader(b), max(1, piece&0xff)}); err != nil || !bytes.Equal(pieces, whole) ||
			len(whole) != len(b) {
			t.Errorf("filter %#x makes of %x in one piece %x, and of pieces of %d %x, %v", id, b, whole, piece, pieces, err)
		}
	})
}

func unfilter(id byte, r io.Reader) ([]byte, error) {
	properties := []byte(nil)
	if filterID(id) == filterDelta {
		properties = []byte{3}
	}
	z, start, err := newFilter(filterID(id), properties)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(&filtered{r: r, f: z, at: start})
}

// inPieces gives n bytes at a time.
type inPieces struct {
	r io.Reader
	n int
}

func (p inPieces) Read(b []byte) (int, error) { return p.r.Read(b[:min(len(b), p.n)]) }

// FuzzImport imports anything. It ends, and what fails has a kind that is the file's fault.
func FuzzImport(f *testing.F) {
	f.Add(tarOf(f, map[string][]byte{"disk.raw": make([]byte, 2048)}))
	f.Add(zipOf(f, map[string][]byte{"disk.raw": make([]byte, 2048), "note.txt": []byte("note")}))
	f.Add(append(make([]byte, 1024), footer(1024)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		if k, _ := Sniff(b); k.Format != Auto { // qemu-img and qcow2 have tests of their own
			return
		}
		d := open(t)
		_, err := Import(t.Context(), d, "img", Request{Reader: bytes.NewReader(b), MaxSize: 16 << 20})
		if err != nil && !isFault(err) {
			t.Errorf("Import = %v, of no kind", err)
		}
	})
}

func FuzzHeaders(f *testing.F) {
	f.Add([]byte("KDMV"))
	f.Add(append([]byte("head"), make([]byte, 200<<10)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		if err := checkVMDK(bytes.NewReader(b), int64(len(b))); err == nil && len(b) < 512 {
			t.Error("a vmdk without a header was accepted")
		}
		if dirty, err := dirtyVHDX(bytes.NewReader(b)); dirty && (err != nil || len(b) < 68<<10) {
			t.Error("a vhdx without a header has a log")
		}
	})
}
