package scsi

import (
	"encoding/binary"
	"errors"
)

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
	inMemory bool // give up with errNotCached rather than wait for the medium
}

// Plan tells what a CDB will move.
func (d *Device) Plan(lun uint64, b []byte) Plan {
	t := task{device: d, lun: d.unit(lun)}
	copy(t.cdb[:], b)
	op, err := commands.find(&t.cdb)
	if err != nil || op.check(&t.cdb) != nil {
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

// TryExecute runs a command only if that needs no waiting for the medium. If it
// returns false nothing has happened, and Execute is to be called elsewhere.
func (d *Device) TryExecute(c Command) (Result, bool) {
	return d.execute(c, true)
}

func (d *Device) execute(c Command, inMemory bool) (Result, bool) {
	t := task{device: d, lun: d.unit(c.LUN), nexus: c.Nexus, out: c.Out, in: c.In, expected: c.Expected, inMemory: inMemory}
	copy(t.cdb[:], c.CDB)
	data, err := t.dispatch()
	if err == nil {
		return t.good(data), true
	}
	if err == errNotCached {
		return Result{}, false
	}
	return t.refused(err), true
}

// dispatch puts the questions every command must pass in SAM's order, then
// runs it.
func (t *task) dispatch() (data []byte, err error) {
	if t.op, err = commands.find(&t.cdb); t.lun == nil {
		if err == nil && t.op.flags&unitless != 0 {
			return t.op.run(*t)
		}
		return nil, errNoUnit
	}
	if t.op == nil || t.op.flags&untouched == 0 {
		if c, owed := t.nexus.attention[t.lun.number].take(); owed {
			return nil, &sense{key: unitAttention, code: c}
		}
	}
	if err != nil {
		return nil, err
	}
	if err := t.admit(); err != nil {
		return nil, err
	}
	if t.inMemory && t.cost() > Read {
		return nil, errNotCached
	}
	return t.op.run(*t)
}

// admit asks whether the unit's state and the CDB itself let the command run.
func (t *task) admit() error {
	if err := t.op.check(&t.cdb); err != nil {
		return err
	}
	if t.op.flags&writes != 0 {
		if t.lun.options.ReadOnly {
			return errWriteProtected
		}
	}
	return nil
}

// good is the result of a command that worked.
func (t *task) good(data []byte) Result {
	r := Result{Status: Good, In: data}
	if t.op.moves == paramsIn {
		if allocated := t.allocation(); uint64(len(r.In)) > allocated {
			r.In = r.In[:allocated]
		}
		r.Moved = int64(len(r.In))
		return r
	}
	in, out := t.lengths()
	r.Moved = in + out
	return r
}

// refused is the result of one that did not.
func (t *task) refused(err error) Result {
	if err == errConflict {
		return Result{Status: ReservationConflict}
	}
	var s *sense
	if !errors.As(err, &s) {
		s = &sense{key: hardwareError, code: 0x4400} // internal target failure
	}
	r := Result{Status: CheckCondition, Sense: s.fixed()}
	if s == errInformationUnit { // the overflow is the very thing refused
		_, r.Moved = t.lengths()
	}
	return r
}

// unit finds the logical unit a LUN names, nil if there is none. Peripheral
// device addressing and flat space addressing are understood (SAM-5 §4.7.7).
func (d *Device) unit(lun uint64) *LUN {
	method, n := lun>>62, lun>>48&0x3fff
	if method > 1 || lun<<16 != 0 || n >= MaxLUNs {
		return nil
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.luns[n]
}

// blocks are the blocks the CDB names.
func (t *task) blocks() (lba, n uint64) {
	lba, n = t.cdb.number(t.op.lba), t.cdb.number(t.op.count)
	if t.op.size == 6 && n == 0 {
		n = 256 // READ(6) and WRITE(6) cannot say nothing (SBC-3 §5.11)
	}
	return lba, n
}

// lengths are the bytes of data-in and data-out the CDB asks for; zero where it
// asks for more than MaxTransfer, and will be refused.
func (t *task) lengths() (in, out int64) {
	_, n := t.blocks()
	switch t.op.moves {
	case blocksIn:
		return limited(n * BlockSize), 0
	case blocksOut:
		return 0, limited(n * BlockSize)
	case pairsOut:
		return 0, limited(2 * n * BlockSize)
	case paramsOut:
		return 0, limited(n)
	}
	return 0, 0
}

func limited(n uint64) int64 {
	if n > MaxTransfer {
		return 0
	}
	return int64(n)
}

// allocation is the room the initiator gives for parameter data.
func (t *task) allocation() uint64 {
	if t.op.count == no {
		return 1 << 16 // the length is the command's own
	}
	return t.cdb.number(t.op.count)
}

// cost is where the command may run.
func (t *task) cost() Cost { return t.op.cost }

func put64(b []byte, v uint64) { binary.BigEndian.PutUint64(b, v) }
func put32(b []byte, v uint32) { binary.BigEndian.PutUint32(b, v) }
func put16(b []byte, v uint16) { binary.BigEndian.PutUint16(b, v) }
