package iscsi

import "encoding/binary"

// The PDUs of a target, in the manner of those of an initiator (request.go).

// ResponseFields are what every PDU of a target carries in the same place.
type ResponseFields struct {
	ITT      uint32 // of the request that it answers, or [NoTag]
	StatSN   uint32
	ExpCmdSN uint32
	MaxCmdSN uint32
}

func (f *ResponseFields) decode(h Header) {
	f.ITT = h.ITT()
	f.StatSN = binary.BigEndian.Uint32(h[24:])
	f.ExpCmdSN = binary.BigEndian.Uint32(h[28:])
	f.MaxCmdSN = binary.BigEndian.Uint32(h[32:])
}

// Decode reads the fields from h, which may be any PDU of a target.
func (f *ResponseFields) Decode(h Header) { f.decode(h) }

// encode starts a header: it clears what was there.
func (f *ResponseFields) encode(h Header, op Opcode, flags byte) {
	clear(h)
	h[0], h[1] = byte(op), flags
	binary.BigEndian.PutUint32(h[16:], f.ITT)
	binary.BigEndian.PutUint32(h[24:], f.StatSN)
	binary.BigEndian.PutUint32(h[28:], f.ExpCmdSN)
	binary.BigEndian.PutUint32(h[32:], f.MaxCmdSN)
}

// Residual is how far the data that a command moved differs from what the initiator
// expected (RFC 7143 §11.4.5). At most one of the flags is set.
type Residual struct {
	Overflow  bool // O: Count bytes more than expected would have been moved
	Underflow bool // U: Count bytes of those expected were not moved
	Count     uint32
}

func (r *Residual) flags() byte { return bit(r.Overflow, 0x04) | bit(r.Underflow, 0x02) }

func (r *Residual) decode(h Header) {
	r.Overflow, r.Underflow = h[1]&0x04 != 0, h[1]&0x02 != 0
	r.Count = binary.BigEndian.Uint32(h[44:])
}

// SCSIResponse is a SCSI Response (RFC 7143 §11.4). Its data segment holds the sense
// data after two bytes of their length.
type SCSIResponse struct {
	ResponseFields
	Response  byte // 0: the command completed at the target
	Status    byte // SCSI status
	ExpDataSN uint32
	Residual  Residual
}

// Decode reads the fields from h.
func (m *SCSIResponse) Decode(h Header) {
	m.decode(h)
	m.Response, m.Status = h[2], h[3]
	m.ExpDataSN = binary.BigEndian.Uint32(h[36:])
	m.Residual.decode(h)
}

// Encode writes the fields into h and returns it.
func (m SCSIResponse) Encode(h Header) Header {
	m.encode(h, OpSCSIResponse, finalBit|m.Residual.flags())
	h[2], h[3] = m.Response, m.Status
	binary.BigEndian.PutUint32(h[36:], m.ExpDataSN)
	binary.BigEndian.PutUint32(h[44:], m.Residual.Count)
	return h
}

// TaskResponse is a Task Management Function Response (RFC 7143 §11.6).
type TaskResponse struct {
	ResponseFields
	Response TaskResult
}

// Decode reads the fields from h.
func (m *TaskResponse) Decode(h Header) {
	m.decode(h)
	m.Response = TaskResult(h[2])
}

// Encode writes the fields into h and returns it.
func (m TaskResponse) Encode(h Header) Header {
	m.encode(h, OpTaskResponse, finalBit)
	h[2] = byte(m.Response)
	return h
}

// DataIn is a SCSI Data-In (RFC 7143 §11.7). With HasStatus it stands for the response
// too; without, Status, StatSN and Residual are reserved.
type DataIn struct {
	ResponseFields
	Final     bool // F: the last of its sequence
	HasStatus bool // S
	Status    byte // SCSI status
	LUN       uint64
	TTT       uint32
	DataSN    uint32
	Offset    uint32 // of the data in the command's, in bytes
	Residual  Residual
}

