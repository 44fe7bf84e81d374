package scsi

import "sync/atomic"

// mode holds the settings that initiators may change with MODE SELECT. Every command reads
// them, so they are atomic; they change only with the gate closed.
type mode struct {
	writeThrough    atomic.Bool // WCE is zero
	softwareProtect atomic.Bool // SWP
	descriptorSense atomic.Bool // D_SENSE
}

func (m *mode) reset(o Options) {
	m.writeThrough.Store(o.WriteThrough)
	m.softwareProtect.Store(false)
	m.descriptorSense.Store(false)
}

// modePage is a mode page: its bytes, and the bits that can be changed.
type modePage struct {
	fixed    []byte // page code and length included; bits that never change
	settings []setting
}

// setting is one such bit.
type setting struct {
	at        int
	mask      byte
	flag      func(*mode) *atomic.Bool
	when      bool               // the value of the flag when the bit is one
	byDefault func(Options) bool // the bit in default values
}

func zeroByDefault(Options) bool { return false }

// modePages are the pages of the unit, by page code.
var modePages = []modePage{
	{ // Caching
		fixed: []byte{0x08, 0x12, 19: 0},
		settings: []setting{
			{2, 0x04, func(m *mode) *atomic.Bool { return &m.writeThrough }, false, func(o Options) bool { return !o.WriteThrough }}, // WCE
		},
	},
	{ // Control: simple commands may run in any order
		fixed: []byte{0x0a, 0x0a, 3: 0x10, 8: 0xff, 9: 0xff, 11: 0},
		settings: []setting{
			{2, 0x04, func(m *mode) *atomic.Bool { return &m.descriptorSense }, true, zeroByDefault}, // D_SENSE
			{4, 0x08, func(m *mode) *atomic.Bool { return &m.softwareProtect }, true, zeroByDefault}, // SWP
		},
	},
}

// Page control: which values MODE SENSE asks for.
const (
	currentValues = iota
	changeableValues
	defaultValues
	savedValues
)

// bytes is the page as MODE SENSE returns it.
func (p *modePage) bytes(control int, l *LUN) []byte {
	b := append([]byte(nil), p.fixed...)
	if control == changeableValues {
		clear(b[2:])
	}
	for _, s := range p.settings {
		on := true
		switch control {
		case currentValues:
			on = s.flag(&l.mode).Load() == s.when
		case defaultValues:
			on = s.byDefault(l.options)
		}
		if on {
			b[s.at] |= s.mask
		}
	}
	return b
}

// modeSense is MODE SENSE(6) and (10).
func (t task) modeSense(c modeSenseCDB) ([]byte, error) {
	control, code, sub := c.control(), c.page(), c.subpage()
	if control == savedValues {
		return nil, errNotSaved
	}
	if sub != 0 && sub != 0xff {
		return nil, invalidField(3, -1)
	}
	var pages []byte
	for i := range modePages {
		if p := &modePages[i]; code == 0x3f || code == p.fixed[0] {
			pages = append(pages, p.bytes(control, t.lun)...)
		}
	}
	if pages == nil {
		return nil, invalidField(2, 5)
	}
	var block []byte
	if !c.noBlocks() {
		block = t.lun.blockDescriptor()
	}
	return t.modeHeader(block, pages), nil
}

// modeHeader puts the mode parameter header before blocks and pages.
func (t *task) modeHeader(block, pages []byte) []byte {
	specific := byte(0x10) // DPOFUA
	if t.lun.options.ReadOnly || t.lun.mode.softwareProtect.Load() {
		specific |= 0x80 // WP
	}
	n := len(block) + len(pages)
	var header []byte
	if t.op.size == 6 {
		header = []byte{byte(3 + n), 0, specific, byte(len(block))}
	} else {
		header = []byte{0, byte(6 + n), 0, specific, 0, 0, 0, byte(len(block))}
	}
	return append(append(header, block...), pages...)
}

// blockDescriptor is the short block descriptor. All ones stand for a capacity too large
// for it.
func (l *LUN) blockDescriptor() []byte {
	b := make([]byte, 8)
	put32(b, uint32(min(l.blocks.Load(), 0xffffffff)))
	put32(b[4:], BlockSize)
	return b
}
