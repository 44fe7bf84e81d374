package iscsi

import (
	"encoding/binary"
	"fmt"
)

// Opcode names the kind of a PDU (RFC 7143 §11.2.1.2).
type Opcode byte

// Opcodes of an initiator, then those of a target.
const (
	OpNopOut       Opcode = 0x00
	OpSCSICommand  Opcode = 0x01
	OpTaskRequest  Opcode = 0x02
	OpLoginRequest Opcode = 0x03
	OpTextRequest  Opcode = 0x04
	OpDataOut      Opcode = 0x05
	OpLogout       Opcode = 0x06
	OpSNACK        Opcode = 0x10

	OpNopIn          Opcode = 0x20
	OpSCSIResponse   Opcode = 0x21
	OpTaskResponse   Opcode = 0x22
	OpLoginResponse  Opcode = 0x23
	OpTextResponse   Opcode = 0x24
	OpDataIn         Opcode = 0x25
	OpLogoutResponse Opcode = 0x26
	OpR2T            Opcode = 0x31
	OpAsync          Opcode = 0x32
	OpReject         Opcode = 0x3f
)

// HeaderLen is the length of a basic header segment in bytes.
const HeaderLen = 48

// NoTag is the reserved initiator or target transfer tag: "none" (RFC 7143 §11.2.1.8).
const NoTag uint32 = 0xffffffff

// Bits of a header's second byte.
const (
	FlagFinal = 0x80 // F: last PDU of a sequence. Login: T, transit to the next stage

	flagContinue = 0x40 // login and text, C: the text goes on in the next PDU

	FlagRead  = 0x40 // SCSI command, R: the initiator expects data
	FlagWrite = 0x20 // SCSI command, W: the initiator brings data

	flagOverflow  = 0x04 // response and Data-In, O
	flagUnderflow = 0x02 // response and Data-In, U
	flagStatus    = 0x01 // Data-In, S: the status is in this PDU
)

// Offsets into a header of fields that several PDUs share, and of those that only some
// have.
const (
	offLUN             = 8
	offISID            = 8  // login
	offVersionMin      = 3  // login
	offTSIH            = 14 // login
	OffITT             = 16 // initiator task tag
	OffTTT             = 20 // target transfer tag
	OffEDTL            = 20 // SCSI command: expected data transfer length
	OffRefTag          = 20 // task management: referenced task tag
	offCID             = 20 // login, logout
	OffCmdSN           = 24 // from the initiator
	OffStatSN          = 24 // from the target
	OffExpStat         = 28 // from the initiator
	OffExpCmd          = 28 // from the target
	OffMaxCmd          = 32 // from the target
	OffRefCmd          = 32 // task management: CmdSN of the referenced task
	OffCDB             = 32 // SCSI command
	OffDataSN          = 36 // Data-In, Data-Out, R2T (R2TSN)
	offLoginStatus     = 36 // login response: class and detail
	offTime2Wait       = 40 // logout response
	offAsyncEvent      = 36
	offAsyncParameter3 = 42
	OffOffset          = 40 // Data-In, Data-Out, R2T: buffer offset
	OffResidual        = 44 // response, Data-In
	OffDesired         = 44 // R2T: desired data transfer length
)

// Header is a basic header segment: always [HeaderLen] bytes, in network order, as it
// stands on the wire.
type Header []byte

// Opcode returns the kind of PDU, without the immediate bit.
func (h Header) Opcode() Opcode { return Opcode(h[0] & 0x3f) }

// Immediate reports the I bit: the command does not take part in the numbering.
func (h Header) Immediate() bool { return h[0]&0x40 != 0 }

// Final reports the F bit (login: the T bit).
func (h Header) Final() bool { return h[1]&FlagFinal != 0 }

// AHSLen returns the length of the additional header segments in bytes.
func (h Header) AHSLen() int { return int(h[4]) * 4 }

// DataLen returns the length of the data segment in bytes, without padding.
func (h Header) DataLen() int { return int(h[5])<<16 | int(h[6])<<8 | int(h[7]) }

func (h Header) setDataLen(n int) { h[5], h[6], h[7] = byte(n>>16), byte(n>>8), byte(n) }

// Uint32 returns the four bytes at offset off.
func (h Header) Uint32(off int) uint32 { return binary.BigEndian.Uint32(h[off:]) }

// PutUint32 sets the four bytes at offset off.
func (h Header) PutUint32(off int, v uint32) { binary.BigEndian.PutUint32(h[off:], v) }

// Uint16 returns the two bytes at offset off.
func (h Header) Uint16(off int) uint16 { return binary.BigEndian.Uint16(h[off:]) }

// PutUint16 sets the two bytes at offset off.
func (h Header) PutUint16(off int, v uint16) { binary.BigEndian.PutUint16(h[off:], v) }

// ITT returns the initiator task tag.
func (h Header) ITT() uint32 { return h.Uint32(OffITT) }

// TTT returns the target transfer tag.
func (h Header) TTT() uint32 { return h.Uint32(OffTTT) }

// LUN returns the eight bytes of the logical unit number (SAM-5 §4.7).
func (h Header) LUN() uint64 { return binary.BigEndian.Uint64(h[offLUN:]) }

func putLUN(h Header, lun uint64) { binary.BigEndian.PutUint64(h[offLUN:], lun) }

// PDU is one protocol data unit. Header has [HeaderLen] bytes; Data has no padding. The
// slices may lie in a buffer of the reader's, so whoever keeps a PDU beyond the call
// that received it copies what it needs.
type PDU struct {
	Header Header
	AHS    []byte
	Data   []byte
}

func (p PDU) String() string {
	return fmt.Sprintf("PDU{op %#02x flags %#02x itt %#x data %d}", byte(p.Header.Opcode()), p.Header[1], p.Header.ITT(), len(p.Data))
}

// padding returns how many bytes follow a segment of n bytes up to the next multiple of
// four.
func padding(n int) int { return -n & 3 }

// extendedCDB is the AHS type that carries what of a CDB goes beyond 16 bytes (RFC 7143
// §11.2.2.3).
const extendedCDB = 1

// cdb returns a SCSI command's descriptor block: the 16 bytes of the header, and with
// an extended-CDB segment those too. The result aliases the header unless it is
// extended.
func (p PDU) cdb() ([]byte, error) {
	cdb := []byte(p.Header[OffCDB:HeaderLen])
	for ahs := p.AHS; len(ahs) >= 4; {
		n := int(binary.BigEndian.Uint16(ahs)) // counts what follows the type byte
		size := 3 + n + padding(3+n)
		if n == 0 || size > len(ahs) {
			return nil, protocolError("additional header of %d bytes in %d", n, len(ahs))
		}
		if ahs[2] == extendedCDB {
			cdb = append(append(make([]byte, 0, 16+n-1), cdb...), ahs[4:3+n]...)
		}
		ahs = ahs[size:]
	}
	return cdb, nil
}

// A ProtocolError is a breach of the protocol by the initiator. At error recovery level
// 0 it ends the connection.
type ProtocolError struct{ Text string }

func (e *ProtocolError) Error() string { return "protocol error: " + e.Text }

func protocolError(format string, args ...any) error {
	return &ProtocolError{fmt.Sprintf(format, args...)}
}
