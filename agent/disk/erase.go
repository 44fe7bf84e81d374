package disk

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
)

// edge is how much of both ends of a disk holds what tells file systems, partition tables, RAID
// and volume managers: those of Linux keep it within a megabyte.
const edge = 16 << 20

// EraseMetadata overwrites what tells the content of a disk: both of its ends.
func EraseMetadata(d io.WriterAt, size int64) error {
	for _, from := range []int64{0, max(0, size-edge)} {
		for at := from; at < min(from+edge, size); at += block {
			if _, err := d.WriteAt(zeros[:min(block, min(from+edge, size)-at)], at); err != nil {
				return err
			}
		}
	}
	return nil
}

// Shred overwrites a disk with random bytes as often as passes says, then with zeros.
func Shred(ctx context.Context, d io.WriterAt, size int64, passes int, progress func(done, all int64)) error {
	all, done := size*int64(passes+1), int64(0)
	noise := make([]byte, block)
	for pass := range passes + 1 {
		content := zeros
		if pass < passes {
			if _, err := rand.Read(noise); err != nil {
				return err
			}
			content = noise
		}
		for at := int64(0); at < size; at += block {
			if err := ctx.Err(); err != nil {
				return err
			}
			n, err := d.WriteAt(content[:min(block, size-at)], at)
			if err != nil {
				return err
			}
			done += int64(n)
			progress(done, all)
		}
	}
	return nil
}

// Empty reports the first place that is not zero, looking at both ends and at 64 places between.
// A disk that was discarded must read as zeros to count as erased.
func Empty(d io.ReaderAt, size int64) error {
	b := make([]byte, block)
	for i := range int64(66) {
		at := (size - min(size, block)) / 65 * i
		n, err := d.ReadAt(b[:min(block, size-at)], at)
		if err != nil && n == 0 {
			return err
		}
		for j, c := range b[:n] {
			if c != 0 {
				return fmt.Errorf("byte %d is not zero", at+int64(j))
			}
		}
	}
	return nil
}

// BurnIn writes and reads a disk until the time of ctx is over, and reports the first place that
// does not read as it was written. What was on it is lost. It returns the bytes that were tried.
func BurnIn(ctx context.Context, d Device, size int64) (tried int64, err error) {
	pattern, got := make([]byte, block), make([]byte, block)
	for ctx.Err() == nil {
		if _, err := rand.Read(pattern); err != nil {
			return tried, err
		}
		for at := int64(0); at+block <= size && ctx.Err() == nil; at += block {
			if _, err := d.WriteAt(pattern, at); err != nil {
				return tried, err
			}
			if _, err := d.ReadAt(got, at); err != nil {
				return tried, err
			}
			for i := range got {
				if got[i] != pattern[i] {
					return tried, fmt.Errorf("byte %d reads %#x, and %#x was written", at+int64(i), got[i], pattern[i])
				}
			}
			tried += block
		}
	}
	return tried, nil
}
