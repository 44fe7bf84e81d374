// Layerdump reads a volume knowing nothing but docs/volume-format.md: it shares no
// code with the program that wrote it, and so is a second opinion on the format.
//
//	layerdump VOLUMES ID            prints the layers of the volume
//	layerdump -raw VOLUMES ID >F    writes its contents
package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"strings"
)

const block = 64 << 10

// layer is a file, and the blocks it has; nil: all.
type layer struct {
	name string
	file *os.File
	data int64
	has  map[int64]bool
}

func main() {
	raw := flag.Bool("raw", false, "write the contents")
	flag.Parse()
	if flag.NArg() != 2 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(flag.Arg(0), flag.Arg(1), *raw, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "layerdump:", err)
		os.Exit(1)
	}
}

func run(dir, id string, raw bool, w io.Writer) error {
	b, err := os.ReadFile(filepath.Join(dir, id+".json"))
	if err != nil {
		return err
	}
	var m struct {
		Version      int
		Kind, Volume string
		Size         int64
		Layers       []string
	}
	if err := json.Unmarshal(b, &m); err != nil || m.Version != 1 {
		return fmt.Errorf("manifest of version %d: %v", m.Version, err)
	}
	var stack []*layer
	for _, name := range m.Layers {
		l, err := read(filepath.Join(dir, "layers", name), m.Size)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		defer l.file.Close()
		stack = append(stack, l)
	}
	if raw {
		return dump(stack, m.Size, w)
	}
	fmt.Fprintf(w, "%s %s, %d bytes\n", m.Kind, id, m.Size)
	for _, l := range stack {
		if l.has == nil {
			fmt.Fprintf(w, "  %s\n", l.name)
		} else {
			fmt.Fprintf(w, "  %s: %d blocks\n", l.name, len(l.has))
		}
	}
	return nil
}

// read opens a layer of a volume of size bytes and reads its map.
func read(path string, size int64) (*layer, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	l := &layer{name: filepath.Base(path), file: f}
	if strings.HasSuffix(path, ".raw") {
		return l, nil
	}
	h := make([]byte, 4096)
	if _, err := f.ReadAt(h, 0); err != nil {
		return nil, err
	}
	be := binary.BigEndian
	if string(h[:8]) != "IRONLAYR" || be.Uint32(h[8:]) != 1 || !whole(h, 12) {
		return nil, fmt.Errorf("not an overlay of version 1")
	}
	blockSize, pageBlocks, start := int64(be.Uint32(h[16:])), int64(be.Uint32(h[20:])), int64(be.Uint64(h[24:]))
	l.data, l.has = int64(be.Uint64(h[32:])), map[int64]bool{}
	for p := int64(0); p*pageBlocks*blockSize < size; p++ {
		var newest []byte
		for c := range int64(2) {
			b := make([]byte, 4096)
			if _, err := f.ReadAt(b, start+(2*p+c)*4096); err != nil && err != io.EOF {
				return nil, err
			}
			ok := string(b[:8]) == "IRONPMAP" && whole(b, 40) && bytes.Equal(b[24:40], h[40:56]) && int64(be.Uint64(b[16:])) == p
			if ok && (newest == nil || be.Uint64(b[8:]) > be.Uint64(newest[8:])) {
				newest = b
			}
		}
		for n := int64(0); newest != nil && n < pageBlocks; n++ {
			if newest[64+n/8]>>(n%8)&1 != 0 {
				l.has[p*pageBlocks+n] = true
			}
		}
	}
	return l, nil
}

// whole reports whether b has the checksum that is at off.
func whole(b []byte, off int) bool {
	b = bytes.Clone(b)
	want := binary.BigEndian.Uint32(b[off:])
	clear(b[off : off+4])
	return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) == want
}

// dump writes the contents of a stack of layers.
func dump(stack []*layer, size int64, w io.Writer) error {
	for off := int64(0); off < size; off += block {
		b := make([]byte, min(block, size-off))
		for i := len(stack) - 1; i >= 0; i-- {
			if l := stack[i]; l.has == nil || l.has[off/block] {
				if _, err := l.file.ReadAt(b, l.data+off); err != nil && err != io.EOF {
					return err
				}
				break
			}
		}
		if _, err := w.Write(b); err != nil {
			return err
		}
	}
	return nil
}
