package scsi

// maxCompareAndWrite is the limit of the CDB's one-byte count, in blocks.
const maxCompareAndWrite = 255

// compareAndWrite is COMPARE AND WRITE: it compares the first half of the data with the
// blocks and writes the second half only if they match. No other command touches the blocks
// in between.
func (t task) compareAndWrite() ([]byte, error) {
	s, err := t.extent()
	if err != nil {
		return nil, err
	}
	if s.n == 0 {
		return nil, nil
	}
	defer t.lun.ranges.own(s)()
	half := len(t.out) / 2
	now := make([]byte, half)
	if err := t.lun.readHeld(now, s.lba); err != nil {
		return nil, err
	}
	if i := differs(now, t.out[:half]); i >= 0 {
		return nil, &sense{key: miscompare, code: 0x1d00, info: uint64(i), hasInfo: true}
	}
	if err := t.lun.writeHeld(t.out[half:], s.lba); err != nil {
		return nil, err
	}
	return nil, t.settle()
}

// orWrite is ORWRITE(16): the blocks become the bitwise OR of the data and their old
// contents.
func (t task) orWrite() ([]byte, error) {
	s, err := t.whole()
	if err != nil || s.n == 0 {
		return nil, err
	}
	defer t.lun.ranges.own(s)()
	buf := scratch.Get().(*[scratchSize]byte)
	defer scratch.Put(buf)
	for out := t.out[:s.n*BlockSize]; len(out) > 0; {
		p := buf[:min(scratchSize, len(out))]
		if err := t.lun.orHeld(p, out, s.lba); err != nil {
			return nil, err
		}
		out, s.lba = out[len(p):], s.lba+uint64(len(p)/BlockSize)
	}
	return nil, t.settle()
}

// orHeld sets the bits of out in as many blocks as p has room for.
func (l *LUN) orHeld(p, out []byte, lba uint64) error {
	if err := l.readHeld(p, lba); err != nil {
		return err
	}
	for i := range p {
		p[i] |= out[i]
	}
	return l.writeHeld(p, lba)
}

// writeAtomic is WRITE ATOMIC(16): after a loss of power the medium has all of the data or
// nothing of it.
func (t task) writeAtomic() ([]byte, error) {
	s, err := t.whole()
	if err != nil || s.n == 0 {
		return nil, err
	}
	if s.n*BlockSize > t.lun.atomicLimit() {
		return nil, invalidField(t.op.count.at, -1)
	}
	defer t.lun.ranges.own(s)()
	if err := t.lun.atomics.WriteAtomic(t.out[:s.n*BlockSize], int64(s.lba*BlockSize)); err != nil {
		return nil, t.lun.fault(writeFault(err), "write atomically", s.lba, err)
	}
	return nil, t.settle()
}

// atomicLimit is the longest atomic write, in bytes.
func (l *LUN) atomicLimit() uint64 {
	if l.atomics == nil {
		return 0
	}
	return min(uint64(max(l.atomics.AtomicLimit(), 0)), MaxTransfer) / BlockSize * BlockSize
}

// whole is extent for a command that takes all of its data or none.
func (t *task) whole() (span, error) {
	s, err := t.extent()
	if err == nil && uint64(len(t.out)) < s.n*BlockSize {
		return span{}, errInformationUnit
	}
	return s, err
}
