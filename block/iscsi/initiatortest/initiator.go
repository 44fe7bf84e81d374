// Package initiatortest is a small iSCSI initiator for tests. It sends what a test wants:
// correct requests, as with [Initiator.Read], or malformed ones, with [Initiator.Send]. It
// is strict with what it receives: StatSN, DataSN, offsets and tags that violate RFC 7143
// make its calls fail.
package initiatortest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"time"

	"ironhook/block/iscsi"
)

// Options describe a login.
type Options struct {
	Name   string // of the initiator
	Target string // empty: discovery
	ISID   iscsi.ISID

	User, Secret             string // for CHAP; empty: AuthMethod=None
	MutualUser, MutualSecret string // for mutual CHAP; empty: none

	CmdSN uint32 // of the first command; 0: 1

	// Keys are offered in the operational stage after the defaults, which they replace.
	Keys []iscsi.Pair
}

// Initiator is one session. It is used by one goroutine.
type Initiator struct {
	Conn    net.Conn
	Digests iscsi.Digests
	Answers map[string]string // the target's keys of the operational stage

	CmdSN, ExpCmdSN, MaxCmdSN uint32
	StatSN                    uint32 // the next we expect
	itt                       uint32
	opts                      Options
}

// maxData is what we declare as our MaxRecvDataSegmentLength unless the options have
// another.
const maxData = 256 << 10

// Dial connects to a target's portal and logs in.
func Dial(ctx context.Context, addr string, o Options) (*Initiator, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	if deadline, ok := ctx.Deadline(); ok {
		c.SetDeadline(deadline)
	}
	return New(c, o)
}

// New logs in over a connection, which it closes if that fails.
func New(c net.Conn, o Options) (*Initiator, error) {
	i := &Initiator{Conn: c, Answers: map[string]string{}, CmdSN: max(o.CmdSN, 1), opts: o}
	if err := i.logIn(); err != nil {
		c.Close()
		return nil, err
	}
	return i, nil
}

// Close closes the connection without a logout.
func (i *Initiator) Close() error { return i.Conn.Close() }

// Fields returns a new task tag and the numbers that every request carries. An immediate
// request leaves CmdSN as it is.
func (i *Initiator) Fields(immediate bool) iscsi.RequestFields {
	i.itt++
	f := iscsi.RequestFields{Immediate: immediate, ITT: i.itt, CmdSN: i.CmdSN, ExpStatSN: i.StatSN}
	if !immediate {
		i.CmdSN++
	}
	return f
}

// Command makes a SCSI command for LUN 0 that moves n bytes.
func (i *Initiator) Command(cdb []byte, d iscsi.Direction, n int) iscsi.SCSICommand {
	m := iscsi.SCSICommand{RequestFields: i.Fields(false), Final: true, Direction: d, EDTL: uint32(n)}
	copy(m.CDB[:], cdb)
	return m
}

// Ping makes an immediate NOP-Out; ttt is that of the NOP-In that it answers, or
// [iscsi.NoTag].
func (i *Initiator) Ping(ttt uint32) iscsi.NopOut {
	return iscsi.NopOut{RequestFields: i.Fields(true), TTT: ttt}
}

// Send sends one PDU as it is. A raw [iscsi.Header] is a message too. Long data is not copied.
func (i *Initiator) Send(m iscsi.Message, data []byte) error {
	if len(data) >= 4096 && len(data)%4 == 0 && i.Digests == (iscsi.Digests{}) {
		h := iscsi.AppendPDU(nil, PDU(m, nil), i.Digests)
		h[5], h[6], h[7] = byte(len(data)>>16), byte(len(data)>>8), byte(len(data))
		_, err := (&net.Buffers{h, data}).WriteTo(i.Conn)
		return err
	}
	_, err := i.Conn.Write(iscsi.AppendPDU(nil, PDU(m, data), i.Digests))
	return err
}

// PDU encodes a message.
func PDU(m iscsi.Message, data []byte) iscsi.PDU {
	return iscsi.PDU{Header: m.Encode(make(iscsi.Header, iscsi.HeaderLen)), Data: data}
}

