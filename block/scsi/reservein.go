package scsi

// PERSISTENT RESERVE IN, a method for each service action.

// reservationHeader is PRGENERATION and the length of what follows.
func (p *persistent) reservationHeader(n int) []byte {
	b := make([]byte, 8, 8+n)
	put32(b, p.generation)
	put32(b[4:], uint32(n))
	return b
}

func (t task) readKeys() ([]byte, error) {
	p := &t.lun.reservations.persistent
	b := p.reservationHeader(8 * len(p.registrants))
	for _, r := range p.registrants {
		b = append64(b, r.Key)
	}
	return b, nil
}

func (t task) readReservation() ([]byte, error) {
	p := &t.lun.reservations.persistent
	if p.kind == 0 {
		return p.reservationHeader(0), nil
	}
	key, _ := p.key(p.holder) // zero if every registrant holds it
	b := append64(p.reservationHeader(16), key)
	return append(b, 0, 0, 0, 0, 0, byte(p.kind), 0, 0), nil
}

// reportCapabilities: the types above, all target ports at once (there is one), and APTPL
// where there is a Keeper.
func (t task) reportCapabilities() ([]byte, error) {
	r := &t.lun.reservations
	b := []byte{0, 8, 0x04, 0x80, 0xea, 0x01, 0, 0} // ATP_C; TMV; type mask
	if r.keeper != nil {
		b[2] |= 0x01 // PTPL_C
	}
	if r.keep {
		b[3] |= 0x01 // PTPL_A
	}
	return b, nil
}

func (t task) readFullStatus() ([]byte, error) {
	p := &t.lun.reservations.persistent
	var list []byte
	for _, r := range p.registrants {
		d := make([]byte, 24)
		put64(d, r.Key)
		d[12] = 0x02 // ALL_TG_PT
		if p.holds(r.Port) {
			d[12] |= 0x01 // R_HOLDER
			d[13] = byte(p.kind)
		}
		put16(d[18:], relativePort)
		id := transportID(r.Port)
		put32(d[20:], uint32(len(id)))
		list = append(append(list, d...), id...)
	}
	return append(p.reservationHeader(len(list)), list...), nil
}

// transportID names an iSCSI initiator port, with its session identifier: format 01b. The
// name is terminated with a zero and padded to a multiple of four bytes.
func transportID(port string) []byte {
	b := append([]byte{0x45, 0, 0, 0}, port...)
	b = append(b, 0)
	for len(b)%4 != 0 || len(b) < 24 {
		b = append(b, 0)
	}
	put16(b[2:], uint16(len(b)-4))
	return b
}
