package iscsi

import (
	"testing"

	"ironhook/block/scsi"
)

// ledger is a Sink that makes an initiator's checks, and runs commands when the test says
// so.
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
	lists   int
}

func (l *ledger) Send(p PDU, last *Buffer) {
	last.release()
	l.sent++
	var f ResponseFields
	f.decode(p.Header)
	h := p.Header
	if len(p.Data) > l.session.params.MaxSend && h.Opcode() != OpReject && h.Opcode() != OpSCSIResponse {
		l.t.Fatalf("%v is longer than the %d that the initiator takes", p, l.session.params.MaxSend)
	}
	op := h.Opcode()
	var in DataIn
	in.Decode(h)
	if status := op != OpR2T && (op != OpDataIn || in.HasStatus) && (op != OpNopIn || f.ITT != NoTag); status {
		if f.StatSN != l.statSN {
			l.t.Fatalf("%v has StatSN %d, want %d", p, f.StatSN, l.statSN)
		}
		l.statSN++
	}
	if most := f.MaxCmdSN; before(most, l.maxCmd) {
		l.t.Fatalf("%v takes MaxCmdSN back from %d to %d", p, l.maxCmd, most)
	} else {
		l.maxCmd = most
	}
}

func (l *ledger) Run(t *Task)         { l.given = append(l.given, t) }
func (l *ledger) Manage(m Management) { l.manages = append(l.manages, m) }
func (l *ledger) Starve(int)          { l.starved++ }
func (l *ledger) Close(string)        { l.closed = true }
func (l *ledger) List()               { l.lists++ }

// step finishes up to n pieces of work that the session has issued.
func (l *ledger) step(n int) {
	for ; n > 0 && len(l.given) > 0; n-- {
		t := l.given[0]
		l.given = l.given[1:]
		if room := t.room(); room > 0 {
			t.in = l.session.budget.get(room)
		}
		l.session.Complete(t, l.device.Execute(t.command(l.nexus)), 0)
	}
	for _, m := range l.manages {
		m.rest.done = func() { l.session.Managed(m, m.effect(l.device, nil)) }
		m.rest.leave()
	}
	l.manages = nil
	l.list()
	if l.starved > 0 {
		l.starved = 0
		l.session.Feed()
	}
}

