package image

import (
	"encoding/binary"
	"hash/crc32"
	"io"
)

// A VHDX file has a log of changes, which may not have been applied if its writer crashed
// (MS-VHDX sections 2.2.2 and 2.3). Its two headers say whether the log is in use.

var vhdxHeaders = []int64{64 << 10, 128 << 10}

const vhdxHeader = 4096 // bytes

// dirtyVHDX reports whether the log of a VHDX file must be replayed first.
func dirtyVHDX(f io.ReaderAt) (dirty bool, err error) {
	var newest uint64
	for _, at := range vhdxHeaders {
		h := make([]byte, vhdxHeader)
		if _, err := f.ReadAt(h, at); err != nil && err != io.EOF {
			return false, err
		}
		sum := binary.LittleEndian.Uint32(h[4:])
		clear(h[4:8])
		sequence := binary.LittleEndian.Uint64(h[8:])
		if !begins(h, "head") || crc32.Checksum(h, castagnoli) != sum || sequence < newest {
			continue
		}
		newest, dirty = sequence, !isZeros(h[48:64])
	}
	return dirty, nil
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)
