package image

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"os"
)

// A VHDX file has a log of changes, which may not have been applied if its writer crashed
// (MS-VHDX sections 2.2.2 and 2.3). Its two headers say whether the log is in use.

var vhdxHeaders = []int64{64 << 10, 128 << 10}

const vhdxHeader = 4096 // bytes

// replayVHDX has qemu-img apply the log that the writer of the file left behind. The file is
// our own copy.
func replayVHDX(ctx context.Context, f *os.File) error {
	dirty, err := dirtyVHDX(f)
	if err != nil || !dirty {
		return err
	}
	program, err := findQemu()
	if err != nil {
		return err
	}
	_, err = qemu(ctx, program, []*os.File{f}, "check", "-r", "all", "--image-opts", qemuFormat{name: "vhdx"}.source())
	return err
}

// dirtyVHDX reports whether the log of a VHDX file must be replayed first.
func dirtyVHDX(f io.ReaderAt) (dirty bool, err error) {
	var newest uint64
	valid := false
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
		if version := binary.LittleEndian.Uint16(h[66:]); version != 1 {
			return false, fmt.Errorf("vhdx version %d: %w", version, ErrUnsupported)
		}
		valid, newest, dirty = true, sequence, !isZeros(h[48:64])
	}
	if !valid {
		return false, damagedVHDX("header", io.ErrUnexpectedEOF)
	}
	return dirty, nil
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)
