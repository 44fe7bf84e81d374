package image

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"io"
	"math/bits"
	"os"
	"slices"
	"strings"

	"ironhook/volume"
)

// vhdx reads a VHDX file whose log has been replayed (MS-VHDX). qemu-img would read and compare
// all of the disk, holes too. Every field is checked before it is used.
type vhdx struct {
	file   io.ReaderAt
	length int64 // of the file
	size   int64 // of the disk
	block  int64 // bytes that an entry of the block allocation table covers
	sector int64
	table  []byte // the block allocation table
}

// The parts of a file and of its metadata by their GUIDs (MS-VHDX sections 2.2.3.2 and 2.6.2).
var (
	vhdxTable    = guid("2DC27766-F623-4200-9D64-115E9BFD4A08")
	vhdxMetadata = guid("8B7CA206-4790-4B9A-B8FE-575F050F886E")
	vhdxBlocks   = guid("CAA16737-FA36-4D43-B3B6-33F0AA44E76B")
	vhdxSize     = guid("2FA54224-CD1B-4876-B211-5DBED83BF4B8")
	vhdxSector   = guid("8141BF1D-A96F-4709-BA47-F233A8FAAB5F")
	vhdxOthers   = []string{ // that do not matter to a reader: disk id, physical sector size
		guid("BECA12AB-B2E6-4523-93EF-C309E000C746"), guid("CDA348C7-445D-4471-9CC9-E9885251C556")}
)

// guid returns the 16 bytes of a GUID in a file: its first three parts are little-endian.
func guid(text string) string {
	b, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
	if err != nil {
		panic("image: " + err.Error())
	}
	slices.Reverse(b[:4])
	slices.Reverse(b[4:6])
	slices.Reverse(b[6:8])
	return string(b)
}

func damagedVHDX(part string, err error) error {
	return fmt.Errorf("the %s of the vhdx file is cut off or damaged: %s: %w: %w", part, sendAgain, ErrDamaged, err)
}

// decodeVHDX writes the disk of a VHDX file, whose log it replays first.
func decodeVHDX(ctx context.Context, b *volume.Builder, f *os.File, length, most int64) error {
	if err := replayVHDX(ctx, f); err != nil {
		return err
	}
	v, err := openVHDX(f, length, most)
	if err != nil {
		return err
	}
	b.Resize(v.size)
	return v.each(ctx, func(p []byte, off int64) error {
		_, err := b.WriteAt(p, off)
		return err
	})
}

// openVHDX reads the tables of a file of length bytes.
func openVHDX(file io.ReaderAt, length, most int64) (*vhdx, error) {
	regions, err := vhdxRegions(file)
	if err != nil {
		return nil, err
	}
	v := &vhdx{file: file, length: length}
	if err := v.readMetadata(regions[vhdxMetadata]); err != nil {
		return nil, err
	}
	perChunk := v.sector << 23 / v.block // blocks, after whose entries that of a sector bitmap follows
	switch {
	case v.size <= 0 || v.size > most:
		return nil, fmt.Errorf("the vhdx file is of a disk of %d bytes, and at most %d are accepted: %w", uint64(v.size), most, ErrTooLarge)
	case v.size%v.sector != 0:
		return nil, fmt.Errorf("the vhdx file is of a disk of %d bytes, which are no whole sectors: %w", v.size, ErrHostile)
	}
	blocks := (v.size + v.block - 1) / v.block
	v.table = make([]byte, 8*(blocks+(blocks-1)/perChunk))
	table := regions[vhdxTable]
	if int64(len(v.table)) > table.length {
		return nil, fmt.Errorf("the vhdx file has no proper block allocation table: %w", ErrHostile)
	}
	if _, err := file.ReadAt(v.table, table.at); err != nil {
		return nil, damagedVHDX("block allocation table", err)
	}
	return v, nil
}

// vhdxPart is where something lies in the file.
type vhdxPart struct{ at, length int64 }

const (
	vhdxTableSize = 64 << 10 // of the table of regions, and of the metadata
	maxVHDXParts  = 2047
)

// vhdxRegions reads the table of regions, of which there are two (MS-VHDX section 2.2.3).
func vhdxRegions(file io.ReaderAt) (map[string]vhdxPart, error) {
	var why error = io.ErrUnexpectedEOF
	for _, at := range []int64{192 << 10, 256 << 10} {
		b := make([]byte, vhdxTableSize)
		if _, err := file.ReadAt(b, at); err != nil {
			why = err
			continue
		}
		sum := binary.LittleEndian.Uint32(b[4:])
		clear(b[4:8])
		if begins(b, "regi") && crc32.Checksum(b, castagnoli) == sum {
			return vhdxParts(b[16:], int(binary.LittleEndian.Uint32(b[8:])), func(e []byte) (p vhdxPart, required bool) {
				return vhdxPart{int64(binary.LittleEndian.Uint64(e)), int64(binary.LittleEndian.Uint32(e[8:]))}, e[12]&1 != 0
			}, vhdxTable, vhdxMetadata)
		}
	}
	return nil, damagedVHDX("table of regions", why)
}

