package image

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
)

// A filter reverses xz's transformation of machine code: the encoder replaced the relative
// addresses of branches, calls and jumps by absolute ones (the xz file format, section
// 5.3.2). It decodes b, the data from offset at on, in place, and returns the number of bytes
// decoded; the others depend on data that follows.
type filter interface {
	undo(b []byte, at uint32) int
}

// filterID identifies a filter in the file format.
type filterID uint64

const (
	filterDelta filterID = 0x03
	filterLZMA2 filterID = 0x21
)

// filters maps the ID of a filter to its constructor. Delta has its own.
var filters = map[filterID]func() filter{
	0x04: func() filter { return new(x86) },
	0x05: func() filter { return words{4, powerPC} },
	0x06: func() filter { return words{16, itanium} },
	0x07: func() filter { return words{4, arm} },
	0x08: func() filter { return thumb{} },
	0x09: func() filter { return words{4, sparc} },
	0x0a: func() filter { return words{4, arm64} },
}

// newFilter returns a filter and its start offset.
func newFilter(id filterID, properties []byte) (f filter, start uint32, err error) {
	if id == filterDelta {
		if len(properties) != 1 {
			return nil, 0, notXZ("a delta filter without a distance")
		}
		return &delta{distance: int(properties[0]) + 1}, 0, nil
	}
	open := filters[id]
	switch {
	case open == nil:
		return nil, 0, fmt.Errorf("the xz file was made with the filter %#x, which is not known here; unpack it first (xz -d): %w", uint64(id),
			ErrUnsupported)
	case len(properties) == 4:
		start = binary.LittleEndian.Uint32(properties)
	case len(properties) != 0:
		return nil, 0, notXZ("a filter with odd properties")
	}
	return open(), start, nil
}

// filtered reads r through a filter.
type filtered struct {
	r    io.Reader
	f    filter
	at   uint32 // of buf[0]
	buf  []byte // read from r, not yet returned
	done int    // bytes of it that are done
	room [64 << 10]byte
	err  error
}

func (z *filtered) Read(p []byte) (int, error) {
	for z.done == 0 {
		if z.err != nil {
			return 0, z.err
		}
		z.fill()
	}
	n := copy(p, z.buf[:z.done])
	z.buf, z.done, z.at = z.buf[n:], z.done-n, z.at+uint32(n)
	return n, nil
}

// fill reads and decodes more data. The undecoded rest at the end of the data is unchanged.
func (z *filtered) fill() {
	kept := copy(z.room[:], z.buf)
	n, err := z.r.Read(z.room[kept:])
	z.buf, z.err = z.room[:kept+n], err
	z.done = z.f.undo(z.buf, z.at)
	if err == io.EOF {
		z.done = len(z.buf)
	}
}

// delta adds to each byte the one some bytes before.
type delta struct {
	distance int
	last     [256]byte
	next     int // place in last of the byte that comes
}

func (d *delta) undo(b []byte, _ uint32) int {
	for i := range b {
		b[i] += d.last[(d.next-d.distance)&0xff]
		d.last[d.next&0xff] = b[i]
		d.next++
	}
	return len(b)
}

// words is a filter for processors with aligned instructions, or bundles, of one size.
// Offsets count from the beginning of the block.
type words struct {
	size int
	one  func(word []byte, at uint32)
}

func (w words) undo(b []byte, at uint32) int {
	n := len(b) / w.size * w.size
	for i := 0; i < n; i += w.size {
		w.one(b[i:i+w.size], at+uint32(i))
	}
	return n
}

// arm decodes BL, whose offset counts words from eight bytes after the instruction.
func arm(b []byte, at uint32) {
	if b[3] != 0xeb {
		return
	}
	v := binary.LittleEndian.Uint32(b)
	v = v&0xff000000 | (v-(at+8)>>2)&0x00ffffff
	binary.LittleEndian.PutUint32(b, v)
}

// arm64 decodes BL, with an offset in words, and ADRP, with an offset in 4 KiB pages below
// 512 MiB.
func arm64(b []byte, at uint32) {
	v := binary.LittleEndian.Uint32(b)
	switch {
	case v>>26 == 0x25:
		v = 0x94000000 | (v-at>>2)&0x03ffffff
	case v&0x9f000000 == 0x90000000:
		pages := v>>29&3 | v>>3&0x1ffffc
		if (pages+0x020000)&0x1c0000 != 0 {
			return
		}
		pages -= at >> 12
		v = v&0x9000001f | pages&3<<29 | pages&0x03fffc<<3 | -(pages&0x020000)&0xe00000
	}
	binary.LittleEndian.PutUint32(b, v)
}

