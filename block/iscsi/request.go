package iscsi

import "encoding/binary"

// The PDUs of an initiator. Each type has the fields of one opcode; Decode and Encode are
// the only places that know where in a header they lie, and each is read beside its
// figure in RFC 7143 §11. Decode expects a header of that opcode. Encode overwrites all
// of the header, with the lengths of the segments at zero: [AppendPDU] fills these in.

// A Message is the decoded header of a PDU.
type Message interface {
	// Encode writes the header into h, which has [HeaderLen] bytes, and returns it.
	Encode(h Header) Header
}

// Encode copies h: a raw header is a Message too, for tests that need a malformed one.
func (h Header) Encode(into Header) Header {
	copy(into, h)
	return into
}

// RequestFields are what every request but Data-Out carries in the same place.
type RequestFields struct {
	Immediate bool // I: the request does not take part in the numbering
	ITT       uint32
	CmdSN     uint32
	ExpStatSN uint32
}

func (f *RequestFields) decode(h Header) {
	f.Immediate = h.Immediate()
	f.ITT = h.ITT()
	f.CmdSN = binary.BigEndian.Uint32(h[24:])
	f.ExpStatSN = binary.BigEndian.Uint32(h[28:])
}

// encode starts a header: it clears what was there.
func (f *RequestFields) encode(h Header, op Opcode, flags byte) {
	clear(h)
	h[0], h[1] = byte(op), flags
	if f.Immediate {
		h[0] |= immediateBit
	}
	binary.BigEndian.PutUint32(h[16:], f.ITT)
	binary.BigEndian.PutUint32(h[24:], f.CmdSN)
	binary.BigEndian.PutUint32(h[28:], f.ExpStatSN)
}

// Direction says which way the data of a command goes: [FlagRead], [FlagWrite], both or
// neither.
type Direction byte

// The directions, as bits of the second byte of a SCSI Command.
const (
	FlagRead  Direction = 0x40 // R: the initiator expects data
	FlagWrite Direction = 0x20 // W: the initiator sends data
)

// Attribute is the task attribute of a command (RFC 7143 §11.3.1, SAM-5 §8.6).
type Attribute byte

// The task attributes.
const (
	Untagged    Attribute = 0
	Simple      Attribute = 1
	Ordered     Attribute = 2
	HeadOfQueue Attribute = 3
	ACA         Attribute = 4
)

// SCSICommand is a SCSI Command (RFC 7143 §11.3).
type SCSICommand struct {
	RequestFields
	Final     bool // F: no unsolicited Data-Out follows
	Direction Direction
	Attribute Attribute
	LUN       uint64
	EDTL      uint32 // expected data transfer length in bytes
	CDB       [16]byte
}

// Decode reads the fields from h.
func (m *SCSICommand) Decode(h Header) {
	m.decode(h)
	m.Final = h.Final()
	m.Direction = Direction(h[1]) & (FlagRead | FlagWrite)
	m.Attribute = Attribute(h[1] & 7)
	m.LUN = binary.BigEndian.Uint64(h[8:])
	m.EDTL = binary.BigEndian.Uint32(h[20:])
	m.CDB = [16]byte(h[32:48])
}

// Encode writes the fields into h and returns it.
func (m SCSICommand) Encode(h Header) Header {
	m.encode(h, OpSCSICommand, final(m.Final)|byte(m.Direction)|byte(m.Attribute))
	binary.BigEndian.PutUint64(h[8:], m.LUN)
	binary.BigEndian.PutUint32(h[20:], m.EDTL)
	copy(h[32:48], m.CDB[:])
	return h
}

// TaskRequest is a Task Management Function Request (RFC 7143 §11.5).
type TaskRequest struct {
	RequestFields
	Function  Function
	LUN       uint64
	RefTag    uint32 // initiator task tag of the task to abort
	RefCmdSN  uint32 // CmdSN of that task
	ExpDataSN uint32 // for a reassignment
}

// Decode reads the fields from h.
func (m *TaskRequest) Decode(h Header) {
	m.decode(h)
	m.Function = Function(h[1] & 0x7f)
	m.LUN = binary.BigEndian.Uint64(h[8:])
	m.RefTag = binary.BigEndian.Uint32(h[20:])
	m.RefCmdSN = binary.BigEndian.Uint32(h[32:])
	m.ExpDataSN = binary.BigEndian.Uint32(h[36:])
}

// Encode writes the fields into h and returns it.
func (m TaskRequest) Encode(h Header) Header {
	m.encode(h, OpTaskRequest, finalBit|byte(m.Function))
	binary.BigEndian.PutUint64(h[8:], m.LUN)
	binary.BigEndian.PutUint32(h[20:], m.RefTag)
	binary.BigEndian.PutUint32(h[32:], m.RefCmdSN)
	binary.BigEndian.PutUint32(h[36:], m.ExpDataSN)
	return h
}

// DataOut is a SCSI Data-Out (RFC 7143 §11.7). It has no CmdSN.
type DataOut struct {
	Final     bool // F: the last of its sequence
	LUN       uint64
	ITT       uint32
	TTT       uint32 // of the R2T that it answers, [NoTag] for unsolicited data
	ExpStatSN uint32
	DataSN    uint32
	Offset    uint32 // of the data in the command's, in bytes
}