// vhdxParts reads a table of n entries, each a GUID and what read makes of the 16 bytes after
// it. What must be understood and is not known is refused.
func vhdxParts(b []byte, n int, read func(e []byte) (vhdxPart, bool), known ...string) (map[string]vhdxPart, error) {
	parts := map[string]vhdxPart{}
	if n > maxVHDXParts || 32*n > len(b) {
		return nil, fmt.Errorf("a table of the vhdx file with %d entries: %w", n, ErrHostile)
	}
	for ; n > 0; n, b = n-1, b[32:] {
		id := string(b[:16])
		part, required := read(b[16:32])
		switch {
		case slices.Contains(known, id):
			parts[id] = part
		case required && !slices.Contains(vhdxOthers, id):
			return nil, fmt.Errorf("the vhdx file has a part %x that is not supported: %w", id, ErrUnsupported)
		}
	}
	for _, id := range known {
		if parts[id].at <= 0 {
			return nil, fmt.Errorf("the vhdx file has no part %x: %w", id, ErrHostile)
		}
	}
	return parts, nil
}

// readMetadata reads what the disk is like (MS-VHDX section 2.6).
func (v *vhdx) readMetadata(region vhdxPart) error {
	b := make([]byte, vhdxTableSize)
	if _, err := v.file.ReadAt(b, region.at); err != nil || !begins(b, "metadata") {
		return damagedVHDX("metadata", err)
	}
	items, err := vhdxParts(b[32:], int(binary.LittleEndian.Uint16(b[10:])), func(e []byte) (p vhdxPart, required bool) {
		return vhdxPart{int64(binary.LittleEndian.Uint32(e)), int64(binary.LittleEndian.Uint32(e[4:]))}, e[8]&4 != 0
	}, vhdxBlocks, vhdxSize, vhdxSector)
	if err != nil {
		return err
	}
	value := map[string]uint64{}
	for id, item := range items {
		b := make([]byte, 8)
		if _, err := v.file.ReadAt(b[:min(8, item.length)], region.at+item.at); err != nil {
			return damagedVHDX("metadata", err)
		}
		value[id] = binary.LittleEndian.Uint64(b)
	}
	v.block, v.size, v.sector = int64(uint32(value[vhdxBlocks])), int64(value[vhdxSize]), int64(uint32(value[vhdxSector]))
	switch {
	case value[vhdxBlocks]>>32&2 != 0:
		return fmt.Errorf("the vhdx file has a parent; merge it first (Merge-VHD, qemu-img convert): %w", ErrHostile)
	case v.block < 1<<20 || v.block > 256<<20 || bits.OnesCount64(uint64(v.block)) != 1:
		return fmt.Errorf("vhdx blocks of %d bytes: %w", v.block, ErrHostile)
	case v.sector != 512 && v.sector != 4096:
		return fmt.Errorf("vhdx sectors of %d bytes: %w", v.sector, ErrHostile)
	}
	return nil
}

// The states of a block (MS-VHDX section 2.5.1.1). In the others it has no data.
const (
	vhdxPresent = 6
	vhdxPartly  = 7 // in a file with a parent
)

// each calls do for the data of the disk, in order. Blocks are not shared: all together are
// not more than the file.
func (v *vhdx) each(ctx context.Context, do func(p []byte, off int64) error) error {
	data, taken := make([]byte, 1<<20), int64(0)
	perChunk := v.sector << 23 / v.block
	for block := int64(0); block*v.block < v.size; block++ {
		entry := binary.LittleEndian.Uint64(v.table[8*(block+block/perChunk):])
		from, at := block*v.block, int64(entry>>20<<20)
		length := min(v.block, v.size-from)
		switch state := entry & 7; {
		case state == vhdxPartly:
			return fmt.Errorf("the vhdx file has a block of which its parent has the rest: %w", ErrHostile)
		case state != vhdxPresent:
			continue
		case at < 1<<20:
			return fmt.Errorf("vhdx block at %d: %w", at, ErrHostile)
		case at > v.length-length:
			return fmt.Errorf("the vhdx file is cut off after %d bytes, before the data of offset %d of the disk: %s: %w", v.length, from, sendAgain,
				ErrDamaged)
		}
		if taken += length; taken > v.length {
			return fmt.Errorf("vhdx blocks lie over each other: %w", ErrHostile)
		}
		for done := int64(0); done < length; done += int64(len(data)) {
			if err := ctx.Err(); err != nil {
				return err
			}
			p := data[:min(int64(len(data)), length-done)]
			if _, err := v.file.ReadAt(p, at+done); err != nil {
				return damagedVHDX(fmt.Sprintf("data of offset %d", from+done), err)
			}
			if err := do(p, from+done); err != nil {
				return err
			}
		}
	}
	return nil
}
