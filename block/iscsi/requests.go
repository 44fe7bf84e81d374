package iscsi

// The requests other than commands: pings, logouts, and rejected ones.

// RejectReason is why a PDU is rejected (RFC 7143 §11.17.1).
type RejectReason byte

// The reasons that we give.
const (
	dataDigestError     RejectReason = 0x02
	snackRejected       RejectReason = 0x03
	commandNotSupported RejectReason = 0x05
	tooManyImmediate    RejectReason = 0x06
	invalidField        RejectReason = 0x09
)

// reject answers a PDU that is refused without ending the connection; the Reject carries
// its header.
func (s *Session) reject(p PDU, reason RejectReason) {
	m := Reject{ResponseFields: s.next(NoTag), Reason: reason}
	s.sink.Send(PDU{Header: m.Encode(s.scratch()), Data: append([]byte(nil), p.Header...)}, nil)
}

func (s *Session) snack(p PDU) error {
	s.reject(p, snackRejected)
	return nil
}

// nopOut takes the answer to a ping of ours, and answers one of the initiator's with
// the same data. A PDU may be both.
func (s *Session) nopOut(p PDU) error {
	var m NopOut
	m.Decode(p.Header)
	if m.TTT != NoTag {
		s.pinging, s.ponged = false, true
	}
	if m.ITT == NoTag {
		return nil
	}
	var data *Buffer
	if n := min(len(p.Data), s.params.MaxSend); n > 0 {
		data = s.budget.get(n)
		copy(data.B, p.Data)
		p.Data = data.B
	}
	answer := NopIn{ResponseFields: s.next(m.ITT), LUN: m.LUN, TTT: NoTag}
	s.sink.Send(PDU{Header: answer.Encode(s.scratch()), Data: p.Data}, data)
	return nil
}

// Ping sends a NOP-In to a silent initiator, unless an earlier one is not answered yet. It
// reports whether it sent one.
func (s *Session) Ping() bool {
	if s.pinging {
		return false
	}
	s.pinging = true
	m := NopIn{TTT: s.newTTT(), ResponseFields: s.peek(NoTag)}
	s.sink.Send(PDU{Header: m.Encode(s.scratch())}, nil)
	return true
}

// AsyncEvent is the event of an asynchronous message (RFC 7143 §11.9.1).
type AsyncEvent byte

// RequestLogout asks the initiator to log out within Parameter3 seconds.
const RequestLogout AsyncEvent = 1

// Goodbye asks the initiator to log out within the given seconds. Linux does so and
// reconnects.
func (s *Session) Goodbye(seconds uint16) {
	m := Async{ResponseFields: s.next(NoTag), Event: RequestLogout, Parameter3: seconds}
	s.sink.Send(PDU{Header: m.Encode(s.scratch())}, nil)
}

// LogoutReason is why an initiator logs out (RFC 7143 §11.14.1).
type LogoutReason byte

// The reasons for a logout.
const (
	CloseSession      LogoutReason = 0
	CloseConnection   LogoutReason = 1
	RemoveForRecovery LogoutReason = 2
)

// LogoutResult is the response to a logout (RFC 7143 §11.15.1).
type LogoutResult byte

// The results of a logout that we give.
const (
	LoggedOut           LogoutResult = 0
	CIDNotFound         LogoutResult = 1
	RecoveryUnsupported LogoutResult = 2
)

// logout ends the session, or its only connection, which is the same. Commands in flight
// are aborted and awaited.
func (s *Session) logout(p PDU) error {
	var m LogoutRequest
	m.Decode(p.Header)
	switch {
	case m.Reason == RemoveForRecovery:
		s.logoutResponse(m.ITT, RecoveryUnsupported)
		return nil
	case m.Reason > RemoveForRecovery:
		s.reject(p, invalidField)
		return nil
	case m.Reason == CloseConnection && m.CID != s.cid:
		s.logoutResponse(m.ITT, CIDNotFound)
		return nil
	}
	itt := m.ITT
	s.leaving = true
	b := newBarrier(func() {
		s.logoutResponse(itt, LoggedOut)
		s.sink.Close("")
	})
	s.Abort(func(*Task) bool { return true }, b)
	b.leave()
	return nil
}

func (s *Session) logoutResponse(itt uint32, r LogoutResult) {
	m := LogoutResponse{ResponseFields: s.next(itt), Response: r, Time2Wait: uint16(s.params.Time2Wait)}
	s.sink.Send(PDU{Header: m.Encode(s.scratch())}, nil)
}