// list answers a SendTargets.
func (l *ledger) list() {
	for ; l.lists > 0; l.lists-- {
		l.session.Listed([]Pair{{"TargetName", "iqn.2026-11.test:disk"}, {"TargetAddress", "192.0.2.1:3260,1"}})
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
	l.session = newSession(l, p, newBudget(newBuffers(1<<20), &budget{}, p), 16, 1, l.statSN)
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

func seedPDU(m Message, data int) PDU {
	return PDU{Header: m.Encode(make(Header, HeaderLen)), Data: make([]byte, data)}
}

// numbered are the fields of a request whose tag is its number.
func numbered(sn uint32) RequestFields { return RequestFields{ITT: sn, CmdSN: sn} }

// sixteenBlocks is a READ(10) or WRITE(10).
func sixteenBlocks(sn uint32, opcode byte, d Direction) SCSICommand {
	return SCSICommand{RequestFields: numbered(sn), Final: true, Direction: d, EDTL: 8192, CDB: [16]byte{opcode, 8: 16}}
}

// Whatever an initiator sends: no panic, StatSN and MaxCmdSN only advance, memory stays
// bounded and is all released at the end.
func FuzzSession(f *testing.F) {
	write, read := sixteenBlocks(1, 0x2a, FlagWrite), sixteenBlocks(2, 0x28, FlagRead)
	f.Add(false, script(
		seedPDU(write, 1024),
		seedPDU(DataOut{Final: true, ITT: 1, TTT: 1, Offset: 1024}, 4096),
		seedPDU(DataOut{Final: true, ITT: 1, TTT: 2, Offset: 5120}, 3072),
		seedPDU(read, 0),
		seedPDU(TaskRequest{RequestFields: numbered(3), Function: ResetLUN}, 0),
		seedPDU(NopOut{RequestFields: numbered(4), TTT: NoTag}, 100),
		seedPDU(LogoutRequest{RequestFields: numbered(5)}, 0),
	))
	write.Final, read.Attribute = false, Ordered
	last := sixteenBlocks(3, 0x28, FlagRead)
	last.Attribute = HeadOfQueue
	abort := TaskRequest{RequestFields: numbered(9), Function: AbortTask, RefTag: 1}
	abort.Immediate = true
	f.Add(false, script(
		seedPDU(write, 0),
		seedPDU(DataOut{ITT: 1, TTT: NoTag}, 1024),
		seedPDU(abort, 0),
		seedPDU(DataOut{Final: true, ITT: 1, TTT: NoTag, DataSN: 1, Offset: 1024}, 1024),
		seedPDU(read, 0),
		seedPDU(last, 0),
	))
	text := seedPDU(TextRequest{RequestFields: numbered(1), Final: true, TTT: NoTag}, 0)
	text.Data = AppendText(nil, Pair{"SendTargets", "All"})
	f.Add(true, script(text, seedPDU(SCSICommand{RequestFields: numbered(2), Final: true}, 0)))
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
			l.list() // before the next PDU
			// A command that does not run at once must own its data: the reader's buffer is
			// reused.
			for _, task := range l.given {
				task.own(l.session.budget)
			}
			l.step(steps)
			if used := l.session.budget.memory.used.Load(); used > 64<<20 {
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
		if used := l.session.budget.memory.used.Load(); used != 0 {
			t.Fatalf("%d bytes used at the end", used)
		}
		if rest.leave(); rest.inside.Load() != 0 {
			t.Fatalf("%d commands never came to rest", rest.inside.Load())
		}
	})
}

func FuzzPDU(f *testing.F) {
	f.Add(uint8(0), AppendPDU(nil, seedPDU(SCSICommand{RequestFields: numbered(1), Final: true}, 5), Digests{}))
	f.Add(uint8(3), AppendPDU(nil, seedPDU(NopOut{RequestFields: numbered(1)}, 512), Digests{Header: true, Data: true}))
	f.Fuzz(func(t *testing.T, which uint8, b []byte) {
		d := Digests{Header: which&1 != 0, Data: which&2 != 0}
		p, err := ReadPDU(readerOf(b), d, 8192)
		if err != nil {
			return
		}
		var m SCSICommand
		m.Decode(p.Header)
		if cdb, err := appendCDB(nil, &m, p.AHS); err == nil && (len(cdb) < 16 || len(cdb) > 16+len(p.AHS)) {
			t.Fatalf("a CDB of %d bytes from %d of additional headers", len(cdb), len(p.AHS))
		}
		again, err := ReadPDU(readerOf(AppendPDU(nil, p, d)), d, 8192)
		if err != nil || string(again.Data) != string(p.Data) || string(again.AHS) != string(p.AHS) {
			t.Fatalf("ReadPDU(AppendPDU(%v)) = %v, %v", p, again, err)
		}
	})
}

// Writes that wait for memory and are aborted, over and over, leave nothing behind.
func TestStarvedWritesAreForgotten(t *testing.T) {
	l := newLedger(t, false)
	held := newBudget(l.session.budget.memory, &budget{}, Params{}).ask(2 << 20) // of another session
	defer held.release()
	for sn := uint32(1); sn <= 1000; sn++ {
		if err := l.session.Handle(seedPDU(sixteenBlocks(sn, 0x2a, FlagWrite), 0)); err != nil {
			t.Fatal(err)
		}
		abort := TaskRequest{RequestFields: numbered(sn + 1), Function: AbortTask, RefTag: sn}
		abort.Immediate = true
		if err := l.session.Handle(seedPDU(abort, 0)); err != nil {
			t.Fatal(err)
		}
	}
	if s := l.session; len(s.pending) != 0 || len(s.tasks) != 0 || s.active != 0 || l.starved != 1 {
		t.Errorf("%d pending, %d tasks, %d active, asked for memory %d times; want none, and once", len(s.pending), len(s.tasks), s.active,
			l.starved)
	}
}
