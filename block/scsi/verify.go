package scsi

import (
	"bytes"
	"sync"
)

// scratchSize is the size of the pieces in which data is read for comparison, in bytes.
const scratchSize = 256 << 10

// scratch lends buffers for that: without a pool, verifying a disk would leave its size in
// garbage.
var scratch = sync.Pool{New: func() any { return new([scratchSize]byte) }}

// verify is VERIFY(10), (12) and (16).
func (t task) verify() ([]byte, error) {
	s, err := t.extent()
	if err != nil {
		return nil, err
	}
	if t.bytchk() == 2 {
		return nil, invalidField(1, 2)
	}
	return nil, t.lun.compare(s, t.out, t.bytchk())
}

// writeAndVerify is WRITE AND VERIFY(10), (12) and (16). The data is synced before it is
// read back.
func (t task) writeAndVerify() ([]byte, error) {
	if t.bytchk() > 1 {
		return nil, invalidField(1, 2)
	}
	if _, err := t.write(); err != nil {
		return nil, err
	}
	if err := t.lun.sync(); err != nil {
		return nil, err
	}
	s, _ := t.extent()
	s.n = min(s.n, uint64(len(t.out))/BlockSize)
	return nil, t.lun.compare(s, t.out, t.bytchk())
}

// compare reads a span and compares it as BYTCHK says: not at all (it must be readable),
// byte by byte, or each block with the same one.
func (l *LUN) compare(s span, with []byte, bytchk byte) error {
	l.ranges.share(s, true)
	defer l.ranges.unshare(s)
	buf := scratch.Get().(*[scratchSize]byte)
	defer scratch.Put(buf)
	for done := uint64(0); done < s.n*BlockSize; {
		p := buf[:min(scratchSize, s.n*BlockSize-done)]
		if err := l.readHeld(p, s.lba+done/BlockSize); err != nil {
			return err
		}
		want := p
		switch bytchk {
		case 1:
			want = with[done : done+uint64(len(p))]
		case 3:
			want = repeat(with[:BlockSize], len(p))
		}
		if i := differs(p, want); i >= 0 {
			return &sense{key: miscompare, code: 0x1d00, info: done + uint64(i), hasInfo: true}
		}
		done += uint64(len(p))
	}
	return nil
}

// differs returns the index at which a and b, of equal length, first differ, or a negative
// number.
func differs(a, b []byte) int {
	if bytes.Equal(a, b) {
		return -1
	}
	for i := range a {
		if a[i] != b[i] {
			return i
		}
	}
	return -1
}

// repeat returns n bytes of repeated blocks.
func repeat(block []byte, n int) []byte { return bytes.Repeat(block, n/len(block)) }
