package backup

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"io"
)

// piece is the unit in which digest looks at a file.
const piece = 64 << 10

// digest is the SHA-256 of the contents of a file, whatever its holes are: of each piece that is not all zeros its number (8
// bytes, big-endian) and its bytes, filled up with zeros; then the size of the file (8 bytes).
type digest struct {
	h      hash.Hash
	number int64 // of the piece in buf
	buf    [piece]byte
}

func newDigest() *digest { return &digest{h: sha256.New()} }

var noData [piece]byte

// add takes data of the file. Offsets never go back.
func (d *digest) add(p []byte, off int64) {
	for len(p) > 0 {
		if number := off / piece; number != d.number {
			d.flush()
			d.number = number
		}
		n := copy(d.buf[off%piece:], p)
		p, off = p[n:], off+int64(n)
	}
}

func (d *digest) flush() {
	if bytes.Equal(d.buf[:], noData[:]) {
		return
	}
	d.h.Write(binary.BigEndian.AppendUint64(nil, uint64(d.number)))
	d.h.Write(d.buf[:])
	clear(d.buf[:])
}

// sum is the digest of the file of size bytes in hexadecimal digits.
func (d *digest) sum(size int64) string {
	d.flush()
	d.h.Write(binary.BigEndian.AppendUint64(nil, uint64(size)))
	return fmt.Sprintf("%x", d.h.Sum(nil))
}

// digestOf reads a file.
func digestOf(ctx context.Context, f sparse, size int64) (string, error) {
	runs, _, err := runsOf(f, size)
	if err != nil {
		return "", err
	}
	d, buf := newDigest(), make([]byte, 4*piece)
	for _, r := range runs {
		for r.n > 0 {
			p := buf[:min(r.n, int64(len(buf)))]
			if err := ctx.Err(); err != nil {
				return "", err
			}
			if n, err := f.ReadAt(p, r.off); n < len(p) {
				return "", fmt.Errorf("%w at %d", short(err), r.off)
			}
			d.add(p, r.off)
			r.off, r.n = r.off+int64(len(p)), r.n-int64(len(p))
		}
	}
	return d.sum(size), nil
}

// short is the error of a read that gave too little.
func short(err error) error {
	if err == nil || err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
