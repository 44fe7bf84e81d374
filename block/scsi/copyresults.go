package scsi

import (
	"slices"
	"sync"
)

// maxHeldCopies bounds how many outcomes of copies a unit remembers.
const maxHeldCopies = 64

// copies are the outcomes of EXTENDED COPY that initiators may still ask for. The zero
// value is ready to use.
type copies struct {
	mu   sync.Mutex
	held []heldCopy // the newest last
}

type heldCopy struct {
	port     string
	list     byte
	segments int // done
	failed   bool
}

// hold remembers an outcome. It replaces an earlier one of the same initiator and list
// identifier, or the oldest if there are too many.
func (c *copies) hold(port string, list byte, segments int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held = slices.DeleteFunc(c.held, func(h heldCopy) bool { return h.port == port && h.list == list })
	if len(c.held) >= maxHeldCopies {
		c.held = slices.Delete(c.held, 0, 1)
	}
	c.held = append(c.held, heldCopy{port, list, segments, err != nil})
}

func (c *copies) find(port string, list byte) (heldCopy, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.IndexFunc(c.held, func(h heldCopy) bool { return h.port == port && h.list == list })
	if i < 0 {
		return heldCopy{}, false
	}
	return c.held[i], true
}

// copyStatus is RECEIVE COPY RESULTS with COPY STATUS.
func (t task) copyStatus(c copyStatusCDB) ([]byte, error) {
	h, ok := t.lun.copies.find(t.nexus.port, c.list())
	if !ok {
		return nil, invalidField(2, -1)
	}
	b := make([]byte, 12)
	put32(b, 8)
	b[4] = 0x01 // completed
	if h.failed {
		b[4] = 0x02
	}
	put16(b[5:], uint16(h.segments))
	return b, nil
}

// copyParameters is RECEIVE COPY RESULTS with OPERATING PARAMETERS.
func (t task) copyParameters() ([]byte, error) {
	b := make([]byte, 46)
	put32(b, uint32(len(b)-4))
	put16(b[8:], maxCopyTargets)
	put16(b[10:], maxCopySegments)
	put32(b[12:], maxCopyList)
	put32(b[16:], 0xffff*BlockSize) // longest segment
	put16(b[34:], 128)              // copies at once, in all
	b[36] = 128                     // and of one initiator
	b[37] = 9                       // granularity: a block
	b[43] = 2
	b[44], b[45] = 0x02, 0xe4 // descriptors known
	return b, nil
}
