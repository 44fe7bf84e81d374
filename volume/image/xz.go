package image

import (
	"bufio"
	"bytes"
	"fmt"
	"io"

	"github.com/ulikunitz/xz"
)

// An xz file is a series of streams, and a stream a series of blocks, each of which says
// how much memory it wants. The decompressor believes every one of them. Therefore it
// reads through a guard, which follows the structure of the file (the xz file format,
// sections 2 to 4, and the chunks of LZMA2) without decompressing anything, and looks at
// each header before it lets it pass.

func openXZ(b *bufio.Reader) (io.Reader, func(), error) {
	g := &xzGuard{r: b}
	g.next = g.stream
	z, err := xz.NewReader(g)
	return z, func() {}, err
}

// xzGuard is the file as it is, up to something that is too large or no xz.
type xzGuard struct {
	r       *bufio.Reader
	left    int64        // bytes that may pass
	next    func() error // looks at what follows them and says how many may
	check   int64        // bytes of the check of each block of this stream
	size    int64        // bytes of the block's data, or of the index, so far
	records uint64       // numbers of the index to come
}

func (g *xzGuard) Read(p []byte) (int, error) {
	for g.left == 0 {
		if err := g.next(); err != nil {
			return 0, err
		}
	}
	n, err := g.r.Read(p[:min(int64(len(p)), g.left)])
	g.left -= int64(n)
	return n, err
}

// pass lets n bytes through, which count as data, and goes on with next.
func (g *xzGuard) pass(n int64, next func() error) error {
	g.left, g.next = n, next
	g.size += n
	return nil
}

// pad is how many zeros fill up what there is to a multiple of four.
func (g *xzGuard) pad() int64 { return -g.size & 3 }

func notXZ(what string) error { return fmt.Errorf("not a proper xz file: %s", what) }

const (
	xzMagic  = "\xfd7zXZ\x00"
	xzHeader = 12 // bytes of the header and of the footer of a stream
)

// checkSizes are by the kind of check: none, CRC-32, CRC-64, SHA-256.
var checkSizes = map[byte]int64{0: 0, 1: 4, 4: 8, 10: 32}

// stream looks at the beginning of a stream, or at the zeros between two.
func (g *xzGuard) stream() error {
	b, err := g.r.Peek(xzHeader)
	if len(b) == 0 {
		return err
	}
	if len(b) >= 4 && isZeros(b[:4]) {
		return g.pass(4, g.stream)
	}
	if len(b) < xzHeader || string(b[:6]) != xzMagic {
		return notXZ("something else follows a stream")
	}
	size, known := checkSizes[b[7]&0xf]
	if !known {
		return notXZ("unknown kind of check")
	}
	g.check = size
	return g.pass(xzHeader, g.block)
}

func isZeros(b []byte) bool { return len(bytes.Trim(b, "\x00")) == 0 }

// block looks at the header of a block, or at the index that follows the last.
func (g *xzGuard) block() error {
	b, err := g.r.Peek(1)
	if err != nil {
		return unexpected(err)
	}
	if b[0] == 0 {
		return g.index()
	}
	if b, err = g.r.Peek((int(b[0]) + 1) * 4); err != nil {
		return unexpected(err)
	}
	if err := checkBlock(b); err != nil {
		return err
	}
	g.pass(int64(len(b)), g.chunk)
	g.size = 0
	return nil
}

// chunk looks at the header of a chunk of LZMA2. Those that are compressed say so with
// the highest bit, and with the next two whether a byte of properties follows.
func (g *xzGuard) chunk() error {
	b, err := g.r.Peek(6)
	if len(b) < 6 {
		return unexpected(err)
	}
	switch control := b[0]; {
	case control == 0:
		g.size++
		return g.pass(1+g.pad()+g.check, g.block)
	case control >= 0xc0:
		return g.pass(6+int64(b[3])<<8+int64(b[4])+1, g.chunk)
	case control >= 0x80:
		return g.pass(5+int64(b[3])<<8+int64(b[4])+1, g.chunk)
	case control <= 2:
		return g.pass(3+int64(b[1])<<8+int64(b[2])+1, g.chunk)
	}
	return notXZ("unknown kind of chunk")
}

// index looks at the number of records of an index, each of which has two numbers.
func (g *xzGuard) index() error {
	b, _ := g.r.Peek(10) // what is missing is missed below
	count, rest := varint(b[min(1, len(b)):])
	if rest == nil || count > 1<<32 {
		return notXZ("the index has no length")
	}
	g.size, g.records = 0, 2*count
	return g.pass(int64(len(b)-len(rest)), g.record)
}

func (g *xzGuard) record() error {
	if g.records == 0 {
		const sum = 4
		return g.pass(g.pad()+sum+xzHeader, g.stream)
	}
	b, _ := g.r.Peek(9)
	_, rest := varint(b)
	if rest == nil {
		return notXZ("the index is cut off")
	}
	g.records--
	return g.pass(int64(len(b)-len(rest)), g.record)
}

// unexpected is the end of a file where it goes on.
func unexpected(err error) error {
	if err == nil || err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// checkBlock refuses the header of a block that wants more memory than maxWindow. It
// knows of it (section 3.1) what tells that: flags, two optional sizes, and the filters,
// of which the last is LZMA2.
func checkBlock(block []byte) error {
	short := notXZ("the header of a block is cut off")
	if len(block) < 8 {
		return short
	}
	flags, rest := block[1], block[2:]
	for bit := byte(0x40); bit != 0; bit <<= 1 {
		if flags&bit != 0 {
			if _, rest = varint(rest); rest == nil {
				return short
			}
		}
	}
	for range flags&3 + 1 {
		var id, size uint64
		if id, rest = varint(rest); rest == nil {
			return short
		}
		if size, rest = varint(rest); rest == nil || size > uint64(len(rest)) {
			return short
		}
		if id == 0x21 && size == 1 && rest[0] > 30 { // 2<<(30/2+11) is 128 MiB
			return fmt.Errorf("it wants more than %d MiB of memory: %w", maxWindow>>20, ErrTooLarge)
		}
		rest = rest[size:]
	}
	return nil
}

// varint takes a number of at most nine times seven bits; rest is nil if there is
// none.
func varint(b []byte) (v uint64, rest []byte) {
	for i := range min(len(b), 9) {
		v |= uint64(b[i]&0x7f) << (7 * i)
		if b[i]&0x80 == 0 {
			return v, b[i+1:]
		}
	}
	return 0, nil
}
