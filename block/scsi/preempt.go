package scsi

import "slices"

// preempt is PREEMPT and PREEMPT AND ABORT: it removes the registrations with the given
// key. If the holder of the reservation is among them, the requesting port takes the
// reservation over. All earlier commands of the unit have returned when this runs, and
// later ones meet the new reservation, so there is nothing left to abort.
func (c *change) preempt() error {
	if err := c.member(); err != nil {
		return err
	}
	before := c.persistent.kind
	if !c.preempts() {
		if c.list.action == 0 {
			return invalidParameter(8, -1)
		}
		if n := c.expel(func(r registration) bool { return r.Key == c.list.action }); n == 0 {
			return errConflict
		}
		c.generation++
		return nil
	}
	victims := func(r registration) bool { return r.Key == c.list.action }
	if c.list.action == 0 { // all registrants hold it: zero means every one of them
		victims = func(registration) bool { return true }
	}
	c.expel(victims)
	if err := c.take(); err != nil {
		return err
	}
	if before != c.kind && kinds[before].registrants {
		c.notify(reservationsReleased) // the other registrants held or relied on another type
	}
	c.generation++
	return nil
}

// preempts reports whether the given key is that of the reservation.
func (c *change) preempts() bool {
	if c.persistent.kind == 0 {
		return false
	}
	if kinds[c.persistent.kind].everyone {
		return c.list.action == 0
	}
	key, _ := c.key(c.holder)
	return c.list.action != 0 && key == c.list.action
}

// expel removes the registrations of other ports that match and notifies them; it returns
// how many registrations matched.
func (c *change) expel(wanted func(registration) bool) (n int) {
	c.registrants = slices.DeleteFunc(c.registrants, func(r registration) bool {
		if !wanted(r) {
			return false
		}
		n++
		if r.Port == c.port {
			return false
		}
		c.notices = append(c.notices, notice{r.Port, registrationsPreempted})
		return true
	})
	return n
}
