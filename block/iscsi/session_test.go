package iscsi

import (
	"encoding/binary"
	"testing"

	"ironhook/block/scsi"
)

// ledger is a Sink that checks what an initiator would, and runs commands when the test
// says so.
type ledger struct {
	t       testing.TB
	session *Session
	device  *scsi.Device
	nexus   *scsi.Nexus
	given   []*Task
	manages []Management
	starved int
	statSN  uint32
	maxCmd  uint32
	sent    int
	closed  bool
}

func (l *ledger) Send(p PDU, last *Buffer) {
	last.release()
	l.sent++
	h := p.Header
	if len(p.Data) > l.session.params.MaxSend && h.Opcode() != OpReject && h.Opcode() != OpSCSIResponse {
		l.t.Fatalf("%v is longer than the %d that the initiator takes", p, l.session.params.MaxSend)
	}
	op := h.Opcode()
	if status := op != OpR2T && (op != OpDataIn || h[1]&flagStatus != 0) && (op != OpNopIn || h.ITT() != NoTag); status {
		if got := h.Uint32(OffStatSN); got != l.statSN {
			l.t.Fatalf("%v has StatSN %d, want %d", p, got, l.statSN)
		}
		l.statSN++
	}
	if most := h.Uint32(OffMaxCmd); before(most, l.maxCmd) {
		l.t.Fatalf("%v takes MaxCmdSN back from %d to %d", p, l.maxCmd, most)
	} else {
		l.maxCmd = most
	}
}

func (l *ledger) Run(t *Task)         { l.given = append(l.given, t) }
func (l *ledger) Manage(m Management) { l.manages = append(l.manages, m) }
func (l *ledger) Starve()             { l.starved++ }
func (l *ledger) Close(string)        { l.closed = true }

// step finishes what the session has given out, as far as n says.
func (l *ledger) step(n int) {
	for ; n > 0 && len(l.given) > 0; n-- {
		t := l.given[0]
		l.given = l.given[1:]
		if room := t.room(); room > 0 {
			t.in = l.session.memory.get(room)
		}
		l.session.Complete(t, l.device.Execute(t.command(l.nexus)), 0)
	}
	for _, m := range l.manages {
		m.rest.done = func() { l.session.Managed(m, m.effect(l.device, nil)) }
		m.rest.leave()
	}
	l.manages = nil
	if l.starved > 0 {
		l.starved = 0
		l.session.Feed()
	}
}

// blank is a disk of zeros that forgets what is written.
type blank int64

func (b blank) Size() int64                           { return int64(b) }
func (blank) ReadAt(p []byte, _ int64) (int, error)   { clear(p); return len(p), nil }
func (blank) WriteAt(p []byte, _ int64) (int, error)  { return len(p), nil }
func (blank) Sync() error                             { return nil }
func (blank) Unmap(int64, int64) error                { return nil }
func (b blank) Extent(off int64) (int64, bool, error) { return int64(b) - off, false, nil }

func newLedger(t testing.TB, discovery bool) *ledger {
	unit, err := scsi.NewLUN(blank(1<<20), scsi.Options{Serial: "1"})
	if err != nil {
		t.Fatal(err)
	}
	l := &ledger{t: t, device: scsi.NewDevice("iqn.2026-11.test:disk", unit), statSN: 7}
	l.nexus = l.device.Login("iqn.2026-11.test:host,i,0x000000000000")
	defaults := newNegotiation()
	p := defaults.params()
	p.InitialR2T, p.MaxOutstandingR2T = false, 3
	p.MaxBurst, p.FirstBurst = 1024, 512
	l.session = newSession(l, p, newBuffers(1<<20), 16, 1, l.statSN)
	l.session.names = func() ([]Pair, error) {
		return []Pair{{"TargetName", "iqn.2026-11.test:disk"}, {"TargetAddress", "192.0.2.1:3260,1"}}, nil
	}
	if !discovery {
		l.session.device, l.session.nexus = l.device, l.nexus
	}
	return l
}

// script writes PDUs one behind the other in the form that FuzzSession reads.
func script(pdus ...PDU) (b []byte) {
	for _, p := range pdus {
		b = append(b, 1)
		b = AppendPDU(b, p, Digests{})
	}
	return b
}

func seedPDU(op Opcode, flags byte, sn uint32, fields map[int]uint32, data int) PDU {
	h := make(Header, HeaderLen)
	h[0], h[1] = byte(op), flags
	h.PutUint32(OffITT, sn)
	h.PutUint32(OffCmdSN, sn)
	for off, v := range fields {
		h.PutUint32(off, v)
	}
	return PDU{Header: h, Data: make([]byte, data)}
}

