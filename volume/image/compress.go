package image

import (
	"bufio"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// maxWindow is how many bytes a decompressor may have to look back. The strongest
// presets of xz and zstd want 64 and 128 MiB.
const maxWindow = 128 << 20

// opener undoes a compression; done is to be called in the end.
type opener func(*bufio.Reader) (plain io.Reader, done func(), err error)

// decompress returns r, decompressed if it is compressed, and what to call in the
// end.
func decompress(r io.Reader) (io.Reader, func(), error) {
	b := bufio.NewReaderSize(r, 64<<10)
	head, err := b.Peek(SniffLength)
	if err != nil && err != io.EOF {
		return nil, nil, fmt.Errorf("read the image: %w", err)
	}
	k, _ := Sniff(head)
	if k.open == nil {
		return b, func() {}, nil
	}
	plain, done, err := k.open(b)
	if err != nil {
		return nil, nil, fmt.Errorf("decompress the image: %w", err)
	}
	return plain, done, nil
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
