package disk

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// The security feature set of ATA disks (ACS-3, 4.19), by which a disk erases itself. Its commands travel in
// ATA PASS-THROUGH (16) (SAT-3, 12.2.3).
const (
	ataIdentify        = 0xec
	ataSetPassword     = 0xf1
	ataUnlock          = 0xf2
	ataErasePrepare    = 0xf3
	ataEraseUnit       = 0xf4
	ataDisablePassword = 0xf6
)

// errFrozen is a disk whose firmware or BIOS forbids that until the power of the disk goes off and on.
var errFrozen = errors.New("its security is frozen: BIOS has locked it until the disk loses power; suspend the machine, or plug " +
	"the disk again")

var (
	errNoSecurity = errors.New("it has no security feature set")
	errLocked     = errors.New("it is locked by a password that the agent does not know")
)

// ataPassword is the password that a disk has while it erases itself, and loses then. It is no secret: who
// finds a disk that lost power meanwhile must be able to go on.
const ataPassword = "ironhook-erases"

// ataTime is the least time that an erasure of a whole disk is given.
const ataTime = 10 * time.Minute

// Passthrough sends an ATA command in a CDB and moves the data: from the disk if read, to it otherwise, none
// where data is nil.
type Passthrough func(cdb, data []byte, read bool, within time.Duration) error

// ataSecurity is what a disk says of its security (ACS-3, 7.12.7: words 89, 90 and 128).
type ataSecurity struct {
	supported, enabled, locked, frozen, enhanced bool
	normal, better                               time.Duration // how long an erasure takes
}

func parseSecurity(identify []byte) ataSecurity {
	word := func(n int) uint16 { return binary.LittleEndian.Uint16(identify[2*n:]) }
	status := word(128)
	bit := func(n int) bool { return status&(1<<n) != 0 }
	return ataSecurity{bit(0), bit(1), bit(2), bit(3), bit(5), eraseTime(word(89)), eraseTime(word(90))}
}

// eraseTime reads a time in units of two minutes. Bit 15 says that there are 15 bits of it, not 8; all ones
// are for more than can be said, and zero for what is not known: a day then.
func eraseTime(word uint16) time.Duration {
	units, most := word&0xff, uint16(0xff)
	if word&(1<<15) != 0 {
		units, most = word&0x7fff, 0x7fff
	}
	if units == 0 || units == most {
		return 24 * time.Hour
	}
	return time.Duration(units)*2*time.Minute + ataTime
}

// ataCDB is the CDB of a command that moves one sector of 512 bytes, or none.
func ataCDB(command byte, data, read bool) []byte {
	const nonData, pioIn, pioOut = 3, 4, 5
	cdb := make([]byte, 16)
	cdb[0], cdb[14] = 0x85, command
	switch {
	case !data:
		cdb[1] = nonData << 1
	case read:
		cdb[1], cdb[2], cdb[6] = pioIn<<1, 0x0e, 1 // from the disk, in blocks, as many as the sector count says
	default:
		cdb[1], cdb[2], cdb[6] = pioOut<<1, 0x06, 1
	}
	return cdb
}

// SecureErase has an ATA disk erase itself, by its enhanced way where it has one, and returns how.
func SecureErase(send Passthrough) (how string, err error) {
	const moment = 30 * time.Second
	identify := make([]byte, 512)
	if err := send(ataCDB(ataIdentify, true, true), identify, true, moment); err != nil {
		return "", err
	}
	s := parseSecurity(identify)
	with := func(command byte, word uint16, within time.Duration) error {
		sector := make([]byte, 512)
		binary.LittleEndian.PutUint16(sector, word)
		copy(sector[2:34], ataPassword)
		return send(ataCDB(command, true, false), sector, false, within)
	}
	switch {
	case !s.supported:
		return "", errNoSecurity
	case s.frozen:
		return "", errFrozen
	case s.locked:
		if err := with(ataUnlock, 0, moment); err != nil {
			return "", errors.Join(errLocked, err)
		}
	}
	if err := with(ataSetPassword, 0, moment); err != nil {
		return "", fmt.Errorf("set its password: %w", err)
	}
	how, way, within := "secure erase (ATA)", uint16(0), s.normal
	if s.enhanced {
		how, way, within = "enhanced secure erase (ATA)", 2, s.better
	}
	err = send(ataCDB(ataErasePrepare, false, false), nil, false, moment)
	if err == nil {
		err = with(ataEraseUnit, way, within)
	}
	if err != nil { // the disk must not stay behind a password
		return "", errors.Join(fmt.Errorf("erase: %w", err), with(ataDisablePassword, 0, moment))
	}
	return how, nil
}
