package image

import (
	"encoding/binary"
	"fmt"
	"io"
	"strings"
)

// A fixed VHD is a raw disk followed by a footer of one sector (Microsoft, Virtual Hard Disk
// Image Format Specification). The other types also start with a copy of the footer.

const (
	vhdMagic  = "conectix"
	vhdFooter = 512 // bytes
	vhdFixed  = 2   // the type of disk
)

func begins(b []byte, with string) bool {
	return strings.HasPrefix(string(b[:min(len(b), len(with))]), with)
}

// plainDisk writes a raw disk, and omits the footer if the file is a fixed VHD.
func (u *unpacker) plainDisk(r io.Reader) error {
	in := newHeldBack(&atMost{r, u.most + vhdFooter}, vhdFooter)
	if err := u.b.ReadFrom(u.ctx, in); err != nil {
		return err
	}
	size, isVHD := fixedVHD(in.last())
	switch isVHD = isVHD && in.passed > 0; {
	case isVHD && u.said == Raw:
		return misnamed(u.said, Kind{Name: "a vhd image, by its end", Format: VHD})
	case isVHD && size != in.passed:
		return fmt.Errorf("the vhd image has %d bytes of a disk that is %d bytes large: %s: %w", in.passed, size, sendAgain, ErrDamaged)
	case isVHD:
		u.format = VHD
		return u.look()
	case u.said == VHD:
		return notSaid(u.said)
	case in.passed+int64(len(in.last())) > u.most:
		return fmt.Errorf("the image: %w", ErrTooLarge)
	}
	if _, err := u.b.WriteAt(in.last(), in.passed); err != nil {
		return err
	}
	return u.look()
}

// fixedVHD reads the footer of a fixed VHD. The size is its Current Size field: the geometry
// field is rounded.
func fixedVHD(footer []byte) (size int64, ok bool) {
	if len(footer) != vhdFooter || !begins(footer, vhdMagic) || binary.BigEndian.Uint32(footer[60:]) != vhdFixed {
		return 0, false
	}
	sum := uint32(0)
	for i, v := range footer {
		if i < 64 || i >= 68 {
			sum += uint32(v)
		}
	}
	return int64(binary.BigEndian.Uint64(footer[48:])), binary.BigEndian.Uint32(footer[64:]) == ^sum
}

// heldBack reads r without its last bytes, which it holds back.
type heldBack struct {
	r      io.Reader
	keep   int
	room   []byte
	held   []byte // in room: what was read and not passed on
	passed int64
	err    error
}

func newHeldBack(r io.Reader, keep int) *heldBack {
	return &heldBack{r: r, keep: keep, room: make([]byte, 256<<10)}
}

func (h *heldBack) Read(p []byte) (int, error) {
	for len(h.held) <= h.keep && h.err == nil {
		kept := copy(h.room, h.held)
		n, err := h.r.Read(h.room[kept:])
		h.held, h.err = h.room[:kept+n], err
	}
	n := copy(p, h.held[:max(0, len(h.held)-h.keep)])
	h.held, h.passed = h.held[n:], h.passed+int64(n)
	if n > 0 {
		return n, nil
	}
	return 0, h.err
}

// last returns the bytes held back. It is valid once r has ended.
func (h *heldBack) last() []byte { return h.held }
