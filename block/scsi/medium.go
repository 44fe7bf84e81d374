package scsi

// testUnitReady has nothing to do: a command gets here only if the unit is ready.
func (t task) testUnitReady() ([]byte, error) { return nil, nil }

// sendDiagnostic is SEND DIAGNOSTIC with the default self-test: it reads a block.
func (t task) sendDiagnostic() ([]byte, error) {
	return nil, t.lun.read(make([]byte, BlockSize), span{0, 1})
}

// startStopUnit is START STOP UNIT. There is nothing to spin down, and one machine must not
// stop a unit that others use. A stop flushes the cache to the medium, unless NO_FLUSH is
// set.
func (t task) startStopUnit(c startStopCDB) ([]byte, error) {
	if c.start() || c.noFlush() {
		return nil, nil
	}
	return nil, t.lun.sync()
}

// synchronizeCache is SYNCHRONIZE CACHE(10) and (16). It syncs everything before the
// status, whatever the range, even with IMMED.
func (t task) synchronizeCache() ([]byte, error) {
	lba, n := t.blocks()
	if err := t.lun.within(lba, n); err != nil {
		return nil, err
	}
	return nil, t.lun.sync()
}

// maxPrefetch is how much one PRE-FETCH really fetches, in blocks.
const maxPrefetch = 8 << 20 / BlockSize

// prefetch is PRE-FETCH(10) and (16): it reads the blocks into the caches below. The status
// is GOOD because not all may have fitted.
func (t task) prefetch() ([]byte, error) {
	lba, n := t.blocks()
	if err := t.lun.within(lba, n); err != nil {
		return nil, err
	}
	if n == 0 {
		n = t.lun.blocks.Load() - lba
	}
	return nil, t.lun.compare(span{lba, min(n, maxPrefetch)}, nil, 0)
}

// readCapacity10 returns the last block and the block size. All ones stand for a unit too
// large for four bytes.
func (t task) readCapacity10() ([]byte, error) {
	b := make([]byte, 8)
	put32(b, uint32(min(t.lun.blocks.Load()-1, 0xffffffff)))
	put32(b[4:], BlockSize)
	return b, nil
}

// readCapacity16 is the same for any size; it also reports thin provisioning (LBPME) and
// that unmapped blocks read as zeros (LBPRZ).
func (t task) readCapacity16() ([]byte, error) {
	b := make([]byte, 32)
	put64(b, t.lun.blocks.Load()-1)
	put32(b[8:], BlockSize)
	b[14] = 0xc0
	return b, nil
}

// readDefects10 and readDefects12 are READ DEFECT DATA: the lists are empty.
func (t task) readDefects10(c readDefects10CDB) ([]byte, error) {
	return []byte{0, c.lists(), 0, 0}, nil
}

func (t task) readDefects12(c readDefects12CDB) ([]byte, error) {
	return []byte{0, c.lists(), 0, 0, 0, 0, 0, 0}, nil
}
