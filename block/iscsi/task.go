package iscsi

import (
	"time"

	"ironhook/block/scsi"
)

// Task is one SCSI command from its arrival to its answer.
type Task struct {
	itt   uint32
	lun   uint64 // as the initiator sent it
	unit  uint64 // the same in canonical form
	cdb   []byte
	short [16]byte // the storage of cdb unless it is extended
	edtl  int64    // expected data transfer length, in bytes
	plan  scsi.Plan

	direction Direction
	attribute Attribute
	immediate bool // not counted by the window

	out         []byte  // data-out, want bytes once it is complete
	in          *Buffer // room for data-in
	buf         *Buffer // the memory of out; nil: out is in the reader's buffer, or empty
	want        int     // how much data-out the command needs
	unsolicited int     // end of the unsolicited data-out
	gather      gather
	state       taskState
	aborted     bool
	waiting     []*barrier // the barriers that it has entered
	arrival     uint64
	began       time.Time // set by the connection, for the latency
	offload     bool      // likewise: a read that goes to the pool
}

type taskState byte

const (
	gathering taskState = iota // data-out is not complete
	queued                     // held back by task attributes
	running                    // given to Sink.Run
)

// own copies data-out from the reader's buffer to memory of the task.
func (t *Task) own(memory *budget) {
	if t.buf == nil && len(t.out) > 0 {
		t.buf = memory.get(len(t.out))
		t.out = t.buf.B[:copy(t.buf.B, t.out)]
	}
}

// drop releases all memory.
func (t *Task) drop() {
	t.buf.release()
	t.in.release()
	t.buf, t.in, t.out = nil, nil, nil
}

// command returns the command for the device.
func (t *Task) command(n *scsi.Nexus) scsi.Command {
	c := scsi.Command{Nexus: n, LUN: t.lun, CDB: t.cdb, Out: t.out}
	if t.direction&FlagWrite != 0 {
		c.Expected = t.edtl
	}
	if t.in != nil {
		c.In = t.in.B
	}
	return c
}

// room returns the size of the buffer that the task needs for data-in, in bytes.
func (t *Task) room() int {
	if t.direction&FlagRead == 0 {
		return 0
	}
	return int(min(t.plan.In, t.edtl))
}

// command takes a SCSI command (RFC 7143 §11.3).
func (s *Session) command(p PDU) error {
	var m SCSICommand
	m.Decode(p.Header)
	if old := s.tasks[m.ITT]; old != nil && (!old.aborted || old.state == running) || m.ITT == NoTag {
		return protocolError("command with the tag %#x of another", m.ITT)
	}
	if m.Immediate && s.immediate >= maxImmediate {
		s.reject(p, tooManyImmediate)
		return nil
	}
	t, err := s.newTask(&m, p.AHS)
	if err != nil {
		return err
	}
	if err := s.immediateData(t, p.Data, m.Final); err != nil {
		return err
	}
	s.tasks[m.ITT] = t
	s.enter(t)
	return s.advance(t)
}

// maxImmediate is how many immediate commands may be in flight in addition to the window.
const maxImmediate = 8

// enter and leave count the tasks that are not aborted.
func (s *Session) enter(t *Task) {
	s.active++
	if t.immediate {
		s.immediate++
	}
	s.queue.arrive(t)
}

func (s *Session) leave(t *Task) {
	s.active--
	if t.immediate {
		s.immediate--
	}
	s.queue.leave(t)
}

func (s *Session) newTask(m *SCSICommand, ahs []byte) (t *Task, err error) {
	t = &Task{
		itt: m.ITT, lun: m.LUN, unit: scsi.CanonicalLUN(m.LUN), immediate: m.Immediate,
		direction: m.Direction, attribute: m.Attribute, edtl: int64(m.EDTL),
	}
	if t.cdb, err = appendCDB(t.short[:0], m, ahs); err != nil {
		return nil, err
	}
	t.plan = s.device.Plan(t.lun, t.cdb)
	if t.direction&FlagWrite != 0 {
		t.want = int(min(t.plan.Out, t.edtl))
	}
	return t, nil
}

// advance takes the next step of a task: it solicits more data or runs the command.
func (s *Session) advance(t *Task) error {
	if t.gather.unsolicited {
		return nil
	}
	if t.gather.have < t.want {
		s.solicit(t)
		return nil
	}
	if !s.queue.mayRun(t, s.tasks) {
		t.own(s.budget)
		s.queue.hold(t)
		return nil
	}
	t.state = running
	s.sink.Run(t)
	return nil
}

// Complete takes the result of a command given to Sink.Run, and how long it took. A command
// that was aborted meanwhile is not answered.
func (s *Session) Complete(t *Task, r scsi.Result, took time.Duration) {
	delete(s.tasks, t.itt)
	if t.aborted {
		t.drop()
		for _, b := range t.waiting {
			b.leave()
		}
		return
	}
	s.leave(t)
	s.count(t, &r, took)
	t.buf.release()
	t.buf, t.out = nil, nil
	s.respond(t, &r)
	s.runReleased()
}

// runReleased runs the commands that task attributes no longer hold back.
func (s *Session) runReleased() {
	for _, next := range s.queue.released(s.tasks) {
		next.state = running
		s.sink.Run(next)
	}
}
