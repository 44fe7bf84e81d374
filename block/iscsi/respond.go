package iscsi

import "ironhook/block/scsi"

// respond sends the data and the status of a task.
func (s *Session) respond(t *Task, r *scsi.Result) {
	var data []byte
	if t.direction&FlagRead != 0 {
		data = r.In[:min(int64(len(r.In)), t.edtl)]
	}
	residual := t.residual(r)
	if len(data) > 0 && r.Status == scsi.Good {
		s.dataIn(t, data, true, residual)
		return
	}
	sent := t.gather.r2tSN
	if len(data) > 0 {
		sent = s.dataIn(t, data, false, Residual{})
	} else {
		t.in.release()
	}
	var sense []byte
	if len(r.Sense) > 0 {
		sense = append([]byte{byte(len(r.Sense) >> 8), byte(len(r.Sense))}, r.Sense...)
	}
	m := SCSIResponse{ResponseFields: s.next(t.itt), Status: byte(r.Status), ExpDataSN: sent, Residual: residual}
	s.sink.Send(PDU{Header: m.Encode(s.scratch()), Data: sense}, nil)
}

// residual compares what the command moved with what the initiator announced (RFC 7143
// §11.4.5).
func (t *Task) residual(r *scsi.Result) Residual {
	announced := t.edtl
	if (t.plan.In > 0 || len(r.In) > 0) && t.direction&FlagRead == 0 || t.plan.Out > 0 && t.direction&FlagWrite == 0 {
		announced = 0 // it was announced for the other way
	}
	switch {
	case r.Moved > announced:
		return Residual{Overflow: true, Count: uint32(r.Moved - announced)}
	case r.Moved < announced:
		return Residual{Underflow: true, Count: uint32(announced - r.Moved)}
	}
	return Residual{}
}

// dataIn sends data-in, cut to the PDU length that the initiator takes and to bursts,
// and returns the number of PDUs. With status the last one carries GOOD.
func (s *Session) dataIn(t *Task, data []byte, status bool, residual Residual) (sent uint32) {
	burst := s.params.MaxBurst
	for off := 0; off < len(data); sent++ {
		n := min(len(data)-off, s.params.MaxSend, burst)
		end := off+n == len(data)
		m := DataIn{TTT: NoTag, DataSN: sent, Offset: uint32(off)}
		if burst -= n; burst == 0 || end {
			m.Final = true
			burst = s.params.MaxBurst
		}
		var last *Buffer
		if end {
			last, m.HasStatus, m.Residual = t.in, status, residual
		}
		if m.HasStatus {
			m.ResponseFields = s.next(t.itt)
		} else {
			m.ResponseFields = s.peek(t.itt)
			m.StatSN = 0 // reserved without a status
		}
		s.sink.Send(PDU{Header: m.Encode(s.scratch()), Data: data[off : off+n]}, last)
		off += n
	}
	return sent
}
