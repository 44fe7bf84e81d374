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

// TaskResult is the response to a task management request (RFC 7143 §11.6.1).
type TaskResult byte

// The responses that we give.
const (
	FunctionComplete     TaskResult = 0
	TaskDoesNotExist     TaskResult = 1
	LUNDoesNotExist      TaskResult = 2
	ReassignNotSupported TaskResult = 4
	FunctionNotSupported TaskResult = 5
	FunctionRejected     TaskResult = 255
)

// maxManaging is how many task management requests of a session may wait for commands to
// finish.
const maxManaging = 16

// Management is a task management function that touches other sessions of the device
// too.
type Management struct {
	Function Function
	LUN      uint64
	itt      uint32
	rest     *barrier // entered by the running commands of this session and by the management function
}

// covers reports whether the function ends that task.
func (m Management) covers(t *Task) bool {
	return m.Function == WarmReset || m.Function == ColdReset || t.unit == m.LUN
}

// barrier waits for commands in flight to return. Each of them, and the code that sets it up,
// enters and leaves; the last to leave calls done, with the lock of its own session held.
type barrier struct {
	inside atomic.Int32
	done   func()
}

// newBarrier makes a barrier that its caller has entered.
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

// manage takes a task management request. The answer comes after the aborted commands have
// finished: an initiator that reads it may rely on no further writes (RFC 7143 §4.2.3.3).
func (s *Session) manage(p PDU) error {
	var r TaskRequest
	r.Decode(p.Header)
	m := Management{Function: r.Function, LUN: scsi.CanonicalLUN(r.LUN), itt: r.ITT}
	if s.managing++; s.managing > maxManaging {
		s.Managed(m, FunctionRejected)
		return nil
	}
	switch m.Function {
	case AbortTaskSet, ClearTaskSet, ResetLUN:
		if !s.device.Has(m.LUN) {
			s.Managed(m, LUNDoesNotExist)
			return nil
		}
	}
	switch m.Function {
	case AbortTask:
		s.abortTask(m, &r)
	case AbortTaskSet:
		b := newBarrier(func() { s.Managed(m, FunctionComplete) })
		s.Abort(m.covers, b)
		b.leave()
	case ClearTaskSet, ResetLUN, WarmReset, ColdReset:
		m.rest = newBarrier(nil)
		s.Abort(m.covers, m.rest)
		s.sink.Manage(m)
	case reassign:
		s.Managed(m, ReassignNotSupported)
	default:
		s.Managed(m, FunctionNotSupported)
	}
	return nil
}

func (s *Session) abortTask(m Management, r *TaskRequest) {
	t := s.tasks[r.RefTag]
	if t == nil || t.unit != m.LUN || t.aborted && t.state != running {
		s.Managed(m, s.neverCame(r.RefCmdSN, r.CmdSN))
		return
	}
	b := newBarrier(func() { s.Managed(m, FunctionComplete) })
	s.Abort(func(o *Task) bool { return o == t }, b)
	b.leave()
}

// neverCame answers for an unknown task. If its CmdSN is still to come and precedes that of
// the request, the command is lost: its number counts as received (RFC 7143 §7.11 and
// §11.6.1).
func (s *Session) neverCame(ref, cmdSN uint32) TaskResult {
	if !between(s.expCmdSN, ref, s.maxCmdSN) || !before(ref, cmdSN) {
		return TaskDoesNotExist
	}
	if ref == s.expCmdSN {
		s.expCmdSN++
	}
	return FunctionComplete
}

// Managed answers a task management request.
func (s *Session) Managed(m Management, response TaskResult) {
	s.managing--
	answer := TaskResponse{ResponseFields: s.next(m.itt), Response: response}
	s.sink.Send(PDU{Header: answer.Encode(s.scratch())}, nil)
}

// Abort ends the tasks that match: none of them is answered. Running ones cannot be
// stopped, so b waits for them. It returns how many were ended.
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
	s.pending = slices.DeleteFunc(s.pending, func(t *Task) bool { return t.aborted })
	s.runReleased()
	return n
}

// maxLate bounds how many aborted tasks are remembered because their data may still arrive.
const maxLate = 256

// forget removes an aborted task from the table once no more data is due for it. Until then
// its data is received and dropped: an initiator may or may not go on sending it (RFC 7143
// §4.2.3.3 requires it, Linux by default does not).
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

// effect applies a function to the device after the commands have finished, and returns the
// response; victims are the other nexuses that lost commands.
func (m Management) effect(d *scsi.Device, victims []*scsi.Nexus) TaskResult {
	switch m.Function {
	case ClearTaskSet:
		d.CommandsCleared(m.LUN, victims...)
	case ResetLUN:
		if !d.ResetLUN(m.LUN) {
			return LUNDoesNotExist
		}
	case WarmReset, ColdReset:
		d.Reset(m.Function == ColdReset)
	}
	return FunctionComplete
}
