package scsi

// Limits of one command, reported in the Block Limits page.
const (
	maxUnmapDescriptors = 256
	maxWriteSame        = 512 << 20 / BlockSize // blocks
)

// unmap is UNMAP. All descriptors are checked before the first takes effect.
func (t task) unmap() ([]byte, error) {
	list := t.out[:t.cdb.number(t.op.count)]
	if len(list) == 0 {
		return nil, nil
	}
	if len(list) < 8 {
		return nil, errParameterLength
	}
	n := int(get16(list[2:])) / 16 // a truncated descriptor is ignored
	if n > maxUnmapDescriptors {
		return nil, invalidParameter(2, -1)
	}
	if len(list) < 8+16*n {
		return nil, errParameterLength
	}
	spans := make([]span, n)
	for i := range spans {
		d := list[8+16*i:]
		spans[i] = span{get64(d), uint64(get32(d[8:]))}
		if err := t.lun.within(spans[i].lba, spans[i].n); err != nil {
			return nil, err
		}
	}
	for _, s := range spans {
		if err := t.lun.unmap(s); err != nil {
			return nil, err
		}
	}
	return nil, t.settle()
}

// unmap deallocates a span.
func (l *LUN) unmap(s span) error {
	if s.n == 0 {
		return nil
	}
	l.ranges.share(s, true)
	defer l.ranges.unshare(s)
	if err := l.disk.Unmap(int64(s.lba*BlockSize), int64(s.n*BlockSize)); err != nil {
		return l.fault(writeFault(err), "unmap", s.lba, err)
	}
	return nil
}

// writeSame is WRITE SAME(10) and (16): one block, or zeros with NDOB, to a range; a count
// of zero means up to the end. With UNMAP the range is deallocated instead and reads as
// zeros, whatever the block holds: SBC-3's table of ANCHOR and UNMAP says so, LIO and tgt
// do so, and libiscsi's suite (WriteSame10.UnmapUntilEnd) demands it; initiators send zeros
// anyway. ANCHOR is not in the usage data: there are no anchored blocks.
func (t task) writeSame(c writeSameCDB) ([]byte, error) {
	lba, n := t.blocks()
	if err := t.lun.within(lba, n); err != nil {
		return nil, err
	}
	if n == 0 {
		n = t.lun.blocks.Load() - lba
	}
	if n > maxWriteSame {
		return nil, invalidField(t.op.count.at, -1)
	}
	write := t.lun.fill
	if c.unmap() {
		write = t.lun.unmapFill
	}
	if err := write(span{lba, n}, t.out); err != nil {
		return nil, err
	}
	return nil, t.settle()
}

// unmapFill is fill for a range that is unmapped.
func (l *LUN) unmapFill(s span, _ []byte) error { return l.unmap(s) }

// fill writes one block, zeros if there is none, over a span.
func (l *LUN) fill(s span, block []byte) error {
	l.ranges.share(s, true)
	defer l.ranges.unshare(s)
	buf := scratch.Get().(*[scratchSize]byte)
	defer scratch.Put(buf)
	p := buf[:min(scratchSize, s.n*BlockSize)]
	clear(p)
	for i := 0; i < len(p) && len(block) > 0; i += BlockSize {
		copy(p[i:i+BlockSize], block)
	}
	for s.n > 0 {
		p = p[:min(uint64(len(p)), s.n*BlockSize)]
		if err := l.writeHeld(p, s.lba); err != nil {
			return err
		}
		s.lba, s.n = s.lba+uint64(len(p))/BlockSize, s.n-uint64(len(p))/BlockSize
	}
	return nil
}

// getLBAStatus is GET LBA STATUS: runs of blocks from the one named on, mapped or
// not, as many as there is room for.
func (t task) getLBAStatus() ([]byte, error) {
	lba, allocated := t.cdb.number(t.op.lba), t.allocation()
	blocks := t.lun.blocks.Load()
	if lba >= blocks {
		return nil, errOutOfRange
	}
	b := make([]byte, 8)
	room := min(max(allocated, 24)-8, 16*maxUnmapDescriptors) / 16
	for lba < blocks && uint64(len(b)) < 8+16*room {
		n, mapped, err := t.lun.run(lba, blocks)
		if err != nil {
			return nil, err
		}
		var d [16]byte
		put64(d[:], lba)
		put32(d[8:], uint32(n))
		if !mapped {
			d[12] = 1 // deallocated
		}
		b = append(b, d[:]...)
		lba += n
	}
	put32(b, uint32(len(b)-4))
	return b, nil
}

// run returns the length of the run of equal state from lba on, joined from the extents
// that the disk reports, up to what four bytes can count.
func (l *LUN) run(lba, end uint64) (n uint64, mapped bool, err error) {
	for at := lba; at < end && n < 0xffffffff; {
		size, m, err := l.disk.Extent(int64(at * BlockSize))
		if err == nil && size < BlockSize {
			err = errShortExtent
		}
		if err != nil {
			return 0, false, l.fault(readFault(at), "look for mapped blocks", at, err)
		}
		if n > 0 && m != mapped {
			break
		}
		mapped = m
		n = min(n+uint64(size)/BlockSize, end-lba, 0xffffffff)
		at = lba + n
	}
	return n, mapped, nil
}
