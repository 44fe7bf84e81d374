package iscsi

// gather is how far the data-out of a task has come. Both DataPDUInOrder and DataSequenceInOrder are Yes, so one cursor is enough.
type gather struct {
	have        int     // bytes that came, those that nobody needs included
	unsolicited bool    // more comes without being asked for
	dataSN      uint32  // of the next Data-Out in this sequence
	asked       int     // bytes that came or were asked for
	bursts      []burst // asked for and not complete, in order
	r2tSN       uint32  // R2Ts sent
}

// burst is one R2T: up to where it asks, and its tag.
type burst struct {
	ttt uint32
	end int
}

// immediateData takes what data came in the command PDU itself.
func (s *Session) immediateData(t *Task, p PDU) error {
	n, writes := len(p.Data), t.flags&FlagWrite != 0
	t.gather.unsolicited = writes && !p.Header.Final()
	switch {
	case n > 0 && (!writes || !s.params.ImmediateData):
		return protocolError("immediate data where none is allowed")
	case n > s.params.FirstBurst || int64(n) > t.edtl:
		return protocolError("%d bytes of immediate data, at most %d of %d allowed", n, s.params.FirstBurst, t.edtl)
	case t.gather.unsolicited && s.params.InitialR2T:
		return protocolError("unsolicited data announced where none is allowed")
	}
	t.gather.have = n
	if n >= t.want {
		t.out = p.Data[:t.want]
		if t.gather.unsolicited {
			t.own(s.memory)
		}
	} else if n > 0 || t.gather.unsolicited {
		t.buf = s.memory.get(min(t.want, s.params.FirstBurst))
		t.out = t.buf.B
		copy(t.out, p.Data)
	}
	return nil
}

// dataOut takes a Data-Out PDU (RFC 7143 §11.7), which has to be exactly the next that was announced or asked for.
func (s *Session) dataOut(p PDU) error {
	t := s.tasks[p.Header.ITT()]
	if t == nil || t.state != gathering {
		return protocolError("data for task %#x, which waits for none", p.Header.ITT())
	}
	g := &t.gather
	end := int(min(t.edtl, int64(s.params.FirstBurst)))
	solicited := p.Header.TTT() != NoTag
	switch {
	case solicited && (len(g.bursts) == 0 || g.bursts[0].ttt != p.Header.TTT()):
		return protocolError("data with transfer tag %#x, which was not given out", p.Header.TTT())
	case !solicited && !g.unsolicited:
		return protocolError("unsolicited data that was not announced")
	case solicited:
		end = g.bursts[0].end
	}
	n, final := len(p.Data), p.Header.Final()
	switch off, sn := p.Header.Uint32(OffOffset), p.Header.Uint32(OffDataSN); {
	case sn != g.dataSN:
		return protocolError("data PDU %d where %d was next", sn, g.dataSN)
	case uint64(off) != uint64(g.have):
		return protocolError("data for offset %d where %d was next", off, g.have)
	case n > end-g.have:
		return protocolError("%d bytes of data where %d were due", n, end-g.have)
	case solicited && final != (g.have+n == end):
		return protocolError("burst up to %d ends at %d", end, g.have+n)
	}
	if g.have < len(t.out) {
		copy(t.out[g.have:], p.Data)
	}
	g.have += n
	g.dataSN++
	if !final {
		return nil
	}
	g.dataSN = 0
	if solicited {
		g.bursts = g.bursts[1:]
	}
	g.unsolicited = false
	if t.aborted {
		s.forget(t)
		return nil
	}
	return s.advance(t)
}

// solicit asks for the data that a task still needs, as far as memory and MaxOutstandingR2T allow.
func (s *Session) solicit(t *Task) {
	g := &t.gather
	if len(t.out) < t.want && !s.enlarge(t) {
		s.hungry = append(s.hungry, t)
		if len(s.hungry) == 1 {
			s.sink.Starve()
		}
		return
	}
	g.asked = max(g.asked, g.have)
	for g.asked < t.want && len(g.bursts) < s.params.MaxOutstandingR2T {
		n := min(t.want-g.asked, s.params.MaxBurst)
		ttt := s.newTTT()
		h := s.answer(OpR2T, t.itt)
		putLUN(h, t.lun)
		h.PutUint32(OffTTT, ttt)
		h.PutUint32(OffDataSN, g.r2tSN)
		h.PutUint32(OffOffset, uint32(g.asked))
		h.PutUint32(OffDesired, uint32(n))
		s.send(PDU{Header: h}, false, nil)
		g.r2tSN++
		g.asked += n
		g.bursts = append(g.bursts, burst{ttt, g.asked})
	}
}

// enlarge gives a task room for all of its data, if the budget allows.
func (s *Session) enlarge(t *Task) bool {
	b := s.memory.tryGet(t.want)
	if b == nil {
		return false
	}
	copy(b.B, t.out[:min(t.gather.have, len(t.out))])
	t.buf.release()
	t.buf, t.out = b, b.B
	return true
}

// Feed asks again for what could not be asked for when memory was short.
func (s *Session) Feed() {
	hungry := s.hungry
	s.hungry = nil
	for _, t := range hungry {
		if !t.aborted {
			s.solicit(t)
		}
	}
}
