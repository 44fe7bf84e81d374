package scsi

import (
	"math/bits"
	"sync/atomic"
)

// condition is a unit attention condition. The lower its number, the sooner it
// is reported (SAM-5: resets before everything else).
type condition uint8

const (
	powerOn condition = iota
	targetReset
	unitReset
	reservationsPreempted
	registrationsPreempted
	reservationsReleased
	commandsCleared
	reportedLUNsChanged
	capacityChanged
	modeParametersChanged
)

// attentionCodes are the additional sense codes (SPC-4).
var attentionCodes = [...]code{
	powerOn:                0x2900,
	targetReset:            0x2902,
	unitReset:              0x2903,
	reservationsPreempted:  0x2a03,
	registrationsPreempted: 0x2a05,
	reservationsReleased:   0x2a04,
	commandsCleared:        0x2f00,
	reportedLUNsChanged:    0x3f0e,
	capacityChanged:        0x2a09,
	modeParametersChanged:  0x2a01,
}

// attention is the set of conditions that are pending for one initiator at one unit. A
// condition is pending once, however often it is raised.
type attention struct{ pending atomic.Uint32 }

func (a *attention) raise(c condition) { a.pending.Or(1 << c) }

// replace is for resets: they make all pending conditions obsolete.
func (a *attention) replace(c condition) { a.pending.Store(1 << c) }

// take removes one condition and returns it.
func (a *attention) take() (c code, ok bool) {
	for {
		pending := a.pending.Load()
		if pending == 0 {
			return 0, false
		}
		if a.pending.CompareAndSwap(pending, pending&(pending-1)) {
			return attentionCodes[bits.TrailingZeros32(pending)], true
		}
	}
}

// drop removes a condition that another answer has already reported.
func (a *attention) drop(c condition) { a.pending.And(^uint32(1 << c)) }
