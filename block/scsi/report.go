package scsi

import "time"

// reportLUNs is REPORT LUNS. It clears the attention that the list changed.
func (t task) reportLUNs(c reportLUNsCDB) ([]byte, error) {
	if c.selectReport() > 2 {
		return nil, invalidField(2, 7)
	}
	for i := range t.nexus.attention { // before reading the list: later changes raise it again
		t.nexus.attention[i].drop(reportedLUNsChanged)
	}
	b := make([]byte, 8)
	if c.selectReport() != 1 { // 1 asks for well known ones only; we have none
		for i := range t.device.units() {
			b = append64(b, uint64(i)<<48)
		}
	}
	put32(b, uint32(len(b)-8))
	return b, nil
}

// requestSense is REQUEST SENSE: a pending unit attention, or the progress of a sanitize,
// or no sense; never an error.
func (t task) requestSense(c requestSenseCDB) ([]byte, error) {
	s := &sense{key: noSense}
	if t.lun == nil {
		s = errNoUnit
	} else if code, pending := t.nexus.attention[t.lun.number].take(); pending {
		s = &sense{key: unitAttention, code: code}
	} else if err := t.lun.sanitizing.refuse(); err != nil {
		s = err.(*sense)
	}
	if c.descriptor() {
		return s.descriptor(), nil
	}
	return s.fixed(), nil
}

// reportTaskManagement is REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS: abort task,
// abort task set, clear task set, unit and target reset.
func (t task) reportTaskManagement() ([]byte, error) { return []byte{0xda, 0, 0, 0}, nil }

// reportOpcodes is REPORT SUPPORTED OPERATION CODES: the command table.
func (t task) reportOpcodes(c reportOpcodesCDB) ([]byte, error) {
	rows := t.device.commands.actions(c.opcode())
	hasActions := len(rows) > 0 && rows[0].action >= 0
	switch c.options() {
	case 0:
		return t.listOpcodes(c.timeouts()), nil
	case 1: // by opcode
		if hasActions {
			return nil, invalidField(2, 2)
		}
	case 2: // by opcode and service action
		if len(rows) > 0 && !hasActions {
			return nil, invalidField(2, 2)
		}
	case 3: // by either
	default:
		return nil, invalidField(2, 2)
	}
	for i := range rows {
		if op := &rows[i]; op.offered(t.lun) && (op.action < 0 || op.action == c.action()) {
			return op.describe(c.timeouts()), nil
		}
	}
	return []byte{0, 0x01, 0, 0}, nil // not supported
}

func (t *task) listOpcodes(timeouts bool) []byte {
	b := make([]byte, 4)
	for i := range t.device.commands.rows {
		op := &t.device.commands.rows[i]
		if !op.offered(t.lun) {
			continue
		}
		d := []byte{op.usage[0], 0, 0, 0, 0, 0, 0, byte(op.size)}
		if op.action >= 0 {
			d[3], d[5] = byte(op.action), 0x01 // SERVACTV
		}
		if timeouts {
			d[5] |= 0x02 // CTDP
			d = append(d, op.timeouts()...)
		}
		b = append(b, d...)
	}
	put32(b, uint32(len(b)-4))
	return b
}

// describe is the one command format, with the CDB usage data.
func (op *operation) describe(timeouts bool) []byte {
	b := append([]byte{0, 0x03, 0, byte(op.size)}, op.usage[:op.size]...) // as the standard has it
	if op.action >= 0 {
		b[5] = b[5]&^0x1f | byte(op.action)
	}
	if timeouts {
		b[1] |= 0x80
		b = append(b, op.timeouts()...)
	}
	return b
}

// timeouts is a command timeouts descriptor: nominal and recommended, in seconds.
func (op *operation) timeouts() []byte {
	b := make([]byte, 12)
	put16(b, 10)
	put32(b[4:], uint32(patience[op.cost].nominal/time.Second))
	put32(b[8:], uint32(patience[op.cost].recommended/time.Second))
	return b
}

// patience is how long commands take, and how long an initiator should wait for them.
var patience = [...]struct{ nominal, recommended time.Duration }{
	Quick: {time.Second, 10 * time.Second},
	Read:  {time.Second, 60 * time.Second},
	Write: {time.Second, 60 * time.Second},
	Slow:  {10 * time.Second, 300 * time.Second},
}

func append64(b []byte, v uint64) []byte {
	return append(b, byte(v>>56), byte(v>>48), byte(v>>40), byte(v>>32), byte(v>>24), byte(v>>16), byte(v>>8), byte(v))
}
