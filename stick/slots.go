package stick

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
)

// state is what the loader and the stick tell each other, as a GRUB environment block.
type state struct {
	Slot  string // the one that has proved itself: a or b
	Trial string // one that has not yet, "" for none
	Tries string // how often that may still start: 2, 1 or 0
}

// blockSize is the length of the block in bytes; all that we write is in its first sector,
// which a disk writes whole or not at all.
const blockSize = 1024

// blockAt is where the block begins in its partition: the file "state", the only one of a FAT that scripts/usb.sh makes
// and looks for there. GRUB from 2.06-13+deb12u2 on writes no block outside of a file.
const blockAt = 37 * 512

const signature = "# GRUB Environment Block\n"

var errState = errors.New("the state of the slots is damaged")

// other is the slot beside this one.
func other(slot string) string {
	if slot == "a" {
		return "b"
	}
	return "a"
}

// parseState reads an environment block (GRUB, grub-core/lib/envblk.c).
func parseState(block []byte) (s state, err error) {
	text, ok := strings.CutPrefix(string(block), signature)
	if !ok {
		return s, errState
	}
	fields := map[string]*string{"slot": &s.Slot, "trial": &s.Trial, "tries": &s.Tries}
	for line := range strings.SplitSeq(text, "\n") {
		name, value, _ := strings.Cut(line, "=")
		if field := fields[name]; field != nil {
			*field = value
		}
	}
	if s.Slot != "a" && s.Slot != "b" || s.Trial != "" && s.Trial != other(s.Slot) {
		return s, fmt.Errorf("%w: slot %q, trial %q", errState, s.Slot, s.Trial)
	}
	return s, nil
}

// block is the environment block.
func (s state) block() []byte {
	b := fmt.Appendf(nil, "%sslot=%s\ntrial=%s\ntries=%s\n", signature, s.Slot, s.Trial, s.Tries)
	return append(b, bytes.Repeat([]byte("#"), blockSize-len(b))...)
}

// blockIn is where the block begins in a partition. Sticks from before blockAt have it in the first sector.
func blockIn(f *os.File) (offset int64, err error) {
	first := make([]byte, len(signature))
	if _, err := f.ReadAt(first, 0); err != nil {
		return 0, err
	}
	if string(first) == signature {
		return 0, nil
	}
	return blockAt, nil
}

func readState(path string) (state, error) {
	f, err := os.Open(path)
	if err != nil {
		return state{}, err
	}
	defer f.Close() //nolint:errcheck // only read
	at, err := blockIn(f)
	if err != nil {
		return state{}, err
	}
	block := make([]byte, blockSize)
	if _, err := f.ReadAt(block, at); err != nil {
		return state{}, err
	}
	return parseState(block)
}

// write makes the state lasting before it returns.
func (s state) write(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_SYNC, 0)
	if err != nil {
		return err
	}
	at, err := blockIn(f)
	if err == nil {
		_, err = f.WriteAt(s.block(), at)
	}
	return errors.Join(err, f.Sync(), f.Close())
}