// Decode reads the header of a PDU as the message M. It panics if the PDU is of another
// opcode.
func Decode[M iscsi.Message, P interface {
	*M
	Decode(iscsi.Header)
}](p iscsi.PDU) M {
	var m M
	P(&m).Decode(p.Header)
	if op := m.Encode(make(iscsi.Header, iscsi.HeaderLen)).Opcode(); op != p.Header.Opcode() {
		panic(fmt.Sprintf("%v read as opcode %#02x", p, byte(op)))
	}
	return m
}

// Receive returns the next PDU after it has checked its numbers.
func (i *Initiator) Receive() (iscsi.PDU, error) {
	p, err := iscsi.ReadPDU(i.Conn, i.Digests, 1<<24-1)
	if err != nil {
		return p, err
	}
	return p, i.accept(p)
}

// accept checks the numbers of a PDU and keeps them.
func (i *Initiator) accept(p iscsi.PDU) error {
	var f iscsi.ResponseFields
	f.Decode(p.Header)
	op, hasStatus := p.Header.Opcode(), true
	switch op {
	case iscsi.OpDataIn:
		hasStatus = Decode[iscsi.DataIn](p).HasStatus
	case iscsi.OpR2T:
		hasStatus = false
	case iscsi.OpNopIn:
		hasStatus = f.ITT != iscsi.NoTag
	}
	if (hasStatus || op == iscsi.OpR2T) && f.StatSN != i.StatSN {
		return fmt.Errorf("%v has StatSN %d, want %d", p, f.StatSN, i.StatSN)
	}
	if hasStatus {
		i.StatSN++
	}
	i.ExpCmdSN = f.ExpCmdSN
	if int32(f.MaxCmdSN-i.MaxCmdSN) > 0 {
		i.MaxCmdSN = f.MaxCmdSN
	}
	return nil
}

// Response is the outcome of a SCSI command.
type Response struct {
	Status   byte
	Sense    []byte
	Data     []byte
	Residual int64 // positive: underflow
	PDUs     int   // Data-In PDUs or R2Ts that it took
}

// Do sends a SCSI command with all of its data, first unsolicited as far as the login
// allows, then as the target solicits it, and waits for the response. Out and in are
// exclusive; in is how many bytes to expect.
func (i *Initiator) Do(cdb, out []byte, in int) (Response, error) {
	flags, n := iscsi.Direction(0), in
	if in > 0 {
		flags = iscsi.FlagRead
	}
	if len(out) > 0 {
		flags, n = iscsi.FlagWrite, len(out)
	}
	m := i.Command(cdb, flags, n)
	first := 0
	if i.Answers["ImmediateData"] == "Yes" {
		first = min(len(out), i.number("FirstBurstLength", 65536), i.number("MaxRecvDataSegmentLength", 8192))
	}
	if err := i.Send(m, out[:first]); err != nil {
		return Response{}, err
	}
	return i.Finish(m.ITT, out, in)
}

// Finish completes a command that was sent: it answers R2Ts from out and collects in bytes
// of data-in.
func (i *Initiator) Finish(itt uint32, out []byte, in int) (r Response, err error) {
	r.Data = make([]byte, 0, in)
	for {
		p, err := i.Receive()
		if err != nil {
			return r, err
		}
		if p.Header.ITT() != itt {
			return r, fmt.Errorf("%v where an answer to %#x was due", p, itt)
		}
		switch p.Header.Opcode() {
		case iscsi.OpR2T:
			err = i.answerR2T(Decode[iscsi.R2T](p), out)
			r.PDUs++
		case iscsi.OpDataIn:
			m := Decode[iscsi.DataIn](p)
			if m.DataSN != uint32(r.PDUs) || m.Offset != uint32(len(r.Data)) {
				return r, fmt.Errorf("%v is number %d for offset %d, want %d and %d", p, m.DataSN, m.Offset, r.PDUs, len(r.Data))
			}
			r.Data = append(r.Data, p.Data...)
			r.PDUs++
			if m.HasStatus {
				r.status(m.Status, m.Residual, nil)
				return r, nil
			}
		case iscsi.OpSCSIResponse:
			m := Decode[iscsi.SCSIResponse](p)
			if m.ExpDataSN != uint32(r.PDUs) {
				return r, fmt.Errorf("%v has ExpDataSN %d, want %d", p, m.ExpDataSN, r.PDUs)
			}
			r.status(m.Status, m.Residual, p.Data)
			return r, nil
		default:
			return r, fmt.Errorf("unexpected %v", p)
		}
		if err != nil {
			return r, err
		}
	}
}

