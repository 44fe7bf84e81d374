package iscsi

import (
	"ironhook/block"
	"ironhook/block/scsi"
)

// Session is one initiator's session in full feature phase, as a state machine: PDUs go
// in at [Session.Handle], finished commands at [Session.Complete], and what follows
// from them goes out through a [Sink]. It does no I/O, knows no clock, and is not safe
// for concurrent use: its connection holds a lock around it.
type Session struct {
	sink   Sink
	params Params
	device *scsi.Device // nil in a discovery session
	nexus  *scsi.Nexus
	budget *budget

	depth    uint32 // limit of commands in flight
	statSN   uint32
	expCmdSN uint32
	maxCmdSN uint32

	tasks     map[uint32]*Task // by initiator task tag; also aborted ones whose data may still come
	active    int              // tasks that are not aborted
	immediate int              // tasks of immediate commands
	late      []uint32         // tags of aborted tasks whose data may still come, oldest first
	pending   []*Task          // tasks that wait for memory before more data is asked for
	starving  bool             // a call of Feed is due
	managing  int              // task management requests that are not answered
	queue     queue            // the order by task attributes

	nextTTT uint32
	text    textExchange
	pinging bool   // a NOP-In of ours is not answered
	ponged  bool   // at least one was answered
	took    int    // bytes of data-out received since the last liveness check
	leaving bool   // logged out: no more requests are accepted
	cid     uint16 // of the only connection
	header  [HeaderLen]byte
	stats   map[uint64]*block.LUNStats
}

// Sink carries out a session's decisions. Its methods are called from within those of the
// session.
type Sink interface {
	// Send queues a PDU. The header is copied, the data is not: it stays as it is until
	// it has been sent, and then last, if not nil, is released.
	Send(p PDU, last *Buffer)

	// Run executes a command later and calls Complete with its result. It must not call
	// back from within.
	Run(t *Task)

	// Manage carries out a task management function that affects other sessions, and calls
	// Managed later, when it has taken effect. It must not call back from within.
	Manage(m Management)

	// Starve has Feed called once there is memory to ask for n bytes.
	Starve(n int)

	// List calls Listed later, with the targets of a SendTargets. The next PDU is handled
	// after that. It must not call back from within.
	List()

	// Close ends the connection after what is queued has been sent.
	Close(why string)
}

// Handle takes one PDU from the initiator. An error, always a [ProtocolError], ends the
// connection (recovery level 0). p.Data may be kept
// by reference in a task given to Sink.Run, until Task.own is called.
func (s *Session) Handle(p PDU) error {
	if s.leaving {
		return nil
	}
	h := p.Header
	op := h.Opcode()
	if op == OpDataOut {
		return s.dataOut(p)
	}
	handle := handlers[op]
	if handle == nil || s.device == nil && !discoveryMay[op] {
		s.reject(p, commandNotSupported)
		return nil
	}
	if op != OpSNACK {
		var r RequestFields
		r.decode(h)
		if ok, err := s.number(&r); !ok {
			return err
		}
	}
	return handle(s, p)
}

// handlers has every request of RFC 7143 §11 except Data-Out, which has no CmdSN, and
// Login, which is over.
var handlers = [64]func(*Session, PDU) error{
	OpNopOut:      (*Session).nopOut,
	OpSCSICommand: (*Session).command,
	OpTaskRequest: (*Session).manage,
	OpTextRequest: (*Session).textRequest,
	OpLogout:      (*Session).logout,
	OpSNACK:       (*Session).snack,
}

// discoveryMay has the requests that a discovery session may send (RFC 7143 §4.3).
var discoveryMay = [64]bool{OpTextRequest: true, OpLogout: true, OpNopOut: true}

// number puts a request into the order of CmdSN (RFC 7143 §4.2.2.1) and reports whether to
// take it. Requests outside the window are ignored. A gap inside it is an error: on a
// session's only connection nothing can fill it.
func (s *Session) number(r *RequestFields) (bool, error) {
	if r.Immediate {
		return true, nil
	}
	n := r.CmdSN
	if !between(s.expCmdSN, n, s.maxCmdSN) {
		return false, nil
	}
	if n != s.expCmdSN {
		return false, protocolError("command %d where %d was next", n, s.expCmdSN)
	}
	s.expCmdSN++
	return true, nil
}

// newSession makes a session that starts with the command of the given number.
func newSession(sink Sink, params Params, memory *budget, depth int, cmdSN, statSN uint32) *Session {
	return &Session{
		sink: sink, params: params, budget: memory, depth: uint32(depth),
		expCmdSN: cmdSN, maxCmdSN: cmdSN + uint32(depth) - 1, statSN: statSN,
		tasks: map[uint32]*Task{}, stats: map[uint64]*block.LUNStats{}, text: textExchange{ttt: NoTag},
	}
}

// next returns the fields of an answer that carries a status: it takes the next StatSN.
func (s *Session) next(itt uint32) ResponseFields {
	f := s.peek(itt)
	s.statSN++
	return f
}

// peek returns the fields of a PDU that shows StatSN without taking it.
func (s *Session) peek(itt uint32) ResponseFields {
	s.openWindow()
	return ResponseFields{ITT: itt, StatSN: s.statSN, ExpCmdSN: s.expCmdSN, MaxCmdSN: s.maxCmdSN}
}

// scratch returns a header buffer, valid for one Send.
func (s *Session) scratch() Header { return s.header[:] }

// openWindow advances MaxCmdSN. The window narrows as memory runs out but never closes for
// good: with no command in flight one is always allowed, and its answer opens the window
// again. MaxCmdSN never decreases.
func (s *Session) openWindow() {
	depth := s.depth
	if free := s.budget.memory.limit - s.budget.memory.used.Load(); free < int64(depth)*int64(s.params.FirstBurst) {
		depth = uint32(max(free/int64(s.params.FirstBurst), 1))
	}
	if most := s.expCmdSN + depth - uint32(min(s.active, int(depth))) - 1; before(s.maxCmdSN, most) {
		s.maxCmdSN = most
	}
}

// newTTT returns a target transfer tag, which is never the reserved one.
func (s *Session) newTTT() uint32 {
	if s.nextTTT++; s.nextTTT == NoTag {
		s.nextTTT = 1
	}
	return s.nextTTT
}
