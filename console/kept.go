package console

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"
)

// partSize is when a new file is begun. Two are kept of each console: at least partSize bytes, at most
// twice that.
const partSize = 512 << 10

// kept is the last of what a machine has written, in files named by the position at which they begin.
type kept struct {
	dir string

	mu    sync.Mutex // guards what follows
	parts []part     // the oldest first; the last is written to
	file  *os.File   // of the last part, nil until something is written
	more  chan struct{}
}

type part struct{ begin, size int64 }

// openKept reads which files there are; there may be none, and no directory.
func openKept(dir string) (*kept, error) {
	k := &kept{dir: dir, more: make(chan struct{})}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("kept console: %w", err)
	}
	for _, e := range entries { // in the order of their names, which have one length
		begin, err := strconv.ParseInt(e.Name(), 10, 64)
		info, gone := e.Info()
		if err != nil || gone != nil {
			continue
		}
		k.parts = append(k.parts, part{begin, info.Size()})
	}
	return k, nil
}

func (k *kept) path(p part) string { return filepath.Join(k.dir, fmt.Sprintf("%020d", p.begin)) }

// append keeps what a machine wrote and wakes the readers.
func (k *kept) append(b []byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.ready(len(b)); err != nil {
		return fmt.Errorf("keep console: %w", err)
	}
	last := &k.parts[len(k.parts)-1]
	n, err := k.file.Write(b)
	last.size += int64(n)
	close(k.more)
	k.more = make(chan struct{})
	if err != nil {
		return fmt.Errorf("keep console: %w", err)
	}
	return nil
}

// ready has a file to which n bytes can be added.
func (k *kept) ready(n int) error {
	full := len(k.parts) == 0 || k.parts[len(k.parts)-1].size+int64(n) > partSize
	if !full && k.file != nil {
		return nil
	}
	if err := os.MkdirAll(k.dir, 0o700); err != nil {
		return err
	}
	next := part{begin: k.end()}
	if !full {
		next = k.parts[len(k.parts)-1]
	}
	f, err := os.OpenFile(k.path(next), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	k.closeFile()
	k.file = f
	if !full {
		return nil
	}
	k.parts = append(k.parts, next)
	for len(k.parts) > 2 {
		if err := os.Remove(k.path(k.parts[0])); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		k.parts = k.parts[1:]
	}
	return nil
}

func (k *kept) end() int64 {
	if len(k.parts) == 0 {
		return 0
	}
	last := k.parts[len(k.parts)-1]
	return last.begin + last.size
}

// read returns at most most bytes from a position, and where they begin: later than from, if that is
// not kept any more; at the end, if from is of another log. The channel is closed when there is more.
func (k *kept) read(from int64, most int) (at int64, b []byte, more <-chan struct{}, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	end := k.end()
	if len(k.parts) == 0 || from >= end {
		return end, nil, k.more, nil
	}
	from = max(from, k.parts[0].begin)
	for _, p := range k.parts {
		if from >= p.begin+p.size {
			continue
		}
		b = make([]byte, min(int64(most), p.begin+p.size-from))
		err = readAt(k.path(p), b, from-p.begin)
		break
	}
	return from, b, k.more, err
}

func readAt(path string, b []byte, at int64) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("kept console: %w", err)
	}
	defer f.Close() //nolint:errcheck // only read
	if _, err := io.ReadFull(io.NewSectionReader(f, at, int64(len(b))), b); err != nil {
		return fmt.Errorf("kept console: %w", err)
	}
	return nil
}

func (k *kept) closeFile() {
	if k.file != nil {
		k.file.Close() //nolint:errcheck // what is lost here is the tail of a console
		k.file = nil
	}
}

func (k *kept) close() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.closeFile()
}
