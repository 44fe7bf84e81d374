package volume

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
)

// sums has a CRC-32C for each block of an image, the last one padded with zeros. It is
// computed while the image is written, and stored beside its layer, so that a scrub can
// find damaged blocks. Blocks that were never written have 0.
type sums struct {
	blocks  []uint32
	partial []int64 // blocks that were written in several pieces
}

const (
	sumsSuffix = ".sums"
	sumsMagic  = "IRONSUMS"
	sumsHeader = 16 // magic, version, checksum of all; then a number for each block
)

func sumsPath(layer string) string { return layerPath(layer + sumsSuffix) }

// add adds a piece of a block.
func (s *sums) add(p []byte, off int64) {
	b := off / clusterSize
	if n := int(b) + 1 - len(s.blocks); n > 0 {
		s.blocks = append(s.blocks, make([]uint32, n)...)
	}
	if len(p) == clusterSize {
		s.blocks[b] = crc32.Checksum(p, castagnoli)
	} else if !slices.Contains(s.partial[max(0, len(s.partial)-1):], b) {
		s.partial = append(s.partial, b)
	}
}

// finish reads the blocks that were written in several pieces.
func (s *sums) finish(f file) error {
	p := make([]byte, clusterSize)
	for _, b := range s.partial {
		if err := readFull(f, p, b*clusterSize); err != nil {
			return err
		}
		s.blocks[b] = crc32.Checksum(p, castagnoli)
	}
	s.partial = nil
	return nil
}

// save writes the sums of a layer durably, except for the file's name.
func (s *sums) save(fs fileSystem, layer string) error {
	b := make([]byte, sumsHeader, sumsHeader+4*len(s.blocks))
	copy(b, sumsMagic)
	binary.BigEndian.PutUint32(b[8:], version)
	for _, sum := range s.blocks {
		b = binary.BigEndian.AppendUint32(b, sum)
	}
	binary.BigEndian.PutUint32(b[12:], checksum(b, 12))
	f, err := fs.Create(sumsPath(layer))
	if err != nil {
		return err
	}
	_, err = f.WriteAt(b, 0)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		err = errors.Join(err, fs.Remove(sumsPath(layer)))
	}
	return err
}

// loadSums returns fs.ErrNotExist for a layer without sums.
func loadSums(fs fileSystem, layer string) (*sums, error) {
	f, err := fs.Open(sumsPath(layer), false)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	b := make([]byte, min(info.Size, sumsHeader+4*blocksOf(maxSize)))
	if err := readFull(f, b, 0); err != nil {
		return nil, err
	}
	return decodeSums(b)
}

func decodeSums(b []byte) (*sums, error) {
	if len(b) < sumsHeader || len(b)%4 != 0 || string(b[:8]) != sumsMagic {
		return nil, fmt.Errorf("checksums: %w", ErrDamaged)
	}
	if v := binary.BigEndian.Uint32(b[8:]); v != version {
		return nil, fmt.Errorf("checksums of version %d: %w", v, ErrFormat)
	}
	if binary.BigEndian.Uint32(b[12:]) != checksum(b, 12) {
		return nil, fmt.Errorf("checksums: %w", ErrDamaged)
	}
	s := &sums{blocks: make([]uint32, (len(b)-sumsHeader)/4)}
	for i := range s.blocks {
		s.blocks[i] = binary.BigEndian.Uint32(b[sumsHeader+4*i:])
	}
	return s, nil
}

// fits reports whether a block matches its checksum.
func (s *sums) fits(block int64, p []byte) bool {
	if s.empty(block) && isZero(p) {
		return true
	}
	return block < int64(len(s.blocks)) && crc32.Checksum(p, castagnoli) == s.blocks[block]
}

// empty reports whether a block was never written.
func (s *sums) empty(block int64) bool {
	return block >= int64(len(s.blocks)) || s.blocks[block] == 0
}
