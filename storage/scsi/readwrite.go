package scsi

// testUnitReady has nothing to do: whoever gets here is ready.
func (t task) testUnitReady() ([]byte, error) { return nil, nil }

// extent is the blocks a medium command names, checked.
func (t *task) extent() (span, error) {
	lba, n := t.blocks()
	if n > MaxTransfer/BlockSize && t.op.moves != nothing {
		return span{}, invalidField(t.op.count.at, -1)
	}
	return span{lba, n}, t.lun.within(lba, n)
}

// fua is Force Unit Access, where a CDB has it.
func (t *task) fua() bool { return t.op.size > 6 && t.cdb.bit(1, 0x08) }

// read is READ(6), (10), (12) and (16) (SBC-3 §5.11 and on).
func (t task) read() ([]byte, error) {
	s, err := t.extent()
	if err != nil {
		return nil, err
	}
	if t.fua() { // what the cache holds must be on the medium before it is read back
		if t.inMemory {
			return nil, errNotCached
		}
		if err := t.lun.sync(); err != nil {
			return nil, err
		}
	}
	in := t.in[:min(uint64(len(t.in)), s.n*BlockSize)]
	if t.inMemory {
		return in, t.lun.readCached(in, s)
	}
	return in, t.lun.read(in, s)
}

// write is WRITE(6), (10), (12) and (16) (SBC-3 §5.30 and on).
func (t task) write() ([]byte, error) {
	s, err := t.extent()
	if err != nil {
		return nil, err
	}
	whole := uint64(len(t.out)) / BlockSize
	if uint64(len(t.out)) < s.n*BlockSize && len(t.out)%BlockSize != 0 {
		return nil, errInformationUnit // half a block cannot be written
	}
	s.n = min(s.n, whole)
	if err := t.lun.write(t.out[:s.n*BlockSize], s); err != nil {
		return nil, err
	}
	if t.fua() || t.lun.writeThrough.Load() {
		return nil, t.lun.sync()
	}
	return nil, nil
}

// read fills p from the start of a span, of which it may be a part.
func (l *LUN) read(p []byte, s span) error {
	l.ranges.share(s, true)
	defer l.ranges.unshare(s)
	return l.readLocked(p, s.lba)
}

// readCached is read without waiting.
func (l *LUN) readCached(p []byte, s span) error {
	if l.cached == nil || len(p)%BlockSize != 0 || !l.ranges.share(s, false) {
		return errNotCached
	}
	defer l.ranges.unshare(s)
	if !l.cached.ReadCached(p, int64(s.lba*BlockSize)) {
		return errNotCached
	}
	return nil
}

// readLocked reads where the caller holds the blocks. If p ends within a block
// the rest of it is read and dropped.
func (l *LUN) readLocked(p []byte, lba uint64) error {
	whole := len(p) / BlockSize * BlockSize
	if whole > 0 {
		if _, err := l.disk.ReadAt(p[:whole], int64(lba*BlockSize)); err != nil {
			return l.fault(readFault(lba), "read", lba, err)
		}
	}
	if whole == len(p) {
		return nil
	}
	tail := make([]byte, BlockSize)
	lba += uint64(whole / BlockSize)
	if _, err := l.disk.ReadAt(tail, int64(lba*BlockSize)); err != nil {
		return l.fault(readFault(lba), "read", lba, err)
	}
	copy(p[whole:], tail)
	return nil
}

// write writes a span.
func (l *LUN) write(p []byte, s span) error {
	if s.n == 0 {
		return nil
	}
	l.ranges.share(s, true)
	defer l.ranges.unshare(s)
	return l.writeLocked(p, s.lba)
}

// writeLocked writes where the caller holds the blocks.
func (l *LUN) writeLocked(p []byte, lba uint64) error {
	if _, err := l.disk.WriteAt(p, int64(lba*BlockSize)); err != nil {
		return l.fault(writeFault(err), "write", lba, err)
	}
	return nil
}

// sync puts every write that has been answered on stable storage.
func (l *LUN) sync() error {
	err := l.flushes.flush(l.disk.Sync)
	if err != nil {
		return l.fault(writeFault(err), "flush", 0, err)
	}
	return nil
}
