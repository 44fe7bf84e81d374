package scsi

import (
	"errors"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
)

func TestSanitize(t *testing.T) {
	for _, cdb := range []string{"48 02 0000000000 0000 00", "48 03 0000000000 0000 00", "48 a2 0000000000 0000 00"} {
		r := newRig(t, Options{})
		r.put(1, 0, rigBlocks)
		r.want("good", r.nexus, cdb)
		r.holds(0, 0, rigBlocks)
		if r.disk.mapped[0] || r.disk.mapped[rigBlocks-1] || r.disk.syncs != 1 {
			t.Errorf("%s: mapped %v, %d syncs", cdb, r.disk.mapped[0], r.disk.syncs)
		}
		r.want("good", r.nexus, "28 00 00000000 00 0001 00")
	}
	r := newRig(t, Options{})
	r.put(1, 0, rigBlocks)
	for _, cdb := range []string{
		"48 01 0000000000 0000 00", // OVERWRITE
		"48 04 0000000000 0000 00",
		"48 42 0000000000 0000 00", // ZNR
		"48 02 0000010000 0000 00",
		"48 82 0000000000 0008 00",
		"48 1f 0000000000 0008 00",
		"48 9f 0000000000 0000 00",
	} {
		r.want("5/2400", r.nexus, cdb, make([]byte, 8)...)
	}
	r.want("good", r.nexus, "48 1f 0000000000 0000 00")
	r.holds(1, 0, rigBlocks)
}

// slowDisk holds up writes and unmaps until it is released.
type slowDisk struct {
	*memDisk
	write, unmap, entered chan struct{}
}

func (d *slowDisk) WriteAt(p []byte, off int64) (int, error) {
	if d.write != nil {
		d.entered <- struct{}{}
		<-d.write
	}
	return d.memDisk.WriteAt(p, off)
}

func (d *slowDisk) Unmap(off, n int64) error {
	if d.unmap != nil {
		<-d.unmap
	}
	return d.memDisk.Unmap(off, n)
}

// While a sanitize runs, other commands are refused with its progress instead of waiting; a
// reset does not end it.
func TestSanitizeInProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Options{})
		disk := &slowDisk{memDisk: r.disk, unmap: make(chan struct{})}
		r.lun.disk = disk
		other := r.login("other")
		var done sync.WaitGroup
		done.Go(func() { r.want("good", r.nexus, "48 02 0000000000 0000 00") })
		synctest.Wait()
		for _, cdb := range []string{"00", "28 00 00000000 00 0001 00", "1b 00 00 00 01 00", "48 02 0000000000 0000 00",
			"48 1f 0000000000 0000 00", "5e 00 0000000000 0018 00"} {
			res := r.want("2/041b", other, cdb)
			if len(res.Sense) == 18 && res.Sense[15] != 0x80 {
				t.Errorf("%s: sense %x, want the progress", cdb, res.Sense)
			}
		}
		r.want("2/041b", other, "16") // even a command that runs alone
		r.want("good", other, "12 00 00 0024 00")
		r.want("good", other, "a0 00 00 000000 00000100 00 00")
		if res := r.want("good", other, "03 00 0000 12 00"); res.In[2] != 2 || res.In[12] != 0x04 {
			t.Errorf("REQUEST SENSE = %x, want the progress", res.In)
		}
		r.device.ResetLUN(0)
		r.want("6/2903", other, "00")
		r.want("2/041b", other, "00")
		disk.unmap <- struct{}{}
		done.Wait()
		r.want("good", other, "00")
	})
}

// A write that was under way when a sanitize began is erased with the rest.
func TestSanitizeWaitsForWhatIsUnderWay(t *testing.T) {
	r := newRig(t, Options{})
	disk := &slowDisk{memDisk: r.disk, write: make(chan struct{}), entered: make(chan struct{})}
	r.lun.disk = disk
	writer := r.login("writer")
	var done sync.WaitGroup
	done.Go(func() { r.want("good", writer, "2a 00 00000000 00 0001 00", fill(1, 1)...) })
	<-disk.entered
	done.Go(func() { r.want("good", r.nexus, "48 02 0000000000 0000 00") })
	for r.lun.gate.TryRLock() { // until the sanitize waits for the gate
		r.lun.gate.RUnlock()
		runtime.Gosched()
	}
	disk.write <- struct{}{}
	done.Wait()
	r.holds(0, 0, 1)
}

// A failed sanitize is reported until it is repeated, or left with EXIT FAILURE MODE where
// AUSE allowed that.
func TestSanitizeThatFails(t *testing.T) {
	for _, c := range []struct{ cdb, exit, after string }{
		{"48 02 0000000000 0000 00", "3/3103", "3/3103"},
		{"48 22 0000000000 0000 00", "good", "good"},
	} {
		r := newRig(t, Options{})
		r.disk.writeErr = errors.New("broken")
		r.want("3/3103", r.nexus, c.cdb)
		r.disk.writeErr = nil
		r.want("3/3103", r.nexus, "28 00 00000000 00 0001 00")
		r.want(c.exit, r.nexus, "48 1f 0000000000 0000 00")
		r.want(c.after, r.nexus, "28 00 00000000 00 0001 00")
		r.want("good", r.nexus, c.cdb)
		r.want("good", r.nexus, "28 00 00000000 00 0001 00")
	}
}
