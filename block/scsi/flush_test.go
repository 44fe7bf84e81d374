package scsi

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
)

// Ten flushes that come while one is under way share a single further sync: not
// the one under way, which may have begun before their writes.
func TestConcurrentFlushesShareASync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f flusher
		var syncs int
		hold := make(chan struct{})
		sync1 := func() error {
			syncs++
			<-hold
			return nil
		}
		var done sync.WaitGroup
		done.Go(func() { f.flush(sync1) })
		synctest.Wait() // the first is inside
		for range 10 {
			done.Go(func() {
				if err := f.flush(sync1); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		if syncs != 1 {
			t.Fatalf("%d syncs under way at once, want 1", syncs)
		}
		hold <- struct{}{}
		synctest.Wait()
		if syncs != 2 {
			t.Fatalf("after the first, %d syncs have begun, want 2", syncs)
		}
		hold <- struct{}{}
		done.Wait()
		if syncs != 2 {
			t.Errorf("%d syncs for 11 flushes, want 2", syncs)
		}
	})
}

// The kernel reports a lost page once; the unit keeps failing until it is reset.
func TestFailedFlushIsNotForgotten(t *testing.T) {
	r := newRig(t, Options{})
	other := r.login("other")
	const flush, fua, plain = "35 00 00000000 00 0000 00", "2a 08 00000000 00 0001 00", "2a 00 00000000 00 0001 00"
	r.disk.syncErr = errors.New("lost a page")
	r.want("3/0c00", r.nexus, flush)
	r.disk.syncErr = nil // as fdatasync does
	r.want("3/0c00", r.nexus, flush)
	r.want("3/0c00", other, flush)
	r.want("3/0c00", other, fua, fill(1, 1)...)
	r.want("3/0c00", other, "1b 00 00 00 00 00")
	r.want("good", other, plain, fill(1, 1)...)
	if !r.device.ResetLUN(0) {
		t.Fatal("no unit to reset")
	}
	r.want("6/2903", r.nexus, flush) // every initiator that had data in the cache is notified
	r.want("6/2903", other, flush)
	r.want("good", r.nexus, flush)
	r.want("good", other, fua, fill(1, 1)...)
}