// Whatever an initiator sends: no panic, StatSN and MaxCmdSN go only forward, memory
// stays bounded and is all given back at the end.
func FuzzSession(f *testing.F) {
	write := map[int]uint32{OffEDTL: 8192, OffCDB: 0x2a << 24, OffCDB + 4: 0, OffCDB + 8: 16 << 24}
	read := map[int]uint32{OffEDTL: 8192, OffCDB: 0x28 << 24, OffCDB + 8: 16 << 24}
	f.Add(false, script(
		seedPDU(OpSCSICommand, FlagFinal|FlagWrite, 1, write, 1024),
		seedPDU(OpDataOut, FlagFinal, 1, map[int]uint32{OffTTT: 1, OffOffset: 1024, OffDataSN: 0}, 4096),
		seedPDU(OpDataOut, FlagFinal, 1, map[int]uint32{OffTTT: 2, OffOffset: 5120, OffDataSN: 0}, 3072),
		seedPDU(OpSCSICommand, FlagFinal|FlagRead, 2, read, 0),
		seedPDU(OpTaskRequest, FlagFinal|byte(ResetLUN), 3, nil, 0),
		seedPDU(OpNopOut, FlagFinal, 4, map[int]uint32{OffTTT: NoTag}, 100),
		seedPDU(OpLogout, FlagFinal, 5, nil, 0),
	))
	f.Add(false, script(
		seedPDU(OpSCSICommand, FlagWrite, 1, write, 0),
		seedPDU(OpDataOut, 0, 1, map[int]uint32{OffTTT: NoTag}, 1024),
		seedPDU(OpTaskRequest|0x40, FlagFinal|byte(AbortTask), 9, map[int]uint32{OffRefTag: 1}, 0),
		seedPDU(OpDataOut, FlagFinal, 1, map[int]uint32{OffTTT: NoTag, OffDataSN: 1, OffOffset: 1024}, 1024),
		seedPDU(OpSCSICommand, FlagFinal|FlagRead|attrOrdered, 2, read, 0),
		seedPDU(OpSCSICommand, FlagFinal|FlagRead|attrHeadOfQueue, 3, read, 0),
	))
	text := seedPDU(OpTextRequest, FlagFinal, 1, map[int]uint32{OffTTT: NoTag}, 0)
	text.Data = AppendText(nil, Pair{"SendTargets", "All"})
	f.Add(true, script(text, seedPDU(OpSCSICommand, FlagFinal, 2, nil, 0)))
	f.Fuzz(func(t *testing.T, discovery bool, b []byte) {
		l := newLedger(t, discovery)
		for len(b) > HeaderLen {
			steps := int(b[0] % 4)
			p := PDU{Header: Header(b[1 : 1+HeaderLen])}
			b = b[1+HeaderLen:]
			ahs := min(p.Header.AHSLen(), len(b), maxAHS)
			p.AHS, b = b[:ahs], b[ahs:]
			n := min(p.Header.DataLen(), len(b))
			p.Data, b = b[:n], b[n:]
			b = b[min(padding(n), len(b)):]
			if err := l.session.Handle(p); err != nil {
				break
			}
			// What is not run at once must own its data: the reader's buffer goes on.
			for _, task := range l.given {
				task.own(l.session.memory)
			}
			l.step(steps)
			if used := l.session.memory.used.Load(); used > 64<<20 {
				t.Fatalf("%d bytes used", used)
			}
			if n := len(l.session.tasks); n > 16+8+maxLate+1 {
				t.Fatalf("%d tasks", n)
			}
		}
		l.session.leaving = true
		rest := newBarrier(func() {})
		l.session.Abort(func(*Task) bool { return true }, rest)
		l.step(1 << 20)
		if used := l.session.memory.used.Load(); used != 0 {
			t.Fatalf("%d bytes used at the end", used)
		}
		if rest.leave(); rest.inside.Load() != 0 {
			t.Fatalf("%d commands never came to rest", rest.inside.Load())
		}
	})
}

func FuzzPDU(f *testing.F) {
	f.Add(uint8(0), AppendPDU(nil, seedPDU(OpSCSICommand, FlagFinal, 1, nil, 5), Digests{}))
	f.Add(uint8(3), AppendPDU(nil, seedPDU(OpNopOut, FlagFinal, 1, nil, 512), Digests{Header: true, Data: true}))
	f.Fuzz(func(t *testing.T, which uint8, b []byte) {
		d := Digests{Header: which&1 != 0, Data: which&2 != 0}
		p, err := ReadPDU(readerOf(b), d, 8192)
		if err != nil {
			return
		}
		if _, err := p.cdb(); err == nil && p.Header.Opcode() == OpSCSICommand && len(p.AHS) == 0 {
			binary.BigEndian.PutUint32(p.Header[OffCDB:], 1)
		}
		again, err := ReadPDU(readerOf(AppendPDU(nil, p, d)), d, 8192)
		if err != nil || string(again.Data) != string(p.Data) || string(again.AHS) != string(p.AHS) {
			t.Fatalf("ReadPDU(AppendPDU(%v)) = %v, %v", p, again, err)
		}
	})
}

// An initiator that asks for memory it cannot have, and takes back what it asked, over
// and over, leaves nothing behind.
func TestStarvedWritesAreForgotten(t *testing.T) {
	l := newLedger(t, false)
	held := l.session.memory.ask(2 << 20) // of somebody else
	defer held.release()
	write := map[int]uint32{OffEDTL: 8192, OffCDB: 0x2a << 24, OffCDB + 8: 16 << 24}
	for sn := uint32(1); sn <= 1000; sn++ {
		p := seedPDU(OpSCSICommand, FlagFinal|FlagWrite, sn, write, 0)
		if err := l.session.Handle(p); err != nil {
			t.Fatal(err)
		}
		abort := seedPDU(OpTaskRequest|0x40, FlagFinal|byte(AbortTask), sn+1, map[int]uint32{OffRefTag: sn}, 0)
		if err := l.session.Handle(abort); err != nil {
			t.Fatal(err)
		}
	}
	if s := l.session; len(s.hungry) != 0 || len(s.tasks) != 0 || s.active != 0 || l.starved != 1 {
		t.Errorf("%d hungry, %d tasks, %d active, asked for memory %d times; want none, and once", len(s.hungry), len(s.tasks), s.active, l.starved)
	}
}
