package scsi

import (
	"encoding/binary"
	"errors"
	"fmt"
	"syscall"
)

// key is a sense key.
type key byte

const (
	noSense        key = 0x0
	notReady       key = 0x2
	mediumError    key = 0x3
	hardwareError  key = 0x4
	illegalRequest key = 0x5
	unitAttention  key = 0x6
	dataProtect    key = 0x7
	copyAborted    key = 0xa
	miscompare     key = 0xe
)

// code is an additional sense code and its qualifier.
type code uint16

// sense is the sense data of a CHECK CONDITION. It is an error so that handlers read like
// any other Go.
type sense struct {
	key  key
	code code

	info    uint64 // INFORMATION, if hasInfo: a block address or an offset
	hasInfo bool

	// specific are the sense-key specific bytes, zero if there are none: a field pointer,
	// or the progress of a sanitize.
	specific [3]byte
}

func (s *sense) Error() string { return fmt.Sprintf("sense %x/%04x", s.key, s.code) }

// errConflict is the error of a command that a reservation forbids.
var errConflict = errors.New("reservation conflict")

// errBusy is the error of a command that would have to wait for another one and must not.
var errBusy = errors.New("busy")

// errShortExtent is the error of a Disk that breaks the contract of Extent.
var errShortExtent = errors.New("the disk reported an extent shorter than a block")

// errNotCached says that TryExecute would have had to wait.
var errNotCached = errors.New("not in memory")

// The refusals that carry no detail.
var (
	errInvalidOpcode     = &sense{key: illegalRequest, code: 0x2000}
	errOutOfRange        = &sense{key: illegalRequest, code: 0x2100}
	errNoUnit            = &sense{key: illegalRequest, code: 0x2500}
	errParameterLength   = &sense{key: illegalRequest, code: 0x1a00}
	errInformationUnit   = &sense{key: illegalRequest, code: 0x0e03}
	errWriteProtected    = &sense{key: dataProtect, code: 0x2700}
	errSoftwareProtect   = &sense{key: dataProtect, code: 0x2702}
	errSpaceAllocation   = &sense{key: dataProtect, code: 0x2707}
	errRegistrationsFull = &sense{key: illegalRequest, code: 0x5504}
	errInvalidRelease    = &sense{key: illegalRequest, code: 0x2604}
	errNotSaved          = &sense{key: illegalRequest, code: 0x3900}
	errSanitizeFailed    = &sense{key: mediumError, code: 0x3103}
	errInternal          = &sense{key: hardwareError, code: 0x4400}
)

// invalidField refuses a CDB and points at the byte, and at the bit of it where
// that is known (bit < 0: the whole byte).
func invalidField(at, bit int) *sense { return pointAt(0x2400, 0x80|0x40, at, bit) }

// invalidParameter refuses a parameter list and points into it.
func invalidParameter(at, bit int) *sense { return pointAt(0x2600, 0x80, at, bit) }

// pointAt makes a field pointer: SKSV, C/D, BPV, bit, byte.
func pointAt(c code, flags byte, at, bit int) *sense {
	s := &sense{key: illegalRequest, code: c}
	if bit >= 0 {
		flags |= 0x08 | byte(bit)
	}
	s.specific[0] = flags
	binary.BigEndian.PutUint16(s.specific[1:], uint16(at))
	return s
}

// readFault is the sense of a failed read.
func readFault(lba uint64) *sense {
	return &sense{key: mediumError, code: 0x1100, info: lba, hasInfo: true}
}

// writeFault is the sense of a failed write, unmap or flush. A lack of space is
// distinguished: the initiator can free some.
func writeFault(err error) *sense {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return errSpaceAllocation
	}
	return &sense{key: mediumError, code: 0x0c00}
}

// fixed is the sense data in fixed format.
func (s *sense) fixed() []byte {
	b := make([]byte, 18)
	b[0] = 0x70
	b[2] = byte(s.key)
	b[7] = byte(len(b) - 8)
	binary.BigEndian.PutUint16(b[12:], uint16(s.code))
	copy(b[15:], s.specific[:])
	if s.hasInfo && s.info <= 0xffffffff { // a larger one does not fit: VALID stays 0
		b[0] |= 0x80
		binary.BigEndian.PutUint32(b[3:], uint32(s.info))
	}
	return b
}

// descriptor is the sense data in descriptor format, which an initiator asks for
// with D_SENSE in the Control mode page.
func (s *sense) descriptor() []byte {
	b := []byte{0x72, byte(s.key), byte(s.code >> 8), byte(s.code), 0, 0, 0, 0}
	if s.hasInfo {
		b = append(b, 0x00, 10, 0x80, 0)
		b = binary.BigEndian.AppendUint64(b, s.info)
	}
	if s.specific[0]&0x80 != 0 {
		b = append(b, 0x02, 6, 0, 0, s.specific[0], s.specific[1], s.specific[2], 0)
	}
	b[7] = byte(len(b) - 8)
	return b
}