// powerPC decodes relative branches with link.
func powerPC(b []byte, at uint32) {
	if v := binary.BigEndian.Uint32(b); v&0xfc000003 == 0x48000001 {
		binary.BigEndian.PutUint32(b, 0x48000001|(v-at)&0x03fffffc)
	}
}

// sparc decodes CALL with an offset of 23 bits, sign included.
func sparc(b []byte, at uint32) {
	v := binary.BigEndian.Uint32(b)
	if v>>22 != 0x100 && v>>22 != 0x1ff {
		return
	}
	v -= at >> 2
	binary.BigEndian.PutUint32(b, (0x40000000-v&0x400000)|0x40000000|v&0x3fffff)
}

// branches has the branch slots of a bundle by its template.
var branches = [32]byte{16: 4, 17: 4, 18: 6, 19: 6, 22: 7, 23: 7, 24: 4, 25: 4, 28: 4, 29: 4}

// itanium decodes bundles of 16 bytes: a template of five bits and three slots of 41 bits.
func itanium(b []byte, at uint32) {
	for slot := range 3 {
		if branches[b[0]&0x1f]>>slot&1 == 0 {
			continue
		}
		bit := 5 + 41*slot
		var six [8]byte
		copy(six[:6], b[bit/8:])
		raw := binary.LittleEndian.Uint64(six[:])
		v := raw >> (bit % 8)
		if v>>37&0xf != 5 || v>>9&7 != 0 {
			continue
		}
		to := uint32(v>>13&0xfffff|v>>36&1<<20) - at>>4
		v = v&^(0x8fffff<<13) | uint64(to&0xfffff)<<13 | uint64(to>>20&1)<<36
		binary.LittleEndian.PutUint64(six[:], raw&(1<<(bit%8)-1)|v<<(bit%8))
		copy(b[bit/8:], six[:6])
	}
}

// thumb decodes ARM Thumb's BL: two half words, each with half of the offset.
type thumb struct{}

func (thumb) undo(b []byte, at uint32) (i int) {
	for ; i+4 <= len(b); i += 2 {
		if b[i+1]&0xf8 != 0xf0 || b[i+3]&0xf8 != 0xf8 {
			continue
		}
		to := uint32(b[i+1]&7)<<19 | uint32(b[i])<<11 | uint32(b[i+3]&7)<<8 | uint32(b[i+2])
		to -= (at + uint32(i) + 4) >> 1
		b[i+1], b[i] = 0xf0|byte(to>>19&7), byte(to>>11)
		b[i+3], b[i+2] = 0xf8|byte(to>>8&7), byte(to)
		i += 2
	}
	return i
}

// x86 decodes CALL and JMP (E8, E9) with 32-bit offsets. A byte that looks like an opcode may
// be part of an offset: before has a bit for each of the three preceding bytes that looked
// like an opcode.
type x86 struct {
	before uint32
}

func (x *x86) undo(b []byte, at uint32) (i int) {
	for ; i+5 <= len(b); i++ {
		opcode := b[i]&0xfe == 0xe8
		if opcode && !x.inside(b[i:]) && far(b[i+4]) {
			x.jump(b[i+1:i+5], at+uint32(i)+5)
			x.before = 0
			i += 4
			continue
		}
		x.before = x.before << 1 & 7
		if opcode {
			x.before |= 1
		}
	}
	return i
}

// far reports whether the high byte of an offset is one that the encoder transforms.
func far(b byte) bool { return b == 0 || b == 0xff }

// inside reports whether the encoder took an opcode for part of an offset.
func (x *x86) inside(b []byte) bool {
	switch x.before {
	case 0:
		return false
	case 1, 2, 4:
		return far(b[4-bits.Len32(x.before)])
	}
	return true
}

// jump decodes the offset d of an instruction that ends at next.
func (x *x86) jump(d []byte, next uint32) {
	v := binary.LittleEndian.Uint32(d)
	for {
		to := v - next
		if x.before == 0 {
			v = to
			break
		}
		shift := 8 * bits.Len32(x.before)
		if !far(byte(to >> (24 - shift))) {
			v = to
			break
		}
		v = to ^ (1<<(32-shift) - 1)
	}
	v &= 0x01ffffff
	binary.LittleEndian.PutUint32(d, v|-(v&0x01000000))
}
