package iscsi_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"ironhook/block/iscsi/initiatortest"
	"ironhook/internal/asked"
)

// volatile is a disk whose write cache is lost at a power cut: a block written since the
// last Sync may then hold any of the writes since, or its contents at the Sync.
type volatile struct {
	*ram
	lock   sync.Mutex
	dirty  map[int64][][]byte // by block: what was written since the last Sync
	stable []byte
	off    bool
}

var errNoPower = errors.New("no power")

func newVolatile(size int) *volatile {
	return &volatile{ram: newRAM(size), dirty: map[int64][][]byte{}, stable: make([]byte, size)}
}

func (v *volatile) WriteAt(p []byte, off int64) (int, error) {
	v.lock.Lock()
	defer v.lock.Unlock()
	if v.off {
		return 0, errNoPower
	}
	for k := 0; k < len(p); k += 512 {
		block := off/512 + int64(k/512)
		v.dirty[block] = append(v.dirty[block], append([]byte(nil), p[k:k+512]...))
	}
	return v.ram.WriteAt(p, off)
}

func (v *volatile) Sync() error {
	v.lock.Lock()
	defer v.lock.Unlock()
	if v.off {
		return errNoPower
	}
	clear(v.dirty)
	v.stable, _ = v.snapshot()
	return nil
}

// cut cuts the power and restores it.
func (v *volatile) cut(rnd *rand.Rand) {
	v.lock.Lock()
	v.off = true
	data := v.stable
	for block, writes := range v.dirty {
		if n := rnd.IntN(len(writes) + 1); n > 0 {
			copy(data[block*512:], writes[n-1])
		}
	}
	v.lock.Unlock()
	v.mu.Lock()
	defer v.mu.Unlock()
	copy(v.data, data)
}

func (v *volatile) restore() {
	v.lock.Lock()
	defer v.lock.Unlock()
	v.off = false
	clear(v.dirty)
	v.stable, _ = v.snapshot()
}

// cuts is how often the power fails; $IRONHOOK_POWER_CUTS says otherwise.
func cuts(t *testing.T) int {
	t.Helper()
	if testing.Short() {
		return 5
	}
	return asked.Number(t, "IRONHOOK_POWER_CUTS", 50)
}

// Flushed data survives a power cut, with several initiators at once.
func TestPowerCut(t *testing.T) {
	const region, sessions = 256 << 10, 4
	rounds := cuts(t)
	disk := newVolatile(sessions * region)
	rnd := rand.New(rand.NewPCG(7, 7))
	var recorders []*initiatortest.Recorder
	for n := range sessions {
		recorders = append(recorders, initiatortest.NewRecorder(int64(n)*region, region, uint64(n)))
	}
	for round := range rounds {
		s := serve(t, disk, nil)
		var wg sync.WaitGroup
		for n, r := range recorders {
			i := s.login(initiatortest.Options{Name: fmt.Sprintf("%s-%d", initiatorName, n)})
			if err := r.Check(i); err != nil {
				t.Fatalf("round %d: %v", round, err)
			}
			wg.Go(func() {
				defer i.Close() // a thousand rounds must not hold their sockets
				if r.Run(i); r.Written == 0 {
					t.Error("nothing was written")
				}
			})
		}
		want := 50 + rnd.IntN(400)
		for range want { // the moment of the cut, in writes that reached the disk
			<-disk.entered
		}
		disk.cut(rnd)
		s.target.End(targetName)
		wg.Wait()
		s.close()
		disk.restore()
	}
	written, flushes := 0, 0
	for _, r := range recorders {
		written, flushes = written+r.Written, flushes+r.Flushes
	}
	t.Logf("%d power cuts, %d writes, %d flushes", rounds, written, flushes)
}
