package scsi

import "errors"

// task is a command on its way through a unit. Handlers take it by value, so
// that the hot path allocates nothing.
type task struct {
	op       *operation
	device   *Device
	lun      *LUN // nil only for rows marked unitless
	nexus    *Nexus
	cdb      cdb
	out      []byte
	in       []byte
	expected int64
	inMemory bool // give up with errNotCached rather than wait
}

// Plan returns what a CDB will move, without executing it.
func (d *Device) Plan(lun uint64, b []byte) Plan {
	t := task{device: d, lun: d.unit(lun)}
	copy(t.cdb[:], b)
	op, err := d.commands.find(&t.cdb)
	if err != nil || t.lun == nil || op.check(&t.cdb) != nil {
		return Plan{}
	}
	t.op = op
	in, out := t.lengths()
	return Plan{In: in, Out: out, Cost: t.cost()}
}

// Execute runs a command to its end and waits for the medium as long as it
// takes. Any number of callers may be in it at once.
func (d *Device) Execute(c Command) Result {
	r, _ := d.execute(c, false)
	return r
}

// TryExecute runs a command only if it need not wait for the medium or for another command.
// If it returns false nothing has happened: call Execute where waiting is allowed.
func (d *Device) TryExecute(c Command) (Result, bool) { return d.execute(c, true) }

func (d *Device) execute(c Command, inMemory bool) (Result, bool) {
	t := task{device: d, lun: d.unit(c.LUN), nexus: c.Nexus, out: c.Out, in: c.In, expected: c.Expected, inMemory: inMemory}
	copy(t.cdb[:], c.CDB)
	data, err := t.dispatch()
	switch {
	case err == nil:
		return t.good(data), true
	case err == errNotCached:
		return Result{}, false
	}
	return t.refused(err), true
}

// dispatch finds the row of a command and enters the unit.
func (t *task) dispatch() ([]byte, error) {
	var err error
	t.op, err = t.device.commands.find(&t.cdb)
	if t.lun == nil {
		return t.withoutUnit()
	}
	if t.inMemory && t.op != nil && t.cost() > Read {
		return nil, errNotCached
	}
	if t.op != nil && t.op.flags&alone != 0 {
		t.lun.gate.Lock()
		defer t.lun.gate.Unlock()
		return t.run(nil)
	}
	if !t.inMemory {
		t.lun.gate.RLock()
	} else if !t.lun.gate.TryRLock() {
		return nil, errNotCached
	}
	defer t.lun.gate.RUnlock()
	return t.run(err)
}

// withoutUnit answers a command to a LUN that does not exist.
func (t *task) withoutUnit() ([]byte, error) {
	if t.op == nil || t.op.flags&unitless == 0 {
		return nil, errNoUnit
	}
	if err := t.op.check(&t.cdb); err != nil {
		return nil, err
	}
	return t.op.run(*t)
}

// run makes the checks that every command must pass, in order, then calls its handler.
// unknown is the error if there is no row for the command: a pending unit attention is
// reported before it.
func (t *task) run(unknown error) ([]byte, error) {
	if t.op == nil || t.op.flags&untouched == 0 {
		if c, pending := t.nexus.attention[t.lun.number].take(); pending {
			return nil, &sense{key: unitAttention, code: c}
		}
	}
	if unknown != nil {
		return nil, unknown
	}
	if !t.op.offered(t.lun) {
		return nil, errInvalidOpcode
	}
	if err := t.admit(); err != nil {
		return nil, err
	}
	return t.op.run(*t)
}

// admit checks that the state of the unit and the CDB allow a command to run.
func (t *task) admit() error {
	if t.op.flags&sanitizes == 0 {
		if err := t.lun.sanitizing.refuse(); err != nil {
			return err
		}
	}
	if !t.lun.reservations.admit(t.nexus, t.access()) {
		return errConflict
	}
	if err := t.op.check(&t.cdb); err != nil {
		return err
	}
	if t.op.flags&writes != 0 {
		if err := t.lun.writable(); err != nil {
			return err
		}
	}
	return t.arrived()
}

// good is the result of a command that worked.
func (t *task) good(data []byte) Result {
	if t.op.moves == paramsIn {
		data = data[:min(uint64(len(data)), t.allocation())]
		return Result{Status: Good, In: data, Moved: int64(len(data))}
	}
	in, out := t.lengths()
	return Result{Status: Good, In: data, Moved: in + out}
}

// refused is the result of one that did not.
func (t *task) refused(err error) Result {
	if err == errConflict {
		return Result{Status: ReservationConflict}
	}
	if err == errBusy {
		return Result{Status: Busy}
	}
	var s *sense
	if !errors.As(err, &s) {
		s = errInternal
	}
	r := Result{Status: CheckCondition, Sense: s.fixed()}
	if t.lun != nil && t.lun.mode.descriptorSense.Load() {
		r.Sense = s.descriptor()
	}
	if s == errInformationUnit { // the residual reports the overflow that is refused
		_, r.Moved = t.lengths()
	}
	return r
}
