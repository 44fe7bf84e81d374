package scsi

import (
	"encoding/binary"
	"errors"
	"maps"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
)

// cutDisk is a disk whose power can be cut. Writes go to its cache; a sync takes some time
// and writes to the medium what was in the cache when it began. At a power cut some of the
// cache has reached the medium, in any order, and the rest is lost.
type cutDisk struct {
	*memDisk
	mu    sync.Mutex
	cache map[int64][]byte // blocks by offset
	dead  bool
}

var errPower = errors.New("no power")

func (d *cutDisk) WriteAt(p []byte, off int64) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dead {
		return 0, errPower
	}
	for at := 0; at < len(p); at += BlockSize {
		d.cache[off+int64(at)] = append([]byte(nil), p[at:at+BlockSize]...)
	}
	return len(p), nil
}

func (d *cutDisk) ReadAt(p []byte, off int64) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.memDisk.ReadAt(p, off)
	for at := 0; at < len(p); at += BlockSize {
		copy(p[at:], d.cache[off+int64(at)])
	}
	return len(p), nil
}

func (d *cutDisk) Sync() error {
	d.mu.Lock()
	covered := maps.Clone(d.cache)
	d.mu.Unlock()
	for range 3 {
		runtime.Gosched() // time for others to write what this sync does not cover
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dead {
		return errPower
	}
	for off, p := range covered {
		d.memDisk.WriteAt(p, off)
	}
	return nil
}

func (d *cutDisk) cut(random *rand.Rand) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dead = true
	for off, p := range d.cache {
		if random.IntN(2) == 0 {
			d.memDisk.WriteAt(p, off)
		}
	}
}

// Data that was flushed, written with FUA or written through before the power cut is on the
// medium. Each worker increments a counter in a block of its own and notes the last number
// that was acknowledged as durable; the power is cut after enough of them.
func TestWhatWasFlushedSurvivesAPowerCut(t *testing.T) {
	const workers, rounds = 6, 60
	promises := []struct {
		name    string
		options Options
		write   string // of a block at LBA 0, to be filled in
		flush   string // empty: the write itself is the promise
	}{
		{"flush", Options{}, "2a 00 00000000 00 0001 00", "35 00 00000000 00 0000 00"},
		{"FUA", Options{}, "2a 08 00000000 00 0001 00", ""},
		{"write through", Options{WriteThrough: true}, "2a 00 00000000 00 0001 00", ""},
		{"ORWRITE with FUA", Options{}, "8b 08 0000000000000000 00000001 00 00", ""},
	}
	for seed := range uint64(rounds) {
		c := promises[seed%uint64(len(promises))]
		random := rand.New(rand.NewPCG(seed, 0))
		r := newRig(t, c.options)
		disk := &cutDisk{memDisk: r.disk, cache: map[int64][]byte{}}
		r.lun.disk = disk
		promised := make([]uint64, workers)
		enough := make(chan struct{}, workers)
		var wg sync.WaitGroup
		for w := range workers {
			n := r.login(string(rune('a' + w)))
			wg.Go(func() {
				for i := uint64(1); ; i = i<<1 | 1 { // bits only come, as ORWRITE wants it
					cdb, p := b(c.write), make([]byte, BlockSize)
					cdb[5+4*(len(cdb)/16)] = byte(w)
					binary.BigEndian.PutUint64(p, i)
					ok := r.device.Execute(Command{Nexus: n, CDB: cdb, Out: p}).Status == Good
					if ok && c.flush != "" {
						ok = r.device.Execute(Command{Nexus: n, CDB: b(c.flush)}).Status == Good
					}
					if !ok {
						return
					}
					promised[w] = i
					select {
					case enough <- struct{}{}:
					default:
					}
				}
			})
		}
		for range random.IntN(20) {
			<-enough
		}
		disk.cut(random)
		wg.Wait()
		for w, want := range promised {
			if got := binary.BigEndian.Uint64(r.disk.data[w*BlockSize:]); got < want {
				t.Errorf("%s, seed %d: block %d has %#x, %#x was promised", c.name, seed, w, got, want)
			}
		}
	}
}
