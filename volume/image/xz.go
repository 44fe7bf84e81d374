package image

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
)

// An xz file is a series of streams with padding between them. A stream is a series of blocks
// and their index (the xz file format, sections 2 to 4). A block header lists its filters: LZMA2,
// which a library decodes, and the BCJ filters of bcj.go. It also gives the dictionary size,
// which is checked against the memory limit first.

const (
	xzMagic  = "\xfd7zXZ\x00"
	xzFooter = "YZ"
	xzHeader = 12 // bytes of the header and of the footer of a stream
)

// xzReader decodes an xz file.
type xzReader struct {
	r       *counted
	most    int64 // bytes of memory that a block may want
	flags   [2]byte
	block   *xzBlock // the one that is being read, nil for none
	records *records // of this stream
	err     error
}

func openXZ(b *bufio.Reader) (io.Reader, func(), error) {
	z := &xzReader{r: &counted{b: b}, most: memoryLimit()}
	z.err = z.header()
	return z, func() {}, z.err
}

func (z *xzReader) Read(p []byte) (n int, err error) {
	for z.err == nil {
		if z.block == nil {
			z.err = z.next()
			continue
		}
		if n, err = z.block.Read(p); n > 0 {
			return n, nil
		}
		if z.err = err; err == io.EOF {
			z.err = z.endBlock()
		}
	}
	return 0, z.err
}

func notXZ(format string, args ...any) error {
	return fmt.Errorf("not a proper xz file: "+format, args...)
}

// take reads exactly n bytes.
func (z *xzReader) take(n int) ([]byte, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(z.r, b); err != nil {
		return nil, cutShort(err)
	}
	return b, nil
}

// header reads a stream header.
func (z *xzReader) header() error {
	b, err := z.take(xzHeader)
	if err != nil {
		return err
	}
	if string(b[:6]) != xzMagic || binary.LittleEndian.Uint32(b[8:]) != crc32.ChecksumIEEE(b[6:8]) {
		return notXZ("the header of a stream is damaged")
	}
	if b[6] != 0 || checks[b[7]] == nil {
		return fmt.Errorf("the xz file has a check of the unknown kind %#x: %w", b[6:8], ErrUnsupported)
	}
	z.flags, z.records = [2]byte(b[6:8]), newRecords()
	return nil
}

// next begins the next block, or reads the index after the last.
func (z *xzReader) next() error {
	size, err := z.r.ReadByte()
	if err != nil {
		return cutShort(err)
	}
	if size == 0 {
		return z.end()
	}
	z.r.n = 1
	rest, err := z.take((int(size)+1)*4 - 1)
	if err != nil {
		return err
	}
	z.block, err = newBlock(append([]byte{size}, rest...), z.r, checks[z.flags[1]](), z.most)
	return err
}

// endBlock reads the padding and the check after a block, and records its sizes.
func (z *xzReader) endBlock() error {
	b := z.block
	z.block = nil
	data := z.r.n - b.headerSize
	padding, err := z.take(int(-z.r.n & 3))
	if err != nil {
		return err
	}
	unpadded := b.headerSize + data + int64(b.check.Size())
	sum, err := z.take(b.check.Size())
	switch {
	case err != nil:
		return err
	case !isZeros(padding):
		return notXZ("a block is not filled up with zeros")
	case string(sum) != string(b.sum()):
		return notXZ("a block does not match its checksum")
	case b.compressed >= 0 && b.compressed != data, b.uncompressed >= 0 && b.uncompressed != b.length:
		return notXZ("a block does not have the size that it says")
	}
	z.records.add(uint64(unpadded), uint64(b.length))
	return nil
}

// end reads the index and the footer of a stream, and begins the next stream.
func (z *xzReader) end() error {
	z.r.n, z.r.sum = 1, crc32.NewIEEE()
	z.r.sum.Write([]byte{0})
	if err := z.index(); err != nil {
		return err
	}
	padding, err := z.take(int(-z.r.n & 3))
	if err != nil {
		return err
	}
	sum, size := z.r.sum.Sum32(), z.r.n
	z.r.sum = nil
	b, err := z.take(4 + xzHeader)
	switch {
	case err != nil:
		return err
	case !isZeros(padding), binary.LittleEndian.Uint32(b) != sum:
		return notXZ("the index is damaged")
	}
	f := b[4:]
	if string(f[10:]) != xzFooter || binary.LittleEndian.Uint32(f) != crc32.ChecksumIEEE(f[4:10]) ||
		[2]byte(f[8:10]) != z.flags || (int64(binary.LittleEndian.Uint32(f[4:]))+1)*4 != size+4 {
		return notXZ("the footer of a stream is damaged")
	}
	return z.another()
}

// index compares the index with the blocks that were read.
func (z *xzReader) index() error {
	seen := newRecords()
	count, err := binary.ReadUvarint(z.r)
	if err == nil && count != z.records.count {
		return notXZ("the index is of %d blocks, and there are %d", count, z.records.count)
	}
	for err == nil && seen.count < count {
		var unpadded, length uint64
		if unpadded, err = binary.ReadUvarint(z.r); err == nil {
			length, err = binary.ReadUvarint(z.r)
		}
		seen.add(unpadded, length)
	}
	if err == nil && seen.sum.Sum64() != z.records.sum.Sum64() {
		return notXZ("the index does not fit the blocks")
	}
	return cutShort(err)
}

// records summarizes the block sizes of a stream as a count and a hash, so that memory does
// not grow with the number of blocks.
type records struct {
	count uint64
	sum   hash.Hash64
}

func newRecords() *records { return &records{sum: crc64.New(crc64ECMA)} }

func (r *records) add(unpadded, length uint64) {
	r.count++
	r.sum.Write(binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, unpadded), length))
}

// another skips the stream padding, a multiple of four zeros, and begins the next stream.
func (z *xzReader) another() error {
	for {
		b, err := z.r.b.Peek(4)
		switch {
		case len(b) == 0:
			return err
		case len(b) == 4 && isZeros(b):
			_, err = z.r.b.Discard(4)
		case len(b) == 4 && string(b) == xzMagic[:4]:
			return z.header()
		default: // as xz -d says
			return notXZ("something else follows a stream")
		}
		if err != nil {
			return err
		}
	}
}

// counted counts the bytes read, and hashes them where a hash is set.
type counted struct {
	b   *bufio.Reader
	n   int64
	sum hash.Hash32
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.b.Read(p)
	c.note(p[:n])
	return n, err
}

func (c *counted) ReadByte() (byte, error) {
	v, err := c.b.ReadByte()
	if err == nil {
		c.note([]byte{v})
	}
	return v, err
}

func (c *counted) note(p []byte) {
	c.n += int64(len(p))
	if c.sum != nil {
		c.sum.Write(p)
	}
}
