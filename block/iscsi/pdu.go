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

// Bits of the first two bytes of a header that several PDUs share.
const (
	immediateBit = 0x40 // first byte, I
	finalBit     = 0x80 // F: last PDU of a sequence. Login, T: transit to the next stage
	continueBit  = 0x40 // login and text, C: the text goes on in the next PDU
)

func bit(set bool, mask byte) byte {
	if set {
		return mask
	}
	return 0
}

func final(set bool) byte { return bit(set, finalBit) }
func more(set bool) byte  { return bit(set, continueBit) }

// Header is a basic header segment: always [HeaderLen] bytes, in network order, as on
// the wire. Its methods read the fields that the PDUs of all opcodes have in common (RFC
// 7143 §11.2.1); the others belong to the [Message] of an opcode.
type Header []byte

// Opcode returns the kind of PDU, without the immediate bit.
func (h Header) Opcode() Opcode { return Opcode(h[0] & 0x3f) }

// Immediate reports the I bit: the command does not take part in the numbering.
func (h Header) Immediate() bool { return h[0]&immediateBit != 0 }

// Final reports the F bit (login: the T bit).
func (h Header) Final() bool { return h[1]&finalBit != 0 }

// AHSLen returns the length of the additional header segments in bytes.
func (h Header) AHSLen() int { return int(h[4]) * 4 }

// DataLen returns the length of the data segment in bytes, without padding.
func (h Header) DataLen() int { return int(h[5])<<16 | int(h[6])<<8 | int(h[7]) }

func (h Header) setDataLen(n int) { h[5], h[6], h[7] = byte(n>>16), byte(n>>8), byte(n) }

// ITT returns the initiator task tag.
func (h Header) ITT() uint32 { return binary.BigEndian.Uint32(h[16:]) }

// PDU is one protocol data unit. Header has [HeaderLen] bytes; Data has no padding. The
// slices may lie in the reader's buffer: they are valid only during the call that
// received the PDU.
type PDU struct {
	Header Header
	AHS    []byte
	Data   []byte
}

// String describes the PDU without its data, which may be a secret.
func (p PDU) String() string {
	return fmt.Sprintf("PDU{op %#02x flags %#02x itt %#x data %d}", byte(p.Header.Opcode()), p.Header[1], p.Header.ITT(), len(p.Data))
}

// padding returns how many bytes follow a segment of n bytes up to the next multiple of
// four.
func padding(n int) int { return -n & 3 }

// extendedCDB is the AHS type that carries what of a CDB goes beyond 16 bytes (RFC 7143
// §11.2.2.3).
const extendedCDB = 1

// appendCDB appends the descriptor block of a SCSI command: the 16 bytes of its header,
// and those of an extended-CDB segment in ahs if there is one.
func appendCDB(b []byte, m *SCSICommand, ahs []byte) ([]byte, error) {
	b = append(b, m.CDB[:]...)
	for len(ahs) >= 4 {
		n := int(binary.BigEndian.Uint16(ahs)) // counts what follows the type byte
		size := 3 + n + padding(3+n)
		if n == 0 || size > len(ahs) {
			return nil, protocolError("additional header of %d bytes in %d", n, len(ahs))
		}
		if ahs[2] == extendedCDB {
			b = append(b, ahs[4:3+n]...)
		}
		ahs = ahs[size:]
	}
	return b, nil
}

// A ProtocolError is a breach of the protocol by the initiator. At error recovery level
// 0 it ends the connection.
type ProtocolError struct {
	Text string
	long bool // a PDU is longer than we take
}

// Error names the breach.
func (e *ProtocolError) Error() string { return "protocol error: " + e.Text }

func protocolError(format string, args ...any) error {
	return &ProtocolError{Text: fmt.Sprintf(format, args...)}
}
