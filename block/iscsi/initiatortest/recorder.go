package initiatortest

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
)

// Recorder writes random blocks of a region and remembers the contents that each may have,
// so that after a crash it can find lost data that had been acknowledged as durable. It is
// used by one goroutine.
type Recorder struct {
	off    int64
	blocks [][]uint32 // by block: its possible contents, oldest first; the first is known to be durable
	last   uint32
	rnd    *rand.Rand

	// Writes makes a write count as durable when it is answered, not only after a flush:
	// true of a crash of the server's process, not of a power cut.
	Writes bool

	Written, Flushes int // commands that were answered
}

// NewRecorder makes a recorder of a region of zeros; off and size are bytes.
func NewRecorder(off, size int64, seed uint64) *Recorder {
	r := &Recorder{off: off, blocks: make([][]uint32, size/blockSize), rnd: rand.New(rand.NewPCG(seed, 0))}
	for i := range r.blocks {
		r.blocks[i] = []uint32{0}
	}
	return r
}

// fill is what a block holds after its n-th write: every eight bytes are different, and
// depend on the block too. The 0th is zeros.
func (r *Recorder) fill(b []byte, block int, n uint32) {
	if n == 0 {
		clear(b[:blockSize])
		return
	}
	for i := 0; i < blockSize; i += 8 {
		binary.LittleEndian.PutUint32(b[i:], n)
		binary.LittleEndian.PutUint32(b[i+4:], uint32(block)*0x9e3779b1+uint32(i))
	}
}

// Run writes and flushes until the connection breaks, and returns the error that it broke
// with. A status other than GOOD is an ErrStatus.
func (r *Recorder) Run(i *Initiator) error {
	for {
		var err error
		if r.rnd.IntN(6) == 0 {
			err = r.flush(i)
		} else {
			err = r.write(i)
		}
		if err != nil {
			return err
		}
	}
}

func (r *Recorder) write(i *Initiator) error {
	n := min(1+r.rnd.IntN(1<<r.rnd.IntN(7)), len(r.blocks))
	first := r.rnd.IntN(len(r.blocks) - n + 1)
	b := make([]byte, n*blockSize)
	r.last++
	for k := range n {
		r.fill(b[k*blockSize:], first+k, r.last)
		r.blocks[first+k] = append(r.blocks[first+k], r.last)
	}
	if err := i.Write(r.off+int64(first)*blockSize, b); err != nil {
		return err
	}
	r.Written++
	if r.Writes {
		r.promise(first, n)
	}
	return nil
}

func (r *Recorder) flush(i *Initiator) error {
	if err := i.Flush(); err != nil {
		return err
	}
	r.Flushes++
	r.promise(0, len(r.blocks))
	return nil
}

// promise marks the latest write of blocks as durable: older contents are no longer
// possible.
func (r *Recorder) promise(first, n int) {
	for k := first; k < first+n; k++ {
		held := r.blocks[k]
		r.blocks[k] = append(held[:0], held[len(held)-1])
	}
}

// LostError reports a block with contents that it may not have.
type LostError struct{ text string }

// Error names the block, what it holds and what it may.
func (e *LostError) Error() string { return e.text }

// Check reads the region and returns a LostError for the first block with contents that it
// may not have. What it finds counts as durable from then on: nothing older may come back.
func (r *Recorder) Check(i *Initiator) error {
	const step = 128
	want := make([]byte, blockSize)
	for first := 0; first < len(r.blocks); first += step {
		n := min(step, len(r.blocks)-first)
		b, err := i.Read(r.off+int64(first)*blockSize, n*blockSize)
		if err != nil {
			return fmt.Errorf("read back: %w", err)
		}
		for k := range n {
			got, block := b[k*blockSize:][:blockSize], first+k
			at := slices.IndexFunc(r.blocks[block], func(v uint32) bool {
				r.fill(want, block, v)
				return string(got) == string(want)
			})
			if at < 0 {
				return &LostError{fmt.Sprintf("block %d of the region at %d begins with %x; promised is write %d, possible are %v", block, r.off,
					got[:16], r.blocks[block][0], r.blocks[block])}
			}
			r.blocks[block] = append(r.blocks[block][:0], r.blocks[block][at])
		}
	}
	return nil
}
