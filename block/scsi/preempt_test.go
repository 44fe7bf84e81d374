package scsi

import (
	"sync"
	"testing"
	"time"
)

func TestPreempt(t *testing.T) {
	for _, c := range []struct {
		name   string
		held   kind // by a; 0: not held
		target uint64
		want   string
		after  string
		a, c   []string // pending for the others
	}{
		{"the holder", writeExclusive, keyA, "good", "keys " + hexB + hexC + ", held by " + hexB + ", type 3", []string{"2a05"}, nil},
		{"the holder of a shared one", writeExclusiveRegistrantsOnly, keyA, "good", "keys " + hexB + hexC + ", held by " + hexB +
			", type 3", []string{"2a05"}, []string{"2a04"}},
		{"another registrant", writeExclusive, keyC, "good", "keys " + hexA + hexB + ", held by " + hexA + ", type 1", nil, []string{"2a05"}},
		{"a registrant, nothing reserved", 0, keyC, "good", "keys " + hexA + hexB, nil, []string{"2a05"}},
		{"nobody", writeExclusive, 99, "conflict", "keys " + hexA + hexB + hexC + ", held by " + hexA + ", type 1", nil, nil},
		{"nobody, nothing reserved", 0, 99, "conflict", "keys " + hexA + hexB + hexC, nil, nil},
		{"key zero", writeExclusive, 0, "5/2600", "keys " + hexA + hexB + hexC + ", held by " + hexA + ", type 1", nil, nil},
		{"all registrants", writeExclusiveAllRegistrants, 0, "good", "keys " + hexB + ", held by " + hexB +
			", type 3", []string{"2a05"}, []string{"2a05"}},
		{"one of all registrants", writeExclusiveAllRegistrants, keyC, "good", "keys " + hexA + hexB +
			", held by 0000000000000000, type 7", nil, []string{"2a05"}},
	} {
		for _, action := range []int{prPreempt, prPreemptAndAbort} {
			r := newRig(t, Options{})
			first, second, third := r.nexus, r.login("b"), r.login("c")
			r.pr("good", first, prRegister, 0, 0, keyA)
			r.pr("good", second, prRegister, 0, 0, keyB)
			r.pr("good", third, prRegister, 0, 0, keyC)
			if c.held != 0 {
				r.pr("good", first, prReserve, c.held, keyA, 0)
			}
			t.Log(c.name)
			r.pr("conflict", second, action, exclusiveAccess, keyC, c.target)
			r.pr(c.want, second, action, exclusiveAccess, keyB, c.target)
			r.wantState(c.after)
			r.wantOwed(first, c.a...)
			r.wantOwed(second)
			r.wantOwed(third, c.c...)
		}
	}
}

// A holder may preempt itself, to change the type.
func TestPreemptOneself(t *testing.T) {
	r := newRig(t, Options{})
	r.pr("good", r.nexus, prRegister, 0, 0, keyA)
	r.pr("good", r.nexus, prReserve, writeExclusive, keyA, 0)
	r.pr("good", r.nexus, prPreempt, exclusiveAccess, keyA, keyA)
	r.wantState("keys " + hexA + ", held by " + hexA + ", type 3")
}

// After PREEMPT has returned, no write of the victim reaches the disk: clusters rely on it
// for fencing.
func TestNoWriteLandsAfterPreempt(t *testing.T) {
	for range 20 {
		r := newRig(t, Options{})
		victim, survivor := r.nexus, r.login("b")
		r.pr("good", victim, prRegister, 0, 0, keyA)
		r.pr("good", survivor, prRegister, 0, 0, keyB)
		r.pr("good", victim, prReserve, writeExclusiveRegistrantsOnly, keyA, 0)
		var wg sync.WaitGroup
		stop := make(chan struct{})
		for range 4 {
			wg.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
						r.device.Execute(Command{Nexus: victim, CDB: b("2a 00 00000000 00 0001 00"), Out: fill(0xee, 1)})
					}
				}
			})
		}
		r.pr("good", survivor, prPreemptAndAbort, writeExclusiveRegistrantsOnly, keyB, keyA)
		r.want("good", survivor, "2a 00 00000000 00 0001 00", fill(0x11, 1)...)
		r.device.Execute(Command{Nexus: victim, CDB: b("2a 00 00000000 00 0001 00"), Out: fill(0xee, 1)})
		close(stop)
		wg.Wait()
		r.holds(0x11, 0, 1)
	}
}

// lateDisk is a memDisk whose writes wait.
type lateDisk struct {
	*memDisk
	begun, release chan struct{}
}

func (d *lateDisk) WriteAt(p []byte, off int64) (int, error) {
	d.begun <- struct{}{}
	<-d.release
	return d.memDisk.WriteAt(p, off)
}

// TestPreemptWaitsForWrites: a PREEMPT is answered only after the writes in flight of the
// preempted initiator have finished.
func TestPreemptWaitsForWrites(t *testing.T) {
	disk := &lateDisk{newMemDisk(rigBlocks), make(chan struct{}, 1), make(chan struct{})}
	lun, err := NewLUN(disk, Options{Serial: "unit"})
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, disk: disk.memDisk, lun: lun, device: NewDevice("iqn.2026-11.test:disk", lun)}
	a, c := r.login("a"), r.login("c")
	r.want("good", a, "5f 00 00 00 00 00000018 00", outList(0, 1, 0)...)
	r.want("good", c, "5f 00 00 00 00 00000018 00", outList(0, 2, 0)...)
	r.want("good", a, "5f 01 01 00 00 00000018 00", outList(1, 0, 0)...)
	written, preempted := make(chan string, 1), make(chan string, 1)
	go func() { written <- outcome(r.do(a, "2a 00 00000000 00 0001 00", fill('x', 1)...)) }()
	<-disk.begun
	go func() { preempted <- outcome(r.do(c, "5f 04 01 00 00 00000018 00", outList(2, 1, 0)...)) }()
	select {
	case got := <-preempted:
		t.Errorf("PREEMPT = %s while a write of the old holder is under way", got)
		preempted <- got
	case <-time.After(50 * time.Millisecond): // the absence of an answer can only be seen over time
	}
	close(disk.release)
	if got := <-written; got != "good" {
		t.Errorf("the write = %s, want good", got)
	}
	if got := <-preempted; got != "good" {
		t.Errorf("PREEMPT = %s, want good", got)
	}
	a.attention[0].take() // of the preemption
	r.want("conflict", a, "2a 00 00000000 00 0001 00", fill('y', 1)...)
}
