package iscsi

import "ironhook/block/scsi"

// gather is the progress of a task's data-out. DataPDUInOrder and DataSequenceInOrder are
// both Yes, so one cursor is enough.
type gather struct {
	have        int     // bytes received, including those beyond what the command needs
	unsolicited bool    // more unsolicited data is to come
	dataSN      uint32  // of the next Data-Out in this sequence
	asked       int     // bytes received or solicited
	bursts      []burst // solicited and not complete, in order
	r2tSN       uint32  // R2Ts sent
	lost        bool    // some data never came; the rest is still received
}

// burst is one R2T: the end of its range, and its tag.
type burst struct {
	ttt uint32
	end int
}

// immediateData takes the data of the command PDU itself.
func (s *Session) immediateData(t *Task, data []byte, final bool) error {
	n, writes := len(data), t.direction&FlagWrite != 0
	t.gather.unsolicited = writes && !final
	switch {
	case n > 0 && (!writes || !s.params.ImmediateData):
		return protocolError("immediate data where none is allowed")
	case n > s.params.FirstBurst || int64(n) > t.edtl:
		return protocolError("%d bytes of immediate data, at most %d of %d allowed", n, s.params.FirstBurst, t.edtl)
	case t.gather.unsolicited && s.params.InitialR2T:
		return protocolError("unsolicited data announced where none is allowed")
	}
	t.gather.have = n
	t.unsolicited = int(min(t.edtl, int64(s.params.FirstBurst)))
	if n >= t.want {
		t.out = data[:t.want]
		if t.gather.unsolicited {
			t.own(s.budget)
		}
	} else if n > 0 || t.gather.unsolicited {
		t.buf = s.budget.get(min(t.want, s.params.FirstBurst))
		t.out = t.buf.B
		copy(t.out, data)
	}
	return nil
}

// dataOut takes a Data-Out PDU (RFC 7143 §11.7), which has to be the next of an unsolicited
// sequence or of an R2T's.
func (s *Session) dataOut(p PDU) error {
	var m DataOut
	m.Decode(p.Header)
	t := s.tasks[m.ITT]
	if t == nil || t.state != gathering {
		return protocolError("data for task %#x, which waits for none", m.ITT)
	}
	s.took += len(p.Data)
	g, solicited := &t.gather, m.TTT != NoTag
	end, err := t.dataEnd(m.TTT)
	if err != nil {
		return err
	}
	g.lost = g.lost || !t.aborted && m.DataSN != g.dataSN
	if !t.aborted && !g.lost {
		if err := g.check(&m, len(p.Data), end); err != nil {
			return err
		}
		g.take(p.Data, t.out)
	}
	if !m.Final {
		return nil
	}
	g.endSequence(solicited)
	switch {
	case t.aborted:
		s.forget(t)
	case g.lost && g.due(): // the answer follows the remaining data (RFC 7143 §7.8)
	case g.lost:
		s.fail(t, dataLost)
	default:
		return s.advance(t)
	}
	return nil
}

// take stores data at the current position of the sequence.
func (g *gather) take(data, out []byte) {
	if g.have < len(out) {
		copy(out[g.have:], data)
	}
	g.have += len(data)
	g.dataSN++
}

func (g *gather) endSequence(solicited bool) {
	g.dataSN = 0
	g.unsolicited = false
	if solicited {
		g.bursts = g.bursts[1:]
	}
}

// due reports whether more announced or solicited data is to come.
func (g *gather) due() bool { return g.unsolicited || len(g.bursts) > 0 }

// dataEnd returns the end of the range for data with that transfer tag.
func (t *Task) dataEnd(ttt uint32) (int, error) {
	g := &t.gather
	if ttt == NoTag {
		if !g.unsolicited {
			return 0, protocolError("unsolicited data that was not announced")
		}
		return t.unsolicited, nil
	}
	if len(g.bursts) == 0 || g.bursts[0].ttt != ttt {
		return 0, protocolError("data with transfer tag %#x, which was not given out or is not the next", ttt)
	}
	return g.bursts[0].end, nil
}

// check refuses data that is not at the current position or goes beyond the end of its
// sequence, and a solicited sequence that ends early.
func (g *gather) check(m *DataOut, n, end int) error {
	switch {
	case uint64(m.Offset) != uint64(g.have):
		return protocolError("data for offset %d where %d was next", m.Offset, g.have)
	case n > end-g.have:
		return protocolError("%d bytes of data where %d were due", n, end-g.have)
	case m.TTT != NoTag && m.Final != (g.have+n == end):
		return protocolError("burst up to %d ends at %d", end, g.have+n)
	}
	return nil
}

// dataLost is the sense of a command that lost some of its data in transit: ABORTED
// COMMAND, PROTOCOL SERVICE CRC ERROR (RFC 7143 §11.4.7.2).
var dataLost = []byte{0: 0x70, 2: 0x0b, 7: 10, 12: 0x47, 13: 0x05, 17: 0}

// fail answers a task whose data has a gap in its numbers. RFC 7143 §7.8 allows either this
// or ending the session; this does not affect the initiator's other commands.
func (s *Session) fail(t *Task, sense []byte) {
	s.leave(t)
	t.aborted = true
	t.drop()
	s.respond(t, &scsi.Result{Status: scsi.CheckCondition, Sense: sense})
	s.forget(t)
	s.runReleased()
}

// solicit sends R2Ts for the data that a task still needs, as far as memory and
// MaxOutstandingR2T allow.
func (s *Session) solicit(t *Task) {
	g := &t.gather
	if len(t.out) < t.want && !s.enlarge(t) {
		s.pending = append(s.pending, t)
		if !s.starving {
			s.starving = true
			s.sink.Starve(t.want)
		}
		return
	}
	g.asked = max(g.asked, g.have)
	for g.asked < t.want && len(g.bursts) < s.params.MaxOutstandingR2T {
		n := min(t.want-g.asked, s.params.MaxBurst)
		m := R2T{
			ResponseFields: s.peek(t.itt), LUN: t.lun, TTT: s.newTTT(),
			R2TSN: g.r2tSN, Offset: uint32(g.asked), Desired: uint32(n),
		}
		s.sink.Send(PDU{Header: m.Encode(s.scratch())}, nil)
		g.r2tSN++
		g.asked += n
		g.bursts = append(g.bursts, burst{m.TTT, g.asked})
	}
}

// enlarge allocates memory for all data of a task, if the budget allows.
func (s *Session) enlarge(t *Task) bool {
	b := s.budget.ask(t.want)
	if b == nil {
		return false
	}
	copy(b.B, t.out[:min(t.gather.have, len(t.out))])
	t.buf.release()
	t.buf, t.out = b, b.B
	return true
}

// Owed reports whether announced or solicited data is due from the initiator.
func (s *Session) Owed() bool {
	for _, t := range s.tasks {
		if !t.aborted && t.gather.due() {
			return true
		}
	}
	return false
}

// Feed solicits the data that could not be solicited while memory was short.
func (s *Session) Feed() {
	pending := s.pending
	s.pending, s.starving = nil, false
	for _, t := range pending {
		s.solicit(t)
	}
}
