package iscsi

import (
	"slices"
	"sync/atomic"

	"ironhook/block/scsi"
)

// Function is a task management function (RFC 7143 §11.5.1).
type Function byte

// The functions we know. Clear ACA and reassignment are answered as not supported.
const (
	AbortTask    Function = 1
	AbortTaskSet Function = 2
	ClearTaskSet Function = 4
	ResetLUN     Function = 5
	WarmReset    Function = 6
	ColdReset    Function = 7
	reassign     Function = 8
)

// Responses to a task management request (RFC 7143 §11.6.1).
const (
	tmfComplete     byte = 0
	tmfNoTask       byte = 1
	tmfNoLUN        byte = 2
	tmfNoReassign   byte = 4
	tmfNotSupported byte = 5
	tmfRejected     byte = 255
)

// maxManaging is how many requests of a session may wait for commands to come to rest.
const maxManaging = 16

// Management is a task management function that touches other sessions of the device
// too.
type Management struct {
	Function Function
	LUN      uint64
	itt      uint32
	rest     *barrier // entered by what runs of this session; whoever manages is inside of it
}

// covers reports whether the function ends that task.
func (m Management) covers(t *Task) bool {
	return m.Function == WarmReset || m.Function == ColdReset || t.unit == m.LUN
}

// barrier waits for commands in flight to return. Each of them, and whoever sets it up,
// enters and leaves; the last to leave calls done, with the session locked that it
// happens to be in.
type barrier struct {
	inside atomic.Int32
	done   func()
}

// newBarrier makes a barrier that its maker is inside of.
func newBarrier(done func()) *barrier {
	b := &barrier{done: done}
	b.inside.Store(1)
	return b
}

func (b *barrier) leave() {
	if b.inside.Add(-1) == 0 {
		b.done()
	}
}

// manage takes a task management request. It is answered when what it aborts has come
// to rest: an initiator that reads the answer may rely on nothing being written any
// more (RFC 7143 §4.2.3.3).
func (s *Session) manage(p PDU) error {
	m := Management{Function: Function(p.Header[1] & 0x7f), LUN: scsi.CanonicalLUN(p.Header.LUN()), itt: p.Header.ITT()}
	if s.managing++; s.managing > maxManaging {
		s.Managed(m, tmfRejected)
		return nil
	}
	switch m.Function {
	case AbortTaskSet, ClearTaskSet, ResetLUN:
		if !s.device.Has(m.LUN) {
			s.Managed(m, tmfNoLUN)
			return nil
		}
	}
	switch m.Function {
	case AbortTask:
		s.abortTask(m, p.Header)
	case AbortTaskSet:
		b := newBarrier(func() { s.Managed(m, tmfComplete) })
		s.Abort(m.covers, b)
		b.leave()
	case ClearTaskSet, ResetLUN, WarmReset, ColdReset:
		m.rest = newBarrier(nil)
		s.Abort(m.covers, m.rest)
		s.sink.Manage(m)
	case reassign:
		s.Managed(m, tmfNoReassign)
	default:
		s.Managed(m, tmfNotSupported)
	}
	return nil
}

func (s *Session) abortTask(m Management, h Header) {
	t := s.tasks[h.Uint32(OffRefTag)]
	if t == nil || t.unit != m.LUN || t.aborted && t.state != running {
		s.Managed(m, s.neverCame(h.Uint32(OffRefCmd), h.Uint32(OffCmdSN)))
		return
	}
	b := newBarrier(func() { s.Managed(m, tmfComplete) })
	s.Abort(func(o *Task) bool { return o == t }, b)
	b.leave()
}

// neverCame answers for a task that is not there. If it has a number that is still to
// come, and the request a later one, it never will: its place is taken as filled (RFC
// 7143 §7.11 and §11.6.1).
func (s *Session) neverCame(ref, cmdSN uint32) (response byte) {
	if !between(s.expCmdSN, ref, s.maxCmdSN) || !before(ref, cmdSN) {
		return tmfNoTask
	}
	if ref == s.expCmdSN {
		s.expCmdSN++
	}
	return tmfComplete
}

// Managed answers a task management request.
func (s *Session) Managed(m Management, response byte) {
	s.managing--
	h := s.answer(OpTaskResponse, m.itt)
	h[2] = response
	s.send(PDU{Header: h}, true, nil)
}

// Abort ends the tasks that match: none of them is answered any more. Those that run
// cannot be stopped, so b waits for them. It returns how many were ended.
func (s *Session) Abort(match func(*Task) bool, b *barrier) (n int) {
	for _, t := range s.tasks {
		if !match(t) {
			continue
		}
		if t.state == running {
			b.inside.Add(1)
			t.waiting = append(t.waiting, b)
		}
		if t.aborted {
			continue
		}
		t.aborted = true
		n++
		s.leave(t)
		if t.state != running {
			t.drop()
			s.forget(t)
		}
	}
	s.hungry = slices.DeleteFunc(s.hungry, func(t *Task) bool { return t.aborted })
	s.runReleased()
	return n
}

// maxLate bounds how many aborted tasks are remembered because data for them may still
// be under way.
const maxLate = 256

// forget takes an aborted task off the table once no more data is due for it. Until
// then the data is taken and thrown away: an initiator may or may not go on sending it
// (RFC 7143 §4.2.3.3 wants it to, Linux by default does not).
func (s *Session) forget(t *Task) {
	if !t.gather.due() {
		delete(s.tasks, t.itt)
		return
	}
	if slices.Contains(s.late, t.itt) {
		return
	}
	t.state = gathering
	s.late = append(s.late, t.itt)
	if len(s.late) > maxLate {
		if old := s.tasks[s.late[0]]; old != nil && old.aborted && old.state != running {
			delete(s.tasks, s.late[0])
		}
		s.late = s.late[1:]
	}
}

// effect is what a function does to the device once the commands have come to rest, and
// how it is answered; victims are the other nexuses that lost commands.
func (m Management) effect(d *scsi.Device, victims []*scsi.Nexus) (response byte) {
	switch m.Function {
	case ClearTaskSet:
		d.CommandsCleared(m.LUN, victims...)
	case ResetLUN:
		if !d.ResetLUN(m.LUN) {
			return tmfNoLUN
		}
	case WarmReset, ColdReset:
		d.Reset(m.Function == ColdReset)
	}
	return tmfComplete
}
