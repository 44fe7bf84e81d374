package scsi

import "bytes"

// modeSelect is MODE SELECT(6) and (10). All pages are checked before any takes effect.
// Other initiators are notified of a change (2A/01).
func (t task) modeSelect() ([]byte, error) {
	list := t.out[:t.cdb.number(t.op.count)]
	if len(list) == 0 {
		return nil, nil
	}
	header := t.op.size - 2 // 4 bytes for the short command, 8 for the long
	if len(list) < header {
		return nil, errParameterLength
	}
	blocks := int(list[header-1])
	if header == 8 {
		blocks = int(get16(list[6:]))
	}
	if len(list) < header+blocks {
		return nil, errParameterLength
	}
	if blocks != 0 && !t.lun.acceptsBlocks(list[header:header+blocks]) {
		return nil, invalidParameter(header, -1)
	}
	return nil, t.selectPages(list, header+blocks)
}

// acceptsBlocks accepts the block descriptor that we return, or one that leaves the number
// of blocks open: we do not reformat.
func (l *LUN) acceptsBlocks(b []byte) bool {
	want := l.blockDescriptor()
	return len(b) == len(want) && bytes.Equal(b[4:], want[4:]) && (bytes.Equal(b[:4], want[:4]) || get32(b) == 0)
}

// modeChange is the value of one setting in a page of the list.
type modeChange struct {
	*setting
	on bool
}

// selectPages applies the pages from list[at] on.
func (t *task) selectPages(list []byte, at int) error {
	changes, err := t.lun.readPages(list, at)
	if err != nil {
		return err
	}
	changed, cached := false, !t.lun.mode.writeThrough.Load()
	for _, c := range changes {
		value := c.on == c.when
		if c.flag(&t.lun.mode).Swap(value) != value {
			changed = true
		}
	}
	if changed {
		t.lun.raise(modeParametersChanged, t.nexus)
	}
	if cached && t.lun.mode.writeThrough.Load() {
		return t.lun.sync() // a cache that is turned off is emptied first
	}
	return nil
}

// readPages decodes the pages; it refuses unknown ones and bits that cannot be changed.
func (l *LUN) readPages(list []byte, at int) (changes []modeChange, err error) {
	for at < len(list) {
		p, err := findPage(list, at)
		if err != nil {
			return nil, err
		}
		page := list[at : at+len(p.fixed)]
		current, changeable := p.bytes(currentValues, l), p.bytes(changeableValues, l)
		for i := 2; i < len(page); i++ {
			if bad := (page[i] ^ current[i]) &^ changeable[i]; bad != 0 {
				return nil, invalidParameter(at+i, highest(bad))
			}
		}
		for i := range p.settings {
			s := &p.settings[i]
			changes = append(changes, modeChange{s, page[s.at]&s.mask != 0})
		}
		at += len(page)
	}
	return changes, nil
}

// findPage returns the page whose code and length are at list[at].
func findPage(list []byte, at int) (*modePage, error) {
	for i := range modePages {
		p := &modePages[i]
		if list[at]&0x7f != p.fixed[0] { // PS is reserved here, and often left as MODE SENSE returned it
			continue
		}
		if len(list)-at < len(p.fixed) {
			return nil, errParameterLength
		}
		if list[at+1] != p.fixed[1] {
			return nil, invalidParameter(at+1, -1)
		}
		return p, nil
	}
	return nil, invalidParameter(at, 5)
}
