package stick_test

import (
	"errors"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"testing"
)

const (
	sector = 512
	page   = 4096 // what flash writes at once, at least, and ext4 relies on: its superblock has two sectors
)

// flash is the stick's memory: a file behind a write cache, which an emulated PC reaches by NBD.
// When the plug is pulled, each page in the cache is on the medium or is not. (QEMU alone loses
// nothing when it is killed: what it wrote is in the host's cache.)
type flash struct {
	mu     sync.Mutex
	file   *os.File
	cache  map[int64][]byte // by sector: what was written last since the last flush
	dead   int64            // what is written to this sector is gone; 0 for none
	writes int
	last   int           // after so many writes the plug is pulled; 0 for never
	pulled chan struct{} // closed when it was
	lost   int           // sectors that were in the cache then
}

var errUnplugged = errors.New("the plug was pulled")

// plugIn serves a file on a socket until it is pulled, or for so many writes.
func plugIn(t *testing.T, file, socket string, last int) *flash {
	t.Helper()
	medium, err := os.OpenFile(file, os.O_RDWR, 0)
	must(t, "plug in", err)
	os.Remove(socket)
	l, err := net.Listen("unix", socket)
	must(t, "plug in", err)
	f := &flash{file: medium, cache: map[int64][]byte{}, last: last, pulled: make(chan struct{})}
	go func() {
		c, err := l.Accept()
		l.Close() // now: it removes the socket, which is another's later
		if err != nil {
			return
		}
		defer c.Close()
		f.serve(c) // QEMU reports how that ends
	}()
	return f
}

func (f *flash) readAt(p []byte, off int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.isOff() {
		return errUnplugged
	}
	if _, err := f.file.ReadAt(p, off); err != nil {
		return err
	}
	for k := 0; k < len(p); k += sector {
		copy(p[k:], f.cache[off/sector+int64(k/sector)])
	}
	return nil
}

// writeAt keeps p in the cache.
func (f *flash) writeAt(p []byte, off int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.isOff() {
		return errUnplugged
	}
	for k := 0; k < len(p); k += sector {
		f.cache[off/sector+int64(k/sector)] = p[k : k+sector]
	}
	if f.writes++; f.writes == f.last {
		return errors.Join(f.cut(), errUnplugged)
	}
	return nil
}

func (f *flash) flush() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.isOff() {
		return errUnplugged
	}
	return f.store(func(int64) bool { return true })
}

// store writes those sectors of the cache to the medium that keep says, and forgets all.
func (f *flash) store(keep func(at int64) bool) error {
	defer clear(f.cache)
	for at, data := range f.cache {
		if !keep(at*sector) || f.dead > 0 && at == f.dead {
			continue
		}
		if _, err := f.file.WriteAt(data, at*sector); err != nil {
			return err
		}
	}
	return nil
}

// forget loses from now on what is written to a sector, which is not the first.
func (f *flash) forget(at int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dead = at
}

// written is how often the medium was written to since it was plugged in.
func (f *flash) written() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.writes
}

// pullAfter pulls the plug after so many more writes, 0 for never, and returns how many there were.
func (f *flash) pullAfter(writes int) (before int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if writes > 0 {
		f.last = f.writes + writes
	}
	return f.writes
}

// pull takes the power away.
func (f *flash) pull() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.cut()
}

// cut is pull for one who holds the lock.
func (f *flash) cut() error {
	if f.isOff() {
		return errUnplugged
	}
	f.lost = len(f.cache)
	kept := map[int64]bool{}
	err := f.store(func(at int64) bool {
		if _, decided := kept[at/page]; !decided {
			kept[at/page] = rand.IntN(2) == 0
		}
		return kept[at/page]
	})
	defer close(f.pulled)
	return errors.Join(err, f.file.Close())
}

func (f *flash) isOff() bool {
	select {
	case <-f.pulled:
		return true
	default:
		return false
	}
}
