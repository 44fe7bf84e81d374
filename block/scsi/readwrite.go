package scsi

// read is READ(6), (10), (12) and (16).
func (t task) read() ([]byte, error) {
	s, err := t.extent()
	if err != nil {
		return nil, err
	}
	if t.fua() { // cached data must be on the medium before it is read back
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

// write is WRITE(6), (10), (12) and (16).
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
	return nil, t.settle()
}

// settle completes a write: with Force Unit Access, or without a write cache, the data must
// be on stable storage before the status is sent.
func (t *task) settle() error {
	if t.fua() || t.lun.mode.writeThrough.Load() {
		return t.lun.sync()
	}
	return nil
}

// read fills p from the start of a span, of which it may be a part.
func (l *LUN) read(p []byte, s span) error {
	l.ranges.share(s, true)
	defer l.ranges.unshare(s)
	return l.readHeld(p, s.lba)
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

// readHeld reads where the caller holds the blocks. If p ends within a block
// the rest of it is read and dropped.
func (l *LUN) readHeld(p []byte, lba uint64) error {
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
	return l.writeHeld(p, s.lba)
}

// writeHeld writes where the caller holds the blocks.
func (l *LUN) writeHeld(p []byte, lba uint64) error {
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
