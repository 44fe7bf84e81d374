package image

import (
	"bufio"
	"bytes"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
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
	{xzMagic, openXZ},
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
