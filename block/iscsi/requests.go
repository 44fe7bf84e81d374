package iscsi

// The requests that are not commands: pings, goodbyes, and what is refused.

// Reasons of a Reject (RFC 7143 §11.17.1).
const (
	dataDigestError     = 0x02
	snackRejected       = 0x03
	commandNotSupported = 0x05
	tooManyImmediate    = 0x06
	invalidField        = 0x09
)

// reject answers a PDU that we can do without; it carries back the header.
func (s *Session) reject(p PDU, reason byte) error {
	h := s.answer(OpReject, NoTag)
	h[2] = reason
	s.send(PDU{Header: h, Data: append([]byte(nil), p.Header...)}, true, nil)
	return nil
}

func (s *Session) snack(p PDU) error { return s.reject(p, snackRejected) }

// nopOut takes the answer to a ping of ours, and answers one of the initiator's with
// the same data. A PDU may be both.
func (s *Session) nopOut(p PDU) error {
	if p.Header.TTT() != NoTag {
		s.pinging, s.ponged = false, true
	}
	if p.Header.ITT() == NoTag {
		return nil
	}
	h := s.answer(OpNopIn, p.Header.ITT())
	copy(h[offLUN:offLUN+8], p.Header[offLUN:])
	h.PutUint32(OffTTT, NoTag)
	var data *Buffer
	if n := min(len(p.Data), s.params.MaxSend); n > 0 {
		data = s.memory.get(n)
		copy(data.B, p.Data)
		p.Data = data.B
	}
	s.send(PDU{Header: h, Data: p.Data}, true, data)
	return nil
}

// Ping asks a silent initiator for a sign of life. It reports whether the one asked for
// before has come.
func (s *Session) Ping() (answered bool) {
	if s.pinging {
		return false
	}
	s.pinging = true
	h := s.answer(OpNopIn, NoTag)
	h.PutUint32(OffTTT, s.newTTT())
	s.send(PDU{Header: h}, false, nil)
	return true
}

// Goodbye asks the initiator to log out within so many seconds (RFC 7143 §11.9.1, event
// 1). Linux does, and connects again.
func (s *Session) Goodbye(seconds uint16) {
	h := s.answer(OpAsync, NoTag)
	h[offAsyncEvent] = 1
	h.PutUint16(offAsyncParameter3, seconds)
	s.send(PDU{Header: h}, true, nil)
}

// Reasons and responses of a logout (RFC 7143 §11.14.1 and §11.15.1).
const (
	closeSession    = 0
	closeConnection = 1
	forRecovery     = 2

	loggedOut      = 0
	noSuchCID      = 1
	noSuchRecovery = 2
)

// logout ends the session, or its only connection, which is the same. What is in flight
// is aborted, and waited for.
func (s *Session) logout(p PDU) error {
	itt := p.Header.ITT()
	switch reason := p.Header[1] & 0x7f; {
	case reason == forRecovery:
		s.logoutResponse(itt, noSuchRecovery)
		return nil
	case reason > forRecovery:
		return s.reject(p, invalidField)
	case reason == closeConnection && p.Header.Uint16(offCID) != s.cid:
		s.logoutResponse(itt, noSuchCID)
		return nil
	}
	s.leaving = true
	b := newBarrier(func() {
		s.logoutResponse(itt, loggedOut)
		s.sink.Close("")
	})
	s.Abort(func(*Task) bool { return true }, b)
	b.leave()
	return nil
}

func (s *Session) logoutResponse(itt uint32, response byte) {
	h := s.answer(OpLogoutResponse, itt)
	h[2] = response
	h.PutUint16(offTime2Wait, uint16(s.params.Time2Wait))
	s.send(PDU{Header: h}, true, nil)
}
