package scsi

import (
	"bytes"
	"encoding/binary"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
)

func TestCompareAndWrite(t *testing.T) {
	r := newRig(t, Options{})
	r.put(1, 0, 8)
	const cdb = "89 00 0000000000000002 000000 02 00 00"
	same := append(fill(1, 2), fill(2, 2)...)
	r.want("good", r.nexus, cdb, same...)
	r.holds(1, 0, 2)
	r.holds(2, 2, 2)
	r.holds(1, 4, 4)
	res := r.want("e/1d00", r.nexus, cdb, same...)
	if !bytes.Equal(res.Sense[:7], b("f0 00 0e 00000000")) {
		t.Errorf("sense = %x, want it to point at byte 0", res.Sense)
	}
	r.holds(2, 2, 2)
	almost := append(fill(2, 2), fill(3, 2)...)
	almost[1023] = 0
	res = r.want("e/1d00", r.nexus, cdb, almost...)
	if got := res.Sense[3:7]; !bytes.Equal(got, b("000003ff")) {
		t.Errorf("INFORMATION = %x, want 000003ff", got)
	}
	r.want("good", r.nexus, "89 00 0000000000000002 000000 00 00 00")
	r.want("good", r.nexus, "89 08 0000000000000002 000000 01 00 00", append(fill(2, 1), fill(9, 1)...)...)
	if r.disk.syncs != 1 {
		t.Errorf("%d syncs for one FUA, want 1", r.disk.syncs)
	}
	r.disk.writeErr = syscall.EIO
	r.want("3/0c00", r.nexus, cdb, append(append(fill(9, 1), fill(2, 1)...), fill(7, 2)...)...)
}

func TestORWrite(t *testing.T) {
	r := newRig(t, Options{})
	r.put(0xa0, 0, 4)
	r.want("good", r.nexus, "8b 00 0000000000000001 00000002 00 00", fill(0x05, 2)...)
	r.holds(0xa0, 0, 1)
	r.holds(0xa5, 1, 2)
	r.holds(0xa0, 3, 1)
	r.want("good", r.nexus, "8b 00 0000000000000001 00000000 00 00")
	r.put(0xa0, 0, rigBlocks)
	r.want("good", r.nexus, "8b 00 0000000000000001 000002bc 00 00", append(fill(0x05, 650), fill(0x0a, 50)...)...) // more than a piece
	r.holds(0xa0, 0, 1)
	r.holds(0xa5, 1, 650)
	r.holds(0xaa, 651, 50)
	r.holds(0xa0, 701, rigBlocks-701)
}

// Counters that initiators increment with COMPARE AND WRITE lose no count while others read
// and write around them.
func TestCompareAndWriteIsAtomic(t *testing.T) {
	r := newRig(t, Options{})
	const workers, rounds = 8, 50
	var wg sync.WaitGroup
	for w := range workers {
		n := r.device.Login(string(rune('a' + w)))
		n.attention[0].take()
		wg.Go(func() {
			for done := 0; done < rounds; {
				now := r.device.Execute(Command{Nexus: n, CDB: b("28 00 00000004 00 0001 00"), In: make([]byte, BlockSize)}).In
				next := bytes.Clone(now)
				binary.BigEndian.PutUint64(next, binary.BigEndian.Uint64(now)+1)
				c := Command{Nexus: n, CDB: b("89 00 0000000000000004 000000 01 00 00"), Out: append(now, next...), Expected: 2 * BlockSize}
				if res := r.device.Execute(c); res.Status == Good {
					done++
				} else if got := outcome(res); got != "e/1d00" {
					t.Errorf("COMPARE AND WRITE = %s", got)
					return
				}
			}
		})
		wg.Go(func() { // neighbours on both sides, and an overlap that changes nothing
			for range rounds {
				r.device.Execute(Command{Nexus: n, CDB: b("2a 00 00000005 00 0002 00"), Out: fill(byte(w), 2)})
				r.device.Execute(Command{Nexus: n, CDB: b("8b 00 0000000000000003 00000003 00 00"), Out: fill(0, 3)})
			}
		})
	}
	wg.Wait()
	if got := binary.BigEndian.Uint64(r.disk.data[4*BlockSize:]); got != workers*rounds {
		t.Errorf("counter = %d, want %d", got, workers*rounds)
	}
}

