package scsi

import "slices"

// maxRegistrants bounds the registrations that initiators can make.
const maxRegistrants = 256

// reservationList is the parameter list of PERSISTENT RESERVE OUT.
type reservationList struct {
	key    uint64 // the one the initiator is registered with
	action uint64 // service action reservation key
	keep   bool   // APTPL
}

// notice is a unit attention that a change of reservations raises for a port.
type notice struct {
	port string
	what condition
}

// change is one service action under way: the state it changes, the requesting port, and
// the registrants to notify.
type change struct {
	persistent
	list    reservationList
	kind    kind
	port    string
	notices []notice
}

// persistentReserveOut makes the handler of a service action. The change is made to
// a copy, saved if it is to outlive a restart, and only then becomes the state.
func persistentReserveOut(act func(*change) error) func(task) ([]byte, error) {
	return handle(func(t task, b reserveOutCDB) ([]byte, error) {
		r := &t.lun.reservations
		if r.legacy != nil {
			return nil, errConflict
		}
		if t.cdb.number(t.op.count) != 24 {
			return nil, errParameterLength
		}
		c := change{persistent: r.persistent.clone(), port: t.nexus.port, kind: b.kind(),
			list: reservationList{get64(t.out), get64(t.out[8:]), t.out[20]&0x01 != 0}}
		if t.out[20]&0x08 != 0 { // SPEC_I_PT: only the requesting port can be registered
			return nil, invalidParameter(20, 3)
		}
		if c.list.keep && r.keeper == nil {
			return nil, invalidParameter(20, 0)
		}
		if err := act(&c); err != nil {
			return nil, err
		}
		if err := r.save(&c.persistent); err != nil {
			return nil, t.lun.fault(errInternal, "save reservations", 0, err)
		}
		r.persistent = c.persistent
		t.lun.notify(c.notices)
		return nil, nil
	})
}

// notify raises the attentions for those of the ports that have a nexus.
func (l *LUN) notify(notices []notice) {
	d := l.device.Load()
	d.mu.RLock()
	defer d.mu.RUnlock()
	for _, n := range d.nexuses {
		for _, note := range notices {
			if n.port == note.port {
				n.attention[l.number].raise(note.what)
			}
		}
	}
}

// notify raises an attention for every registrant except the requesting one.
func (c *change) notify(what condition) {
	for _, r := range c.registrants {
		if r.Port != c.port {
			c.notices = append(c.notices, notice{r.Port, what})
		}
	}
}

// member refuses an initiator that is not registered with the key it gives.
func (c *change) member() error {
	if key, ok := c.key(c.port); !ok || key != c.list.key {
		return errConflict
	}
	return nil
}

// register is REGISTER: an unregistered port gives key zero, a registered one its own key.
// A new key of zero ends the registration.
func (c *change) register() error {
	if key, _ := c.key(c.port); key != c.list.key {
		return errConflict
	}
	return c.registerAnyway()
}

// registerAnyway is REGISTER AND IGNORE EXISTING KEY.
func (c *change) registerAnyway() error {
	_, registered := c.key(c.port)
	switch {
	case c.list.action == 0 && !registered:
		return nil
	case c.list.action == 0:
		c.unregister(c.port)
	case registered:
		for i := range c.registrants {
			if c.registrants[i].Port == c.port {
				c.registrants[i].Key = c.list.action
			}
		}
	case len(c.registrants) >= maxRegistrants:
		return errRegistrationsFull
	default:
		c.registrants = append(c.registrants, registration{c.port, c.list.action})
	}
	c.keep = c.list.keep
	c.generation++
	return nil
}

// unregister removes a port. Its reservation is released, unless others hold it too;
// registrants of a shared reservation are notified.
func (c *change) unregister(port string) {
	held := c.holds(port)
	c.registrants = slices.DeleteFunc(c.registrants, func(r registration) bool { return r.Port == port })
	if held && (!kinds[c.persistent.kind].everyone || len(c.registrants) == 0) {
		if kinds[c.persistent.kind].registrants {
			c.notify(reservationsReleased)
		}
		c.persistent.kind, c.holder = 0, ""
	}
}

// reserve is RESERVE. A holder may repeat it.
func (c *change) reserve() error {
	if err := c.member(); err != nil {
		return err
	}
	if c.persistent.kind != 0 {
		if c.holds(c.port) && c.persistent.kind == c.kind {
			return nil
		}
		return errConflict
	}
	return c.take()
}

// take makes the asking port the holder of a reservation of the CDB's type.
func (c *change) take() error {
	k, known := kinds[c.kind]
	if !known {
		return invalidField(2, 3)
	}
	c.persistent.kind, c.holder = c.kind, c.port
	if k.everyone {
		c.holder = ""
	}
	return nil
}

// release is RELEASE. From a registrant that holds nothing it has no effect.
func (c *change) release() error {
	if err := c.member(); err != nil {
		return err
	}
	if !c.holds(c.port) {
		return nil
	}
	if c.persistent.kind != c.kind {
		return errInvalidRelease
	}
	if kinds[c.kind].registrants {
		c.notify(reservationsReleased)
	}
	c.persistent.kind, c.holder = 0, ""
	return nil
}

// clear is CLEAR: it removes the reservation and all registrations.
func (c *change) clear() error {
	if err := c.member(); err != nil {
		return err
	}
	c.notify(reservationsPreempted)
	c.persistent.kind, c.holder, c.registrants = 0, "", nil
	c.generation++
	return nil
}
