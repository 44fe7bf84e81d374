package scsi

import (
	"sync"
	"testing"
)

func TestPreempt(t *testing.T) {
	for _, c := range []struct {
		name   string
		held   kind // by a; 0: by nobody
		target uint64
		want   string
		after  string
		a, c   []string // owed to the others
	}{
		{"the holder", writeExclusive, keyA, "good", "keys " + hexB + hexC + ", held by " + hexB + ", type 3", []string{"2a05"}, nil},
		{"the holder of a shared one", writeExclusiveRegistrantsOnly, keyA, "good", "keys " + hexB + hexC + ", held by " + hexB + ", type 3", []string{"2a05"}, []string{"2a04"}},
		{"another registrant", writeExclusive, keyC, "good", "keys " + hexA + hexB + ", held by " + hexA + ", type 1", nil, []string{"2a05"}},
		{"a registrant, nothing reserved", 0, keyC, "good", "keys " + hexA + hexB, nil, []string{"2a05"}},
		{"nobody", writeExclusive, 99, "conflict", "keys " + hexA + hexB + hexC + ", held by " + hexA + ", type 1", nil, nil},
		{"nobody, nothing reserved", 0, 99, "conflict", "keys " + hexA + hexB + hexC, nil, nil},
		{"key zero", writeExclusive, 0, "5/2600", "keys " + hexA + hexB + hexC + ", held by " + hexA + ", type 1", nil, nil},
		{"all registrants", writeExclusiveAllRegistrants, 0, "good", "keys " + hexB + ", held by " + hexB + ", type 3", []string{"2a05"}, []string{"2a05"}},
		{"one of all registrants", writeExclusiveAllRegistrants, keyC, "good", "keys " + hexA + hexB + ", held by 0000000000000000, type 7", nil, []string{"2a05"}},
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

// Once PREEMPT has returned, no write of the victim lands: that is what a cluster
// fences with.
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