// heldDisk is a memDisk whose reads wait after they have read.
type heldDisk struct {
	*memDisk
	reads   atomic.Int32
	release chan struct{}
}

func (d *heldDisk) ReadAt(p []byte, off int64) (int, error) {
	n, err := d.memDisk.ReadAt(p, off)
	d.reads.Add(1)
	<-d.release
	return n, err
}

// TestCompareAndWriteExcludesAnother: while one COMPARE AND WRITE is between its
// comparison and its write, another of the same block does not compare.
func TestCompareAndWriteExcludesAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := &heldDisk{memDisk: newMemDisk(rigBlocks), release: make(chan struct{})}
		lun, err := NewLUN(disk, Options{Serial: "unit"})
		if err != nil {
			t.Fatal(err)
		}
		device := NewDevice("iqn.2026-11.test:disk", lun)
		outcomes := make(chan string, 2)
		for _, host := range []string{"a", "b"} {
			n := device.Login(host)
			n.attention[0].take()
			go func() {
				out := append(fill(0, 1), fill(host[0], 1)...)
				outcomes <- outcome(device.Execute(Command{Nexus: n, CDB: b("89 00 0000000000000004 000000 01 00 00"), Out: out,
					Expected: 2 * BlockSize}))
			}()
		}
		synctest.Wait()
		if n := disk.reads.Load(); n != 1 {
			t.Errorf("%d commands have compared, want the first alone", n)
		}
		close(disk.release)
		got := []string{<-outcomes, <-outcomes}
		slices.Sort(got)
		if want := []string{"e/1d00", "good"}; !slices.Equal(got, want) {
			t.Errorf("outcomes %q, want %q: one host has the lock", got, want)
		}
	})
}

// atomicDisk is a memDisk that can write atomically, up to 16 blocks.
type atomicDisk struct {
	*memDisk
	writes int
}

func (d *atomicDisk) AtomicLimit() int64 { return 16 * BlockSize }
func (d *atomicDisk) WriteAtomic(p []byte, off int64) error {
	d.writes++
	_, err := d.WriteAt(p, off)
	return err
}

func TestWriteAtomic(t *testing.T) {
	const cdb = "9c 00 0000000000000004 0000 0002 00 00"
	r := newRig(t, Options{})
	r.want("5/2000", r.nexus, cdb, fill(1, 2)...) // not offered: the disk cannot
	disk := &atomicDisk{memDisk: newMemDisk(64)}
	lun, err := NewLUN(disk, Options{Serial: "atomic"})
	if err != nil {
		t.Fatal(err)
	}
	r.device.SetLUN(0, lun)
	r.nexus.attention[0].take()
	r.disk = disk.memDisk
	r.want("good", r.nexus, cdb, fill(1, 2)...)
	r.holds(0, 0, 4)
	r.holds(1, 4, 2)
	r.want("good", r.nexus, "9c 00 0000000000000004 0000 0000 00 00")
	r.want("5/2400", r.nexus, "9c 00 0000000000000004 0000 0011 00 00", fill(1, 17)...) // more than the limit
	r.want("5/2400", r.nexus, "9c 00 0000000000000004 0001 0001 00 00", fill(1, 1)...)  // a boundary
	r.want("5/2100", r.nexus, "9c 00 000000000000003f 0000 0002 00 00", fill(1, 2)...)
	r.want("5/0e03", r.nexus, cdb, fill(1, 1)...)
	if disk.writes != 1 {
		t.Errorf("%d atomic writes, want 1", disk.writes)
	}
}
