package image

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"slices"
	"sync"
	"time"

	"ironhook/internal/limit"
	"ironhook/volume"
)

// The hashes that are made of every file as it arrives.
const (
	md5Sum = iota // guards against accidents only
	sha256Sum
	sha512Sum
)

// intake hashes, counts and keeps what arrives.
type intake struct {
	r      io.Reader
	hashes []hash.Hash // by the constants above
	beside []chan []byte
	done   sync.WaitGroup
	closed bool
	length int64
	meter  *volume.Meter

	began  time.Time
	waited time.Duration // for what arrives
	slack  time.Duration // startingWork, but in tests

	keep   func() (io.Writer, error) // opens the file that is kept; nil: none is, or it is decided
	early  []byte                    // what arrived before it was decided whether to keep
	kept   io.Writer                 // nil: the file is not kept, or not yet
	failed error                     // of writing it
}

// newIntake starts a goroutine for each hash; close ends them.
func newIntake(r io.Reader, m *volume.Meter) *intake {
	in := &intake{r: r, hashes: []hash.Hash{md5Sum: md5.New(), sha256Sum: sha256.New(), sha512Sum: sha512.New()}, meter: m}
	in.began, in.slack = time.Now(), startingWork
	for _, h := range in.hashes {
		pieces := make(chan []byte, 4)
		in.beside = append(in.beside, pieces)
		in.done.Go(func() {
			for p := range pieces {
				h.Write(p)
			}
		})
	}
	return in
}

// close ends the hashing; the sums are complete when it returns.
func (in *intake) close() {
	if in.closed {
		return
	}
	in.closed = true
	for _, pieces := range in.beside {
		close(pieces)
	}
	in.done.Wait()
}

func (in *intake) Read(p []byte) (int, error) {
	asked := time.Now()
	n, err := in.r.Read(p)
	in.waited += time.Since(asked)
	if n == 0 {
		return 0, err
	}
	piece := slices.Clone(p[:n])
	for _, pieces := range in.beside {
		pieces <- piece
	}
	in.length += int64(n)
	in.meter.Add(int64(n))
	if failed := in.store(piece); failed != nil {
		return n, failed
	}
	return n, err
}

// store keeps a piece, in memory until it is decided whether to keep the file.
func (in *intake) store(p []byte) error {
	switch {
	case in.failed != nil:
	case in.kept != nil:
		_, in.failed = in.kept.Write(p)
	case in.keep != nil:
		in.early = append(in.early, p...)
	}
	return in.failed
}

// decide is called once the first bytes have shown what the file is, before most of it has
// been read: a file that is the disk itself need not be kept beside it.
func (in *intake) decide(isDisk bool) error {
	open := in.keep
	in.keep = nil
	if open == nil || isDisk {
		in.early = nil
		return nil
	}
	if in.kept, in.failed = open(); in.failed == nil {
		_, in.failed = in.kept.Write(in.early)
	}
	in.early = nil
	return in.failed
}

// sum is one of the hashes, in hexadecimal.
func (in *intake) sum(which int) string { return hex.EncodeToString(in.hashes[which].Sum(nil)) }

// check is called at the end; its length says of which hash want is, and none is no check.
func (in *intake) check(want []byte) error {
	sum := in.hashes[sha256Sum]
	if len(want) == sha512.Size {
		sum = in.hashes[sha512Sum]
	}
	if got := sum.Sum(nil); len(want) > 0 && !bytes.Equal(got, want) {
		return fmt.Errorf("%w: it is %x, want %x", ErrChecksum, got, want)
	}
	return nil
}

// What unpacking may take, without the time in which nothing arrives: some hundred bytes of a sparse tar
// archive or of bzip2 claim a disk of terabytes of zeros, and would keep others waiting for hours.
const (
	startingWork = 2 * time.Minute
	workEach     = 4 * time.Second // for each bytesOfWork of the file
	bytesOfWork  = 1 << 20
)

// overworked is an error once more work has gone into the file than its length is worth.
func (in *intake) overworked() error {
	most := in.slack + workEach*time.Duration(in.length/bytesOfWork)
	if work := time.Since(in.began) - in.waited; work > most {
		limit.Reached(limit.UnpackTime)
		return fmt.Errorf("%d bytes of the file unpack to a disk of holes that takes more than %v to read; send it as qcow2: %w",
			in.length, most, ErrTooLarge)
	}
	return nil
}

// measured reads what is unpacked of an intake.
type measured struct {
	r  io.Reader
	in *intake
}

func (m measured) Read(b []byte) (int, error) {
	if err := m.in.overworked(); err != nil {
		return 0, err
	}
	return m.r.Read(b)
}