// Decode reads the fields from h.
func (m *DataOut) Decode(h Header) {
	m.Final = h.Final()
	m.LUN = binary.BigEndian.Uint64(h[8:])
	m.ITT = h.ITT()
	m.TTT = binary.BigEndian.Uint32(h[20:])
	m.ExpStatSN = binary.BigEndian.Uint32(h[28:])
	m.DataSN = binary.BigEndian.Uint32(h[36:])
	m.Offset = binary.BigEndian.Uint32(h[40:])
}

// Encode writes the fields into h and returns it.
func (m DataOut) Encode(h Header) Header {
	clear(h)
	h[0], h[1] = byte(OpDataOut), final(m.Final)
	binary.BigEndian.PutUint64(h[8:], m.LUN)
	binary.BigEndian.PutUint32(h[16:], m.ITT)
	binary.BigEndian.PutUint32(h[20:], m.TTT)
	binary.BigEndian.PutUint32(h[28:], m.ExpStatSN)
	binary.BigEndian.PutUint32(h[36:], m.DataSN)
	binary.BigEndian.PutUint32(h[40:], m.Offset)
	return h
}

// TextRequest is a Text Request (RFC 7143 §11.10).
type TextRequest struct {
	RequestFields
	Final    bool // F: the initiator has no more to negotiate
	Continue bool // C: the text goes on in the next PDU
	LUN      uint64
	TTT      uint32 // of the response that it continues, or [NoTag]
}

// Decode reads the fields from h.
func (m *TextRequest) Decode(h Header) {
	m.decode(h)
	m.Final, m.Continue = h.Final(), h[1]&continueBit != 0
	m.LUN = binary.BigEndian.Uint64(h[8:])
	m.TTT = binary.BigEndian.Uint32(h[20:])
}

// Encode writes the fields into h and returns it.
func (m TextRequest) Encode(h Header) Header {
	m.encode(h, OpTextRequest, final(m.Final)|more(m.Continue))
	binary.BigEndian.PutUint64(h[8:], m.LUN)
	binary.BigEndian.PutUint32(h[20:], m.TTT)
	return h
}

// LoginRequest is a Login Request (RFC 7143 §11.12).
type LoginRequest struct {
	RequestFields
	Transit    bool // T: the initiator is ready for the stage Next
	Continue   bool // C: the text goes on in the next PDU
	Stage      Stage
	Next       Stage
	VersionMax byte
	VersionMin byte
	ISID       ISID
	TSIH       uint16
	CID        uint16
}

// Decode reads the fields from h.
func (m *LoginRequest) Decode(h Header) {
	m.decode(h)
	m.Transit, m.Continue = h.Final(), h[1]&continueBit != 0
	m.Stage, m.Next = Stage(h[1]>>2&3), Stage(h[1]&3)
	m.VersionMax, m.VersionMin = h[2], h[3]
	m.ISID = ISID(h[8:14])
	m.TSIH = binary.BigEndian.Uint16(h[14:])
	m.CID = binary.BigEndian.Uint16(h[20:])
}

// Encode writes the fields into h and returns it.
func (m LoginRequest) Encode(h Header) Header {
	m.encode(h, OpLoginRequest, final(m.Transit)|more(m.Continue)|byte(m.Stage)<<2|byte(m.Next))
	h[2], h[3] = m.VersionMax, m.VersionMin
	copy(h[8:14], m.ISID[:])
	binary.BigEndian.PutUint16(h[14:], m.TSIH)
	binary.BigEndian.PutUint16(h[20:], m.CID)
	return h
}

// LogoutRequest is a Logout Request (RFC 7143 §11.14).
type LogoutRequest struct {
	RequestFields
	Reason LogoutReason
	CID    uint16 // of the connection to close
}

// Decode reads the fields from h.
func (m *LogoutRequest) Decode(h Header) {
	m.decode(h)
	m.Reason = LogoutReason(h[1] & 0x7f)
	m.CID = binary.BigEndian.Uint16(h[20:])
}

// Encode writes the fields into h and returns it.
func (m LogoutRequest) Encode(h Header) Header {
	m.encode(h, OpLogout, finalBit|byte(m.Reason))
	binary.BigEndian.PutUint16(h[20:], m.CID)
	return h
}

// NopOut is a NOP-Out: a ping, the answer to one, or both (RFC 7143 §11.18).
type NopOut struct {
	RequestFields
	LUN uint64
	TTT uint32 // of the NOP-In that it answers, or [NoTag]
}

// Decode reads the fields from h.
func (m *NopOut) Decode(h Header) {
	m.decode(h)
	m.LUN = binary.BigEndian.Uint64(h[8:])
	m.TTT = binary.BigEndian.Uint32(h[20:])
}

// Encode writes the fields into h and returns it.
func (m NopOut) Encode(h Header) Header {
	m.encode(h, OpNopOut, finalBit)
	binary.BigEndian.PutUint64(h[8:], m.LUN)
	binary.BigEndian.PutUint32(h[20:], m.TTT)
	return h
}
