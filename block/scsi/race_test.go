package scsi

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
)

// ask runs a CDB from any goroutine and returns its outcome in short.
func (r *rig) ask(n *Nexus, in []byte, cdb string, out ...byte) string {
	c := Command{Nexus: n, CDB: b(cdb), Out: out, In: in, Expected: int64(len(out))}
	if res, ok := r.device.TryExecute(c); ok {
		return outcome(res)
	}
	return outcome(r.device.Execute(c))
}

// holding is a way to reserve a unit.
type holding struct {
	name          string
	take, release func(r *rig, n *Nexus, worker int) string // outcomes
	rob           func(r *rig, n *Nexus, worker, victim int)
}

var holdings = []holding{
	{
		name:    "RESERVE",
		take:    func(r *rig, n *Nexus, _ int) string { return r.ask(n, nil, "16") },
		release: func(r *rig, n *Nexus, _ int) string { return r.ask(n, nil, "17") },
		rob:     func(r *rig, _ *Nexus, _, _ int) { r.device.ResetLUN(0) },
	},
	{
		name: "PERSISTENT RESERVE OUT",
		take: func(r *rig, n *Nexus, worker int) string {
			if got := r.ask(n, nil, "5f 06 00 0000 00000018 00", outList(0, uint64(worker+1), 0)...); got != "good" {
				return got
			}
			return r.ask(n, nil, "5f 01 03 0000 00000018 00", outList(uint64(worker+1), 0, 0)...)
		},
		release: func(r *rig, n *Nexus, worker int) string {
			return r.ask(n, nil, "5f 02 03 0000 00000018 00", outList(uint64(worker+1), 0, 0)...)
		},
		rob: func(r *rig, n *Nexus, worker, victim int) {
			r.ask(n, nil, "5f 05 03 0000 00000018 00", outList(uint64(worker+1), uint64(victim+1), 0)...)
		},
	},
}

// Many initiators reserve a unit, write with or without holding it, preempt each other,
// reset the unit, resize it and change its mode. From the moment an initiator holds it
// until it gets a unit attention, it reads only what it wrote.
func TestAHolderIsAlone(t *testing.T) {
	for _, h := range holdings {
		t.Run(h.name, func(t *testing.T) {
			r := newRig(t, Options{})
			const workers, turns = 8, 60
			var held [workers]int
			var wg sync.WaitGroup
			for w := range workers {
				n := r.device.Login(fmt.Sprintf("iqn.test:%d,i,0x1", w))
				wg.Go(func() {
					rnd := rand.New(rand.NewPCG(uint64(w), 1))
					for range turns {
						if h.take(r, n, w) == "good" {
							held[w] += r.keepTo(n, byte(w+1))
							h.release(r, n, w)
							continue
						}
						r.ask(n, nil, "2a 00 00000000 00 0004 00", fill(byte(w+1), 4)...)
						switch rnd.IntN(12) {
						case 0:
							h.rob(r, n, w, rnd.IntN(workers))
						case 1:
							r.disk.grow(1)
							r.lun.Resize()
						case 2:
							r.ask(n, nil, "15 10 0000 18 00", b("00000000"+cachingThrough)...)
						case 3:
							r.ask(n, nil, "35 00 00000000 00 0000 00")
						}
					}
					r.device.Logout(n)
				})
			}
			wg.Wait()
			all := 0
			for _, n := range held {
				all += n
			}
			if all == 0 {
				t.Error("nobody ever had the unit for itself")
			}
		})
	}
}

// keepTo writes blocks and reads them back while it holds the unit, and returns how often
// that succeeded.
func (r *rig) keepTo(n *Nexus, tag byte) (times int) {
	mine, in := fill(tag, 4), make([]byte, 4*BlockSize)
	for range 3 {
		if r.ask(n, nil, "2a 00 00000000 00 0004 00", mine...) != "good" {
			return times
		}
		for range 3 {
			if r.ask(n, in, "28 00 00000000 00 0004 00") != "good" {
				return times
			}
			if !bytes.Equal(in, mine) {
				r.t.Errorf("holder %d reads %d, %d, %d, %d in its four blocks", tag, in[0], in[BlockSize], in[2*BlockSize], in[3*BlockSize])
				return times
			}
			times++
		}
	}
	return times
}

// A disk may grow while its unit is still being added to a device, and several times at
// once: the last size must win.
func TestResizesAtOnce(t *testing.T) {
	for range 50 {
		disk := newMemDisk(8)
		lun, err := NewLUN(disk, Options{Serial: "growing"})
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 20 {
					disk.grow(1)
					lun.Resize()
				}
			})
		}
		device := NewDevice("iqn.test:growing", lun)
		n := device.Login("early")
		wg.Wait()
		if got, want := lun.blocks.Load(), uint64(disk.Size())/BlockSize; got != want {
			t.Fatalf("%d blocks, want the %d that the disk has in the end", got, want)
		}
		disk.grow(1)
		lun.Resize()
		n.attention[0].drop(powerOn)
		if c, ok := n.attention[0].take(); !ok || c != 0x2a09 {
			t.Fatalf("attention %04x (%v) after growing, want 2a09", c, ok)
		}
	}
}

// An initiator that reads the list of units while it changes gets either the new list or a
// unit attention.
func TestReportLUNsDuringAChange(t *testing.T) {
	for range 50 {
		r := newRig(t, Options{})
		lun, err := NewLUN(newMemDisk(8), Options{Serial: "second"})
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		var lists [8][]byte
		nexuses := make([]*Nexus, len(lists))
		for w := range lists {
			nexuses[w] = r.login(fmt.Sprint(w))
			wg.Go(func() {
				for range 20 {
					lists[w] = r.device.Execute(Command{Nexus: nexuses[w], CDB: b("a0 00 00 000000 00000100 00 00")}).In
				}
			})
		}
		r.device.SetLUN(1, lun)
		wg.Wait()
		for w, n := range nexuses {
			if _, pending := n.attention[0].take(); !pending && len(lists[w]) != 8+2*8 {
				t.Fatalf("initiator %d has the list %x and is not told that there is another", w, lists[w])
			}
		}
	}
}

// A sanitize releases the gate before it closes it. A reservation made in between is
// respected.
func TestSanitizeAsksAgain(t *testing.T) {
	r := newRig(t, Options{})
	r.put(1, 0, 8)
	victim, survivor := r.nexus, r.login("survivor")
	admitted := task{device: r.device, lun: r.lun, nexus: victim, cdb: cdb(b("48 02 0000000000 0000 00 000000000000"))}
	admitted.op, _ = r.device.commands.find(&admitted.cdb)
	r.pr("good", survivor, prRegister, 0, 0, keyB)
	r.pr("good", survivor, prReserve, writeExclusive, keyB, 0)
	r.lun.gate.RLock()
	_, err := admitted.eraseAll(sanitizeCDB(admitted.cdb))
	r.lun.gate.RUnlock()
	if err != errConflict {
		t.Errorf("sanitize of one that was admitted before the reservation = %v, want a conflict", err)
	}
	r.holds(1, 0, 8)
	r.want("good", survivor, "2a 00 00000000 00 0001 00", fill(2, 1)...)
}
