package scsi

import "bytes"

// Limits of EXTENDED COPY, reported by RECEIVE COPY RESULTS.
const (
	maxCopyTargets  = 4
	maxCopySegments = 16
	maxCopyList     = 2048 // bytes of descriptors
	copyHeader      = 16
	copyTarget      = 32 // bytes of a target descriptor
	copySegment     = 28 // bytes of a block to block segment descriptor
)

// segment is a range of blocks to copy from one unit to another, or within one.
type segment struct {
	from, to *LUN
	src, dst span
}

// extendedCopy is EXTENDED COPY(LID1). It copies blocks between units of this device;
// hypervisors clone and move disks with it. The whole list is checked before the first
// block is written.
func (t task) extendedCopy() ([]byte, error) {
	list := t.out[:t.cdb.number(t.op.count)]
	if len(list) == 0 {
		return nil, nil
	}
	targets, segments, err := splitCopyList(list)
	if err != nil {
		return nil, err
	}
	usage := list[1] >> 3 & 3
	if usage == 1 || usage == 3 && list[0] != 0 {
		return nil, invalidParameter(1, 4)
	}
	units, err := t.copyTargets(targets)
	if err != nil {
		return nil, err
	}
	work, err := t.copySegments(segments, units)
	if err != nil {
		return nil, err
	}
	done, err := t.copyAll(work)
	if usage == 0 {
		t.lun.copies.hold(t.nexus.port, list[0], done, err)
	}
	return nil, err
}

// splitCopyList finds the two descriptor lists.
func splitCopyList(list []byte) (targets, segments []byte, err error) {
	if len(list) < copyHeader {
		return nil, nil, errParameterLength
	}
	nt, ns, inline := uint64(get16(list[2:])), uint64(get32(list[8:])), uint64(get32(list[12:]))
	if nt+ns > maxCopyList || copyHeader+nt+ns+inline > uint64(len(list)) {
		return nil, nil, errParameterLength
	}
	if nt%copyTarget != 0 {
		return nil, nil, invalidParameter(2, -1)
	}
	if nt > maxCopyTargets*copyTarget {
		return nil, nil, &sense{key: illegalRequest, code: 0x2606}
	}
	return list[copyHeader : copyHeader+nt], list[copyHeader+nt : copyHeader+nt+ns], nil
}

// copyTargets finds the units that target descriptors name. Only identification descriptors
// are supported; the LU ID TYPE in them is obsolete.
func (t *task) copyTargets(list []byte) ([]*LUN, error) {
	var units []*LUN
	for at := 0; at < len(list); at += copyTarget {
		d := list[at : at+copyTarget]
		if d[0] != 0xe4 {
			return nil, &sense{key: illegalRequest, code: 0x2607}
		}
		if d[1]&0x1f != 0 || get32(d[28:])&0xffffff != BlockSize {
			return nil, invalidParameter(copyHeader+at, -1)
		}
		l := t.device.named(d[4:28])
		if l == nil {
			return nil, &sense{key: copyAborted, code: 0x0d02}
		}
		units = append(units, l)
	}
	return units, nil
}

// named returns the unit with that designator: code set, type, reserved, length, value.
func (d *Device) named(designator []byte) *LUN {
	n := int(designator[3])
	if n > len(designator)-4 {
		return nil
	}
	for _, l := range d.units() {
		for _, own := range l.names() {
			if bytes.Equal(own[:2], designator[:2]) && bytes.Equal(own[3:], designator[3:4+n]) {
				return l
			}
		}
	}
	return nil
}

// copySegments reads the segment descriptors.
func (t *task) copySegments(list []byte, units []*LUN) ([]segment, error) {
	var work []segment
	for at := 0; at < len(list); at += copySegment {
		d := list[at:]
		if d[0] != 0x02 {
			return nil, &sense{key: illegalRequest, code: 0x2609}
		}
		if len(d) < copySegment || get16(d[2:]) != copySegment-4 {
			return nil, errParameterLength
		}
		if len(work) == maxCopySegments {
			return nil, &sense{key: illegalRequest, code: 0x2608}
		}
		from, to := int(get16(d[4:])), int(get16(d[6:]))
		if from >= len(units) || to >= len(units) {
			return nil, &sense{key: copyAborted, code: 0x0804}
		}
		n := uint64(get16(d[10:]))
		s := segment{units[from], units[to], span{get64(d[12:]), n}, span{get64(d[20:]), n}}
		if s.from.within(s.src.lba, n) != nil || s.to.within(s.dst.lba, n) != nil {
			return nil, &sense{key: copyAborted, code: 0}
		}
		work = append(work, s)
	}
	return work, nil
}

// copyAll copies the segments and returns how many it has copied.
func (t *task) copyAll(work []segment) (done int, err error) {
	for _, s := range work {
		if err := t.copyOne(s); err != nil {
			return done, err
		}
		done++
	}
	return done, nil
}

// copyOne enters both units as an ordinary command would: a reserved, write protected or
// sanitizing unit refuses it, and the copy ends as that command would have ended.
func (t *task) copyOne(s segment) error {
	for _, side := range []struct {
		unit *LUN
		want access
	}{{s.from, reading}, {s.to, writing}} {
		if side.unit != t.lun {
			// It does not wait: commands that wait for two gates can deadlock.
			if !side.unit.gate.TryRLock() {
				return errBusy
			}
			defer side.unit.gate.RUnlock()
		}
		if err := side.unit.sanitizing.refuse(); err != nil {
			return err
		}
		if !side.unit.reservations.admit(t.nexus, side.want) {
			return errConflict
		}
	}
	if err := s.to.writable(); err != nil {
		return err
	}
	if err := s.move(); err != nil {
		return err
	}
	if s.to.mode.writeThrough.Load() {
		return s.to.sync()
	}
	return nil
}

// move copies in pieces; backwards where the ranges overlap and a forward copy would
// overwrite its own source.
func (s *segment) move() error {
	buf := scratch.Get().(*[scratchSize]byte)
	defer scratch.Put(buf)
	const piece = scratchSize / BlockSize
	backwards := s.from == s.to && s.dst.lba > s.src.lba
	for done := uint64(0); done < s.src.n; {
		n := min(piece, s.src.n-done)
		at := done
		if backwards {
			at = s.src.n - done - n
		}
		p := buf[:n*BlockSize]
		if err := s.from.read(p, span{s.src.lba + at, n}); err != nil {
			return err
		}
		if err := s.to.write(p, span{s.dst.lba + at, n}); err != nil {
			return err
		}
		done += n
	}
	return nil
}