// Decode reads the fields from h.
func (m *DataIn) Decode(h Header) {
	m.decode(h)
	m.Final, m.HasStatus = h.Final(), h[1]&0x01 != 0
	m.Status = h[3]
	m.LUN = binary.BigEndian.Uint64(h[8:])
	m.TTT = binary.BigEndian.Uint32(h[20:])
	m.DataSN = binary.BigEndian.Uint32(h[36:])
	m.Offset = binary.BigEndian.Uint32(h[40:])
	m.Residual.decode(h)
}

// Encode writes the fields into h and returns it.
func (m DataIn) Encode(h Header) Header {
	m.encode(h, OpDataIn, final(m.Final)|m.Residual.flags()|bit(m.HasStatus, 0x01))
	h[3] = m.Status
	binary.BigEndian.PutUint64(h[8:], m.LUN)
	binary.BigEndian.PutUint32(h[20:], m.TTT)
	binary.BigEndian.PutUint32(h[36:], m.DataSN)
	binary.BigEndian.PutUint32(h[40:], m.Offset)
	binary.BigEndian.PutUint32(h[44:], m.Residual.Count)
	return h
}

// R2T is a Ready To Transfer: the target asks for Desired bytes of a command's data from
// Offset on (RFC 7143 §11.8).
type R2T struct {
	ResponseFields
	LUN     uint64
	TTT     uint32
	R2TSN   uint32
	Offset  uint32
	Desired uint32
}

// Decode reads the fields from h.
func (m *R2T) Decode(h Header) {
	m.decode(h)
	m.LUN = binary.BigEndian.Uint64(h[8:])
	m.TTT = binary.BigEndian.Uint32(h[20:])
	m.R2TSN = binary.BigEndian.Uint32(h[36:])
	m.Offset = binary.BigEndian.Uint32(h[40:])
	m.Desired = binary.BigEndian.Uint32(h[44:])
}

// Encode writes the fields into h and returns it.
func (m R2T) Encode(h Header) Header {
	m.encode(h, OpR2T, finalBit)
	binary.BigEndian.PutUint64(h[8:], m.LUN)
	binary.BigEndian.PutUint32(h[20:], m.TTT)
	binary.BigEndian.PutUint32(h[36:], m.R2TSN)
	binary.BigEndian.PutUint32(h[40:], m.Offset)
	binary.BigEndian.PutUint32(h[44:], m.Desired)
	return h
}

// Async is an Asynchronous Message (RFC 7143 §11.9).
type Async struct {
	ResponseFields
	Event      AsyncEvent
	Parameter1 uint16
	Parameter2 uint16
	Parameter3 uint16
}

// Decode reads the fields from h.
func (m *Async) Decode(h Header) {
	m.decode(h)
	m.Event = AsyncEvent(h[36])
	m.Parameter1 = binary.BigEndian.Uint16(h[38:])
	m.Parameter2 = binary.BigEndian.Uint16(h[40:])
	m.Parameter3 = binary.BigEndian.Uint16(h[42:])
}

// Encode writes the fields into h and returns it.
func (m Async) Encode(h Header) Header {
	m.encode(h, OpAsync, finalBit)
	h[36] = byte(m.Event)
	binary.BigEndian.PutUint16(h[38:], m.Parameter1)
	binary.BigEndian.PutUint16(h[40:], m.Parameter2)
	binary.BigEndian.PutUint16(h[42:], m.Parameter3)
	return h
}

// TextResponse is a Text Response (RFC 7143 §11.11).
type TextResponse struct {
	ResponseFields
	Final    bool // F: the negotiation is complete
	Continue bool // C: the text goes on in the next PDU
	LUN      uint64
	TTT      uint32 // for the initiator to continue with, or [NoTag]
}

// Decode reads the fields from h.
func (m *TextResponse) Decode(h Header) {
	m.decode(h)
	m.Final, m.Continue = h.Final(), h[1]&continueBit != 0
	m.LUN = binary.BigEndian.Uint64(h[8:])
	m.TTT = binary.BigEndian.Uint32(h[20:])
}

