package volume

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// An overlay is one sparse file: a header, the map, the data. docs/volume-format.md
// describes it for authors of tools.
const (
	headerMagic = "IRONLAYR"
	pageMagic   = "IRONPMAP"
	version     = 1

	clusterSize = 64 << 10 // bytes of a block
	pageBlocks  = 16 << 10 // blocks of a page of the map
	pageSpan    = pageBlocks * clusterSize

	slotSize = 4096 // bytes of the header, and of one of the two copies of a page
	mapStart = 2 * slotSize
	dataOff  = 128 << 20 // where the data of offset 0 is

	// maxSize is the size in bytes of the largest volume, limited by the map pages that fit
	// before the data.
	maxSize = (dataOff - mapStart) / (2 * slotSize) * pageSpan
)

// The errors of invalid files.
var (
	ErrFormat  = errors.New("unknown format")
	ErrDamaged = errors.New("damaged")
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// layerID identifies a layer; a page with the id of another layer is void.
type layerID [16]byte

// Where the fields of the header are. Numbers are big-endian.
//
//	 0 magic    8 version  12 checksum     16 bytes of a block  20 blocks of a page
//	24 start of the map    32 start of the data                 40 id of the layer
func encodeHeader(id layerID) []byte {
	b := make([]byte, slotSize)
	copy(b, headerMagic)
	binary.BigEndian.PutUint32(b[8:], version)
	binary.BigEndian.PutUint32(b[16:], clusterSize)
	binary.BigEndian.PutUint32(b[20:], pageBlocks)
	binary.BigEndian.PutUint64(b[24:], mapStart)
	binary.BigEndian.PutUint64(b[32:], dataOff)
	copy(b[40:], id[:])
	binary.BigEndian.PutUint32(b[12:], checksum(b, 12))
	return b
}

func decodeHeader(b []byte) (id layerID, err error) {
	if len(b) != slotSize || string(b[:8]) != headerMagic {
		return id, fmt.Errorf("not an overlay: %w", ErrFormat)
	}
	if v := binary.BigEndian.Uint32(b[8:]); v != version {
		return id, fmt.Errorf("overlay of version %d, of which this program knows %d: %w", v, version, ErrFormat)
	}
	if binary.BigEndian.Uint32(b[12:]) != checksum(b, 12) {
		return id, fmt.Errorf("the header of the overlay does not match its checksum: %w", ErrDamaged)
	}
	copy(id[:], b[40:])
	if string(b) != string(encodeHeader(id)) {
		return id, fmt.Errorf("overlay with a geometry this program does not know: %w", ErrFormat)
	}
	return id, nil
}

// checksum is the CRC-32C of b with zeros for the four bytes at off.
func checksum(b []byte, off int) uint32 {
	sum := crc32.Update(0, castagnoli, b[:off])
	sum = crc32.Update(sum, castagnoli, []byte{0, 0, 0, 0})
	return crc32.Update(sum, castagnoli, b[off+4:])
}

// slot returns the offset of the copy of a page with this generation: each overwrites the
// last but one, so that a torn write never damages the last.
func slot(index int64, generation uint64) int64 {
	return mapStart + (2*index+int64(generation%2))*slotSize
}

// Where the fields of a page are.
//
//	0 magic   8 generation   16 index   24 id of the layer   40 checksum   64 bits
func encodePage(id layerID, index int64, generation uint64, words *[pageBlocks / 64]uint64) []byte {
	b := make([]byte, slotSize)
	copy(b, pageMagic)
	binary.BigEndian.PutUint64(b[8:], generation)
	binary.BigEndian.PutUint64(b[16:], uint64(index))
	copy(b[24:], id[:])
	for i, w := range words {
		binary.LittleEndian.PutUint64(b[64+8*i:], w) // so that block n is bit n%8 of byte n/8
	}
	binary.BigEndian.PutUint32(b[40:], checksum(b, 40))
	return b
}

// decodePage returns generation 0 for a copy that was never written, and ErrDamaged for a
// torn or misplaced one.
func decodePage(b []byte, id layerID, index int64, words *[pageBlocks / 64]uint64) (generation uint64, err error) {
	if isZero(b) {
		return 0, nil
	}
	generation = binary.BigEndian.Uint64(b[8:])
	if string(b[:8]) != pageMagic || generation == 0 ||
		binary.BigEndian.Uint64(b[16:]) != uint64(index) || string(b[24:40]) != string(id[:]) ||
		binary.BigEndian.Uint32(b[40:]) != checksum(b, 40) {
		return 0, ErrDamaged
	}
	for i := range words {
		words[i] = binary.LittleEndian.Uint64(b[64+8*i:])
	}
	return generation, nil
}

func isZero(b []byte) bool {
	for len(b) > 0 {
		n := min(len(b), len(zeros))
		if string(b[:n]) != string(zeros[:n]) {
			return false
		}
		b = b[n:]
	}
	return true
}
