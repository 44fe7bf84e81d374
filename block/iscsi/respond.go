package iscsi

import "ironhook/block/scsi"

// respond sends the data and the status of a task.
func (s *Session) respond(t *Task, r *scsi.Result) {
	var data []byte
	if t.flags&FlagRead != 0 {
		data = r.In[:min(int64(len(r.In)), t.edtl)]
	}
	flags, residual := t.residual(r)
	if len(data) > 0 && r.Status == scsi.Good {
		s.dataIn(t, data, flags|flagStatus, residual)
		return
	}
	sent := t.gather.r2tSN
	if len(data) > 0 {
		sent = s.dataIn(t, data, 0, 0)
	} else {
		t.in.release()
	}
	h := s.answer(OpSCSIResponse, t.itt)
	h[1] |= flags
	h[3] = byte(r.Status)
	h.PutUint32(OffDataSN, sent)
	h.PutUint32(OffResidual, residual)
	var sense []byte
	if len(r.Sense) > 0 {
		sense = append([]byte{byte(len(r.Sense) >> 8), byte(len(r.Sense))}, r.Sense...)
	}
	s.send(PDU{Header: h, Data: sense}, true, nil)
}

// residual compares what the command moved with what the initiator announced (RFC 7143
// §11.4.5).
func (t *Task) residual(r *scsi.Result) (flags byte, n uint32) {
	announced := t.edtl
	if (t.plan.In > 0 || len(r.In) > 0) && t.flags&FlagRead == 0 || t.plan.Out > 0 && t.flags&FlagWrite == 0 {
		announced = 0 // it was announced for the other way
	}
	switch {
	case r.Moved > announced:
		return flagOverflow, uint32(r.Moved - announced)
	case r.Moved < announced:
		return flagUnderflow, uint32(announced - r.Moved)
	}
	return 0, 0
}

// dataIn sends data-in, cut to the PDU length that the initiator takes and to bursts,
// and returns the number of PDUs. With flagStatus the last one carries GOOD.
func (s *Session) dataIn(t *Task, data []byte, last byte, residual uint32) (sent uint32) {
	burst := s.params.MaxBurst
	for off := 0; off < len(data); sent++ {
		n := min(len(data)-off, s.params.MaxSend, burst)
		end := off+n == len(data)
		h := s.answer(OpDataIn, t.itt)
		if burst -= n; burst == 0 || end {
			burst = s.params.MaxBurst
		} else {
			h[1] = 0
		}
		h.PutUint32(OffTTT, NoTag)
		h.PutUint32(OffDataSN, sent)
		h.PutUint32(OffOffset, uint32(off))
		p := PDU{Header: h, Data: data[off : off+n]}
		if off += n; !end {
			s.sendData(p, nil)
			continue
		}
		h[1] |= last
		h.PutUint32(OffResidual, residual)
		if last&flagStatus != 0 {
			s.send(p, true, t.in)
		} else {
			s.sendData(p, t.in)
		}
	}
	return sent
}

// sendData sends a Data-In without status, which has no StatSN.
func (s *Session) sendData(p PDU, last *Buffer) {
	s.putWindow(p.Header)
	s.sink.Send(p, last)
}
