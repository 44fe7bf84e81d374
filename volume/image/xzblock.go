package image

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
	"slices"

	"github.com/ulikunitz/xz/lzma"
)

// checks maps the check ID of a stream to its hash.
var checks = [256]func() hash.Hash{
	0:  func() hash.Hash { return noCheck{} },
	1:  func() hash.Hash { return crc32.NewIEEE() },
	4:  func() hash.Hash { return crc64.New(crc64ECMA) },
	10: sha256.New,
}

var crc64ECMA = crc64.MakeTable(crc64.ECMA)

// noCheck is the hash of streams without a check.
type noCheck struct{}

func (noCheck) Write(p []byte) (int, error) { return len(p), nil }
func (noCheck) Sum(b []byte) []byte         { return b }
func (noCheck) Reset()                      {}
func (noCheck) Size() int                   { return 0 }
func (noCheck) BlockSize() int              { return 1 }

// xzBlock is one block of a stream.
type xzBlock struct {
	headerSize               int64
	compressed, uncompressed int64 // as the header says, -1 where it does not
	plain                    io.Reader
	check                    hash.Hash
	length                   int64 // bytes of plain that have been read
}

func (b *xzBlock) Read(p []byte) (int, error) {
	n, err := b.plain.Read(p)
	b.check.Write(p[:n])
	b.length += int64(n)
	return n, err
}

// sum returns the check as stored in the file: CRCs are little-endian.
func (b *xzBlock) sum() []byte {
	sum := b.check.Sum(nil)
	if _, crc := b.check.(interface{ Sum64() uint64 }); crc || len(sum) == crc32.Size {
		slices.Reverse(sum)
	}
	return sum
}

// newBlock reads the header of a block (section 3.1): flags, two optional sizes, and at
// most four filters, the last of which is LZMA2. The data follows in r.
func newBlock(header []byte, r io.Reader, check hash.Hash, most int64) (*xzBlock, error) {
	end := len(header) - 4
	if binary.LittleEndian.Uint32(header[end:]) != crc32.ChecksumIEEE(header[:end]) {
		return nil, notXZ("the header of a block is damaged")
	}
	b := &xzBlock{headerSize: int64(len(header)), compressed: -1, uncompressed: -1, check: check}
	flags, h := header[1], bytes.NewReader(header[2:end])
	if flags&0x3c != 0 {
		return nil, fmt.Errorf("the xz file has a block with unknown flags: %w", ErrUnsupported)
	}
	for _, size := range []struct {
		flag byte
		of   *int64
	}{{0x40, &b.compressed}, {0x80, &b.uncompressed}} {
		if flags&size.flag == 0 {
			continue
		}
		v, err := binary.ReadUvarint(h)
		if err != nil {
			return nil, notXZ("the header of a block is cut off")
		}
		*size.of = int64(v)
	}
	return b, b.chain(h, int(flags&3)+1, r, most)
}

// chain returns the reader of the data behind the filters that the header lists. The encoder
// applied the first filter first, so the decoder applies it last.
func (b *xzBlock) chain(h *bytes.Reader, count int, r io.Reader, most int64) error {
	type link struct {
		id         filterID
		properties []byte
	}
	links := make([]link, count)
	for i := range links {
		id, _ := binary.ReadUvarint(h)
		size, err := binary.ReadUvarint(h)
		if err != nil || size > uint64(h.Len()) {
			return notXZ("the header of a block is cut off")
		}
		links[i] = link{filterID(id), make([]byte, size)}
		_, _ = h.Read(links[i].properties)
	}
	last := links[count-1]
	if last.id != filterLZMA2 || len(last.properties) != 1 {
		return fmt.Errorf("the xz file has a block that LZMA2 did not make: %w", ErrUnsupported)
	}
	var err error
	if b.plain, err = newLZMA2(r, last.properties[0], most); err != nil {
		return err
	}
	for _, l := range slices.Backward(links[:count-1]) {
		f, start, err := newFilter(l.id, l.properties)
		if err != nil {
			return err
		}
		b.plain = &filtered{r: b.plain, f: f, at: start}
	}
	return nil
}

// newLZMA2 returns a decoder of LZMA2 with the dictionary size that a header byte encodes.
func newLZMA2(r io.Reader, code byte, most int64) (io.Reader, error) {
	size, err := lzma.DecodeDictCap(code)
	if err != nil {
		return nil, notXZ("a dictionary of an unknown size")
	}
	if size > most {
		return nil, wantsMemory(most)
	}
	return lzma.Reader2Config{DictCap: int(max(size, lzma.MinDictCap))}.NewReader2(r)
}
