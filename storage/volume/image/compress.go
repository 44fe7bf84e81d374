package image

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// maxWindow is how many bytes a decompressor may have to look back. The strongest
// presets of xz and zstd want 64 and 128 MiB.
const maxWindow = 128 << 20

// compressions has what each begins with, and how it is undone.
var compressions = []struct {
	magic string
	open  func(*bufio.Reader) (io.Reader, func(), error)
}{
	{"\x1f\x8b", openGzip},
	{"\xfd7zXZ\x00", openXZ},
	{"\x28\xb5\x2f\xfd", openZstd},
}

// decompress returns r, decompressed if it is compressed, and what to call in the
// end.
func decompress(r io.Reader) (io.Reader, func(), error) {
	b := bufio.NewReaderSize(r, 64<<10)
	head, err := b.Peek(headLength)
	if err != nil && err != io.EOF {
		return nil, nil, fmt.Errorf("read the image: %w", err)
	}
	for _, c := range compressions {
		if bytes.HasPrefix(head, []byte(c.magic)) {
			plain, done, err := c.open(b)
			if err != nil {
				return nil, nil, fmt.Errorf("decompress the image: %w", err)
			}
			return plain, done, nil
		}
	}
	return b, func() {}, nil
}

func openGzip(b *bufio.Reader) (io.Reader, func(), error) {
	z, err := gzip.NewReader(b)
	return z, func() {}, err
}

func openZstd(b *bufio.Reader) (io.Reader, func(), error) {
	z, err := zstd.NewReader(b, zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, nil, err
	}
	return z, z.Close, nil
}

func openXZ(b *bufio.Reader) (io.Reader, func(), error) {
	head, err := b.Peek(headLength)
	if err != nil && err != io.EOF {
		return nil, nil, err
	}
	if err := checkXZ(head); err != nil {
		return nil, nil, err
	}
	z, err := xz.NewReader(b)
	return z, func() {}, err
}

// checkXZ refuses files whose first block wants more memory than maxWindow. It
// knows of a block header what tells that (the xz file format, 3.1): its size,
// flags, two optional sizes, and the filters, of which the last is LZMA2.
func checkXZ(head []byte) error {
	short := errors.New("the header of the first block is not one")
	if len(head) < 16 {
		return io.ErrUnexpectedEOF
	}
	block := head[12:]
	if block[0] == 0 { // no block at all
		return nil
	}
	flags, rest := block[1], block[2:min(len(block), (int(block[0])+1)*4)]
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
