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

// opener undoes a compression; done is to be called in the end.
type opener func(*bufio.Reader) (plain io.Reader, done func(), err error)

// decompress returns r, decompressed if it is compressed, and what to call in the
// end. what is r, in the words of a complaint.
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

// gzipped has the members of a gzip file (RFC 1952 section 2.2). What follows the last
// and does not begin as another is no part of it: publishers put signatures there, and
// tapes zeros; gzip(1) ignores it, too.
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

// member goes on with the next member.
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

// zstdReader says what it is when a frame wants to look back further than there is memory.
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

// bzipped has the streams of a bzip2 file, without what follows the last: bzip2(1) ignores
// that, too.
type bzipped struct{ io.Reader }

func openBzip2(b *bufio.Reader) (io.Reader, func(), error) {
	return bzipped{bzip2.NewReader(b)}, func() {}, nil
}

// endOfStreams is what the library says of it.
const endOfStreams = bzip2.StructuralError("bad magic value in continuation file")

func (z bzipped) Read(p []byte) (int, error) {
	n, err := z.Reader.Read(p)
	if err == endOfStreams {
		err = io.EOF
	}
	return n, err
}

// lz4Frames has the frames of an lz4 file.
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
