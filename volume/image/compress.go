package image

import (
	"bufio"
	"compress/bzip2"
	"errors"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz/lzma"
)

// opener returns a decompressing reader. The caller calls done at the end.
type opener func(*bufio.Reader) (plain io.Reader, done func(), err error)

// decompress returns r, decompressed if it is compressed, and a function to call at the end.
// what names r in errors.
func decompress(r io.Reader, what string) (io.Reader, func(), error) {
	src := &observed{r: r}
	b := bufio.NewReaderSize(src, 64<<10)
	head, err := b.Peek(SniffLength)
	if err != nil && err != io.EOF {
		return nil, nil, readFailure(err)
	}
	k, _ := Sniff(head)
	if k.open == nil {
		return b, func() {}, nil
	}
	u := &undone{kind: k.Name, what: what, src: src, b: b}
	plain, done, err := k.open(b)
	if err != nil {
		return nil, nil, u.complain(err)
	}
	u.plain = plain
	return u, done, nil
}

// gzipped reads the members of a gzip file (RFC 1952 section 2.2). Trailing data that is not
// another member is ignored, as gzip(1) does: publishers append signatures, tapes zeros.
type gzipped struct {
	b *bufio.Reader
	z *gzip.Reader
}

func openGzip(b *bufio.Reader) (io.Reader, func(), error) {
	z, err := gzip.NewReader(b)
	if err != nil {
		return nil, nil, cutShort(err)
	}
	z.Multistream(false)
	return &gzipped{b, z}, func() {}, nil
}

func (g *gzipped) Read(p []byte) (int, error) {
	for {
		n, err := g.z.Read(p)
		if err != io.EOF {
			return n, err
		}
		if n > 0 {
			return n, nil // the end comes again
		}
		if err := g.member(); err != nil {
			return 0, err
		}
	}
}

// member begins the next member.
func (g *gzipped) member() error {
	const magic = "\x1f\x8b"
	head, err := g.b.Peek(len(magic))
	if err != nil && err != io.EOF {
		return err
	}
	if string(head) != magic {
		return io.EOF
	}
	err = cutShort(g.z.Reset(g.b))
	g.z.Multistream(false)
	return err
}

func openZstd(b *bufio.Reader) (io.Reader, func(), error) {
	most := memoryLimit()
	z, err := zstd.NewReader(b, zstd.WithDecoderMaxWindow(uint64(most)), zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, nil, err
	}
	return zstdReader{z, most}, z.Close, nil
}

// zstdReader names the remedy when a frame needs a larger window than the memory limit.
type zstdReader struct {
	*zstd.Decoder
	most int64
}

func (z zstdReader) Read(p []byte) (int, error) {
	n, err := z.Decoder.Read(p)
	if errors.Is(err, zstd.ErrWindowSizeExceeded) {
		err = wantsMemory(z.most)
	}
	return n, err
}

// bzipped reads the streams of a bzip2 file. Trailing data is ignored, as bzip2(1) does.
type bzipped struct{ io.Reader }

func openBzip2(b *bufio.Reader) (io.Reader, func(), error) {
	return bzipped{bzip2.NewReader(b)}, func() {}, nil
}

// endOfStreams is the library's error for trailing data.
const endOfStreams = bzip2.StructuralError("bad magic value in continuation file")

func (z bzipped) Read(p []byte) (int, error) {
	n, err := z.Reader.Read(p)
	if err == endOfStreams {
		err = io.EOF
	}
	return n, err
}

// lz4Frames reads the frames of an lz4 file.
type lz4Frames struct {
	b *bufio.Reader
	z *lz4.Reader
}

func openLZ4(b *bufio.Reader) (io.Reader, func(), error) {
	return &lz4Frames{b, lz4.NewReader(b)}, func() {}, nil
}

func (l *lz4Frames) Read(p []byte) (int, error) {
	for {
		n, err := l.z.Read(p)
		if err != io.EOF {
			return n, err
		}
		if n > 0 {
			return n, nil // the end comes again
		}
		if _, err := l.b.Peek(1); err != nil {
			return 0, err
		}
		l.z.Reset(l.b)
	}
}

func openLZMA(b *bufio.Reader) (io.Reader, func(), error) {
	z, err := lzma.ReaderConfig{DictCap: int(memoryLimit())}.NewReader(b)
	return z, func() {}, err
}