func (r *Response) status(status byte, residual iscsi.Residual, data []byte) {
	r.Status = status
	r.Residual = int64(residual.Count)
	if residual.Overflow {
		r.Residual = -r.Residual
	}
	if len(data) >= 2 {
		r.Sense = data[2:][:binary.BigEndian.Uint16(data)]
	}
}

// answerR2T sends the solicited data, in PDUs as long as the target takes.
func (i *Initiator) answerR2T(r2t iscsi.R2T, out []byte) error {
	at, n := int(r2t.Offset), int(r2t.Desired)
	if at+n > len(out) {
		return fmt.Errorf("R2T for %d bytes at %d of %d", n, at, len(out))
	}
	segment := i.number("MaxRecvDataSegmentLength", 8192)
	for sn := uint32(0); n > 0; sn++ {
		k := min(n, segment)
		m := i.DataOut(r2t, sn, at)
		m.Final = k == n
		if err := i.Send(m, out[at:at+k]); err != nil {
			return err
		}
		at, n = at+k, n-k
	}
	return nil
}

// DataOut makes a final Data-Out in answer to an R2T.
func (i *Initiator) DataOut(r2t iscsi.R2T, sn uint32, at int) iscsi.DataOut {
	return iscsi.DataOut{Final: true, LUN: r2t.LUN, ITT: r2t.ITT, TTT: r2t.TTT, ExpStatSN: i.StatSN, DataSN: sn, Offset: uint32(at)}
}

// Unsolicited makes a final Data-Out that no R2T asked for.
func (i *Initiator) Unsolicited(itt, sn uint32, at int) iscsi.DataOut {
	return i.DataOut(iscsi.R2T{ResponseFields: iscsi.ResponseFields{ITT: itt}, TTT: iscsi.NoTag}, sn, at)
}

func (i *Initiator) number(key string, preset int) int {
	n := 0
	if _, err := fmt.Sscan(i.Answers[key], &n); err != nil {
		return preset
	}
	return n
}

// ErrStatus is wrapped by the errors of Read, Write and Flush when the command was
// answered otherwise than GOOD.
var ErrStatus = errors.New("SCSI status")

const blockSize = 512

// Read returns n bytes from offset off; both are multiples of the block size.
func (i *Initiator) Read(off int64, n int) ([]byte, error) {
	r, err := i.Do(blocks(0x88, off, n), nil, n)
	return r.Data, r.check("read", err)
}

// Write writes b at offset off.
func (i *Initiator) Write(off int64, b []byte) error {
	r, err := i.Do(blocks(0x8a, off, len(b)), b, 0)
	return r.check("write", err)
}

// Flush is SYNCHRONIZE CACHE of everything.
func (i *Initiator) Flush() error {
	r, err := i.Do([]byte{0x35, 9: 0}, nil, 0)
	return r.check("flush", err)
}

// Settle runs TEST UNIT READY until no unit attention is left.
func (i *Initiator) Settle() error {
	for range 10 {
		r, err := i.Do(make([]byte, 6), nil, 0)
		if err != nil || r.Status == 0 {
			return err
		}
	}
	return errors.New("unit never ready")
}

func (r Response) check(what string, err error) error {
	if err == nil && r.Status != 0 {
		return fmt.Errorf("%s: %w %#02x, sense %x", what, ErrStatus, r.Status, r.Sense)
	}
	return err
}

// blocks is a 16-byte CDB.
func blocks(op byte, off int64, n int) []byte {
	cdb := make([]byte, 16)
	cdb[0] = op
	binary.BigEndian.PutUint64(cdb[2:], uint64(off/blockSize))
	binary.BigEndian.PutUint32(cdb[10:], uint32(n/blockSize))
	return cdb
}

// Logout ends the session with a Logout Request.
func (i *Initiator) Logout() error {
	if err := i.Send(iscsi.LogoutRequest{RequestFields: i.Fields(true)}, nil); err != nil {
		return err
	}
	p, err := i.Receive()
	if err == nil && p.Header.Opcode() != iscsi.OpLogoutResponse {
		err = fmt.Errorf("%v in answer to a logout", p)
	}
	return errors.Join(err, i.Conn.Close())
}

// Patience returns a context for tests: its deadline is long enough for a loaded machine.
func Patience(parent context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(parent, time.Minute)
}