// Encode writes the fields into h and returns it.
func (m TextResponse) Encode(h Header) Header {
	m.encode(h, OpTextResponse, final(m.Final)|more(m.Continue))
	binary.BigEndian.PutUint64(h[8:], m.LUN)
	binary.BigEndian.PutUint32(h[20:], m.TTT)
	return h
}

// LoginResponse is a Login Response (RFC 7143 §11.13).
type LoginResponse struct {
	ResponseFields
	Transit       bool // T: the login goes on in the stage Next
	Continue      bool // C: the text goes on in the next PDU
	Stage         Stage
	Next          Stage
	VersionMax    byte
	VersionActive byte
	ISID          ISID
	TSIH          uint16
	Status        LoginStatus
}

// Decode reads the fields from h.
func (m *LoginResponse) Decode(h Header) {
	m.decode(h)
	m.Transit, m.Continue = h.Final(), h[1]&continueBit != 0
	m.Stage, m.Next = Stage(h[1]>>2&3), Stage(h[1]&3)
	m.VersionMax, m.VersionActive = h[2], h[3]
	m.ISID = ISID(h[8:14])
	m.TSIH = binary.BigEndian.Uint16(h[14:])
	m.Status = LoginStatus(binary.BigEndian.Uint16(h[36:]))
}

// Encode writes the fields into h and returns it.
func (m LoginResponse) Encode(h Header) Header {
	m.encode(h, OpLoginResponse, final(m.Transit)|more(m.Continue)|byte(m.Stage)<<2|byte(m.Next))
	h[2], h[3] = m.VersionMax, m.VersionActive
	copy(h[8:14], m.ISID[:])
	binary.BigEndian.PutUint16(h[14:], m.TSIH)
	binary.BigEndian.PutUint16(h[36:], uint16(m.Status))
	return h
}

// LogoutResponse is a Logout Response (RFC 7143 §11.15).
type LogoutResponse struct {
	ResponseFields
	Response    LogoutResult
	Time2Wait   uint16 // seconds
	Time2Retain uint16 // seconds
}

// Decode reads the fields from h.
func (m *LogoutResponse) Decode(h Header) {
	m.decode(h)
	m.Response = LogoutResult(h[2])
	m.Time2Wait = binary.BigEndian.Uint16(h[40:])
	m.Time2Retain = binary.BigEndian.Uint16(h[42:])
}

// Encode writes the fields into h and returns it.
func (m LogoutResponse) Encode(h Header) Header {
	m.encode(h, OpLogoutResponse, finalBit)
	h[2] = byte(m.Response)
	binary.BigEndian.PutUint16(h[40:], m.Time2Wait)
	binary.BigEndian.PutUint16(h[42:], m.Time2Retain)
	return h
}

// NopIn is a NOP-In: a ping, or the answer to one (RFC 7143 §11.19).
type NopIn struct {
	ResponseFields
	LUN uint64
	TTT uint32 // for the initiator to answer with, or [NoTag]
}

// Decode reads the fields from h.
func (m *NopIn) Decode(h Header) {
	m.decode(h)
	m.LUN = binary.BigEndian.Uint64(h[8:])
	m.TTT = binary.BigEndian.Uint32(h[20:])
}

// Encode writes the fields into h and returns it.
func (m NopIn) Encode(h Header) Header {
	m.encode(h, OpNopIn, finalBit)
	binary.BigEndian.PutUint64(h[8:], m.LUN)
	binary.BigEndian.PutUint32(h[20:], m.TTT)
	return h
}

// Reject is a Reject (RFC 7143 §11.17). Its data segment is the rejected header.
type Reject struct {
	ResponseFields
	Reason RejectReason
	DataSN uint32
}

// Decode reads the fields from h.
func (m *Reject) Decode(h Header) {
	m.decode(h)
	m.Reason = RejectReason(h[2])
	m.DataSN = binary.BigEndian.Uint32(h[36:])
}

// Encode writes the fields into h and returns it.
func (m Reject) Encode(h Header) Header {
	m.encode(h, OpReject, finalBit)
	h[2] = byte(m.Reason)
	binary.BigEndian.PutUint32(h[36:], m.DataSN)
	return h
}
