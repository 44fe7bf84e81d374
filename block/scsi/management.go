package scsi

// The effects of the task management functions of SAM-5 on a device, apart from ending
// tasks. The transport owns the tasks: it marks the commands that are to be aborted, waits
// until those already in Execute have returned, then calls the method here, then answers.
// ABORT TASK and ABORT TASK SET need no call.

// CommandsCleared follows CLEAR TASK SET: the victims, initiators other than the requesting
// one whose commands were cleared, get unit attention 2F/00.
func (d *Device) CommandsCleared(lun uint64, victims ...*Nexus) {
	if l := d.unit(lun); l != nil {
		for _, n := range victims {
			n.attention[l.number].raise(commandsCleared)
		}
	}
}

// ResetLUN is LOGICAL UNIT RESET: RESERVE is released, mode pages are back at
// their defaults, a failed flush is no longer reported, and every initiator is
// notified (unit attention 29/03). Persistent reservations stay. It returns false if
// there is no such unit.
func (d *Device) ResetLUN(lun uint64) bool {
	l := d.unit(lun)
	if l == nil {
		return false
	}
	l.reset(unitReset)
	return true
}

// Reset is TARGET WARM RESET, and TARGET COLD RESET if cold: what ResetLUN does,
// to every unit. Initiators get 29/02, or 29/00 after a cold one, which
// also ends every session (RFC 7143 §11.5.1): that is the transport's part.
func (d *Device) Reset(cold bool) {
	what := targetReset
	if cold {
		what = powerOn
	}
	for _, l := range d.units() {
		l.reset(what)
	}
}

// replace raises a reset for every nexus, in place of all pending conditions.
func (d *Device) replace(number int, c condition) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	for _, n := range d.nexuses {
		n.attention[number].replace(c)
	}
}
