package backup

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
)

// ErrDamaged is the error of a backup that is not as it was written: cut off, or changed.
var ErrDamaged = errors.New("damaged")

// A seal is the block after the end of the archive, where programs that read tar have
// stopped: sealText, the SHA-256 of everything before it in hexadecimal digits, zeros.
const (
	sealText = "IRONHOOK BACKUP COMPLETE, SHA-256 "
	sealSize = 512
)

func seal(h hash.Hash) []byte {
	return append(fmt.Appendf(make([]byte, 0, sealSize), "%s%x\n", sealText, h.Sum(nil)),
		make([]byte, sealSize-len(sealText)-2*sha256.Size-1)...)
}

// sealer writes to w, and computes the seal of what it has written.
type sealer struct {
	w io.Writer
	h hash.Hash
}

func newSealer(w io.Writer) *sealer { return &sealer{w, sha256.New()} }

func (s *sealer) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	s.h.Write(p[:n])
	return n, err
}

// end writes the seal.
func (s *sealer) end() error {
	_, err := s.w.Write(seal(s.h))
	return err
}

// unsealer reads what a sealer wrote. At the end it returns ErrDamaged instead of io.EOF,
// unless the seal is there and right: what was read before must not be used until then.
type unsealer struct {
	r    io.Reader
	h    hash.Hash
	kept []byte // of what was read, the last bytes, which may be the seal
	buf  []byte
}

func newUnsealer(r io.Reader) *unsealer {
	return &unsealer{r: r, h: sha256.New(), buf: make([]byte, 64<<10)}
}

func (u *unsealer) Read(p []byte) (int, error) {
	for len(u.kept) <= sealSize {
		n, err := u.r.Read(u.buf)
		u.kept = append(u.kept, u.buf[:n]...)
		if err == io.EOF && len(u.kept) <= sealSize {
			return 0, u.check()
		}
		if err != nil && err != io.EOF {
			return 0, err
		}
	}
	n := copy(p, u.kept[:len(u.kept)-sealSize])
	u.h.Write(p[:n])
	u.kept = append(u.kept[:0], u.kept[n:]...)
	return n, nil
}

// check returns io.EOF if the seal is right.
func (u *unsealer) check() error {
	switch {
	case bytes.Equal(u.kept, seal(u.h)):
		return io.EOF
	case bytes.HasPrefix(u.kept, []byte(sealText)):
		return fmt.Errorf("%w: the contents do not match their checksum", ErrDamaged)
	}
	return fmt.Errorf("%w: the end is missing", ErrDamaged)
}
