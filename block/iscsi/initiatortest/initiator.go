// Package initiatortest is a small iSCSI initiator for tests. It speaks the wire as it
// is told to: what it sends may be right, as with [Initiator.Read], or as wrong as a
// test wants, with [Initiator.Send]. It is strict with what it receives: StatSN,
// DataSN, offsets and tags that are not what RFC 7143 says make its calls fail.
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

// Options say who logs in to what.
type Options struct {
	Name   string // of the initiator
	Target string // empty: discovery
	ISID   iscsi.ISID

	User, Secret             string // for CHAP; empty: AuthMethod=None
	MutualUser, MutualSecret string // what the target has to prove; empty: nothing

	CmdSN uint32 // of the first command; 0: 1

	// Keys are offered in the operational stage after the defaults, which they replace.
	Keys []iscsi.Pair
}

// Initiator is one session. It is used by one goroutine.
type Initiator struct {
	Conn    net.Conn
	Digests iscsi.Digests
	Answers map[string]string // what the target said in the operational stage

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

// Close closes the connection without a word.
func (i *Initiator) Close() error { return i.Conn.Close() }

// Request makes a header with a new task tag, and the numbers that every request
// carries. An immediate one leaves CmdSN as it is.
func (i *Initiator) Request(op iscsi.Opcode, immediate bool) iscsi.Header {
	h := make(iscsi.Header, iscsi.HeaderLen)
	h[0], h[1] = byte(op), iscsi.FlagFinal
	i.itt++
	h.PutUint32(iscsi.OffITT, i.itt)
	h.PutUint32(iscsi.OffCmdSN, i.CmdSN)
	h.PutUint32(iscsi.OffExpStat, i.StatSN)
	if immediate {
		h[0] |= 0x40
	} else {
		i.CmdSN++
	}
	return h
}

// Command makes a SCSI command for LUN 0 that moves n bytes; flags are FlagRead and
// FlagWrite.
func (i *Initiator) Command(cdb []byte, flags byte, n int) iscsi.Header {
	h := i.Request(iscsi.OpSCSICommand, false)
	h[1] |= flags
	h.PutUint32(iscsi.OffEDTL, uint32(n))
	copy(h[iscsi.OffCDB:], cdb)
	return h
}

// Send sends one PDU as it is.
func (i *Initiator) Send(h iscsi.Header, data []byte) error {
	_, err := i.Conn.Write(iscsi.AppendPDU(nil, iscsi.PDU{Header: h, Data: data}, i.Digests))
	return err
}

// Receive returns the next PDU after it has checked its numbers.
func (i *Initiator) Receive() (iscsi.PDU, error) {
	p, err := iscsi.ReadPDU(i.Conn, i.Digests, 1<<24-1)
	if err != nil {
		return p, err
	}
	h := p.Header
	hasStatus := true
	switch h.Opcode() {
	case iscsi.OpDataIn:
		hasStatus = h[1]&1 != 0
	case iscsi.OpR2T:
		hasStatus = false
	case iscsi.OpNopIn:
		hasStatus = h.ITT() != iscsi.NoTag
	}
	if hasStatus || h.Opcode() == iscsi.OpR2T {
		if sn := h.Uint32(iscsi.OffStatSN); sn != i.StatSN {
			return p, fmt.Errorf("%v has StatSN %d, want %d", p, sn, i.StatSN)
		}
	}
	if hasStatus {
		i.StatSN++
	}
	i.ExpCmdSN = h.Uint32(iscsi.OffExpCmd)
	if most := h.Uint32(iscsi.OffMaxCmd); int32(most-i.MaxCmdSN) > 0 {
		i.MaxCmdSN = most
	}
	return p, nil
}

// Response is the outcome of a SCSI command.
type Response struct {
	Status   byte
	Sense    []byte
	Data     []byte
	Residual int64 // positive: underflow
	PDUs     int   // Data-In PDUs or R2Ts that it took
}

// Do sends a SCSI command with all of its data, first without being asked as far as the
// login allows, then as the target asks for it, and waits for the response. Out and in
// are exclusive; in is how many bytes to expect.
func (i *Initiator) Do(cdb, out []byte, in int) (Response, error) {
	flags, n := byte(0), in
	if in > 0 {
		flags = iscsi.FlagRead
	}
	if len(out) > 0 {
		flags, n = iscsi.FlagWrite, len(out)
	}
	h := i.Command(cdb, flags, n)
	first := 0
	if i.Answers["ImmediateData"] == "Yes" {
		first = min(len(out), i.number("FirstBurstLength", 65536), i.number("MaxRecvDataSegmentLength", 8192))
	}
	if err := i.Send(h, out[:first]); err != nil {
		return Response{}, err
	}
	return i.Finish(h.ITT(), out, in)
}

// Finish carries a command that was sent to its end: it answers R2Ts from out and
// gathers in bytes.
func (i *Initiator) Finish(itt uint32, out []byte, in int) (r Response, err error) {
	r.Data = make([]byte, 0, in)
	for {
		p, err := i.Receive()
		if err != nil {
			return r, err
		}
		h := p.Header
		if h.ITT() != itt {
			return r, fmt.Errorf("%v where an answer to %#x was due", p, itt)
		}
		switch h.Opcode() {
		case iscsi.OpR2T:
			err = i.answerR2T(h, out)
			r.PDUs++
		case iscsi.OpDataIn:
			if h.Uint32(iscsi.OffDataSN) != uint32(r.PDUs) || h.Uint32(iscsi.OffOffset) != uint32(len(r.Data)) {
				return r, fmt.Errorf("%v is number %d for offset %d, want %d and %d", p, h.Uint32(iscsi.OffDataSN), h.Uint32(iscsi.OffOffset), r.PDUs, len(r.Data))
			}
			r.Data = append(r.Data, p.Data...)
			r.PDUs++
			if h[1]&1 != 0 {
				r.status(h, nil)
				return r, nil
			}
		case iscsi.OpSCSIResponse:
			if n := h.Uint32(iscsi.OffDataSN); n != uint32(r.PDUs) {
				return r, fmt.Errorf("%v has ExpDataSN %d, want %d", p, n, r.PDUs)
			}
			r.status(h, p.Data)
			return r, nil
		default:
			return r, fmt.Errorf("unexpected %v", p)
		}
		if err != nil {
			return r, err
		}
	}
}

func (r *Response) status(h iscsi.Header, data []byte) {
	r.Status = h[3]
	r.Residual = int64(h.Uint32(iscsi.OffResidual))
	if h[1]&4 != 0 {
		r.Residual = -r.Residual
	}
	if len(data) >= 2 {
		r.Sense = data[2:][:binary.BigEndian.Uint16(data)]
	}
}

// answerR2T sends the data that was asked for, in PDUs as long as the target takes.
func (i *Initiator) answerR2T(r2t iscsi.Header, out []byte) error {
	at, n := int(r2t.Uint32(iscsi.OffOffset)), int(r2t.Uint32(iscsi.OffDesired))
	if at+n > len(out) {
		return fmt.Errorf("R2T for %d bytes at %d of %d", n, at, len(out))
	}
	segment := i.number("MaxRecvDataSegmentLength", 8192)
	for sn := uint32(0); n > 0; sn++ {
		k := min(n, segment)
		h := i.DataOut(r2t, sn, at)
		if k < n {
			h[1] = 0
		}
		if err := i.Send(h, out[at:at+k]); err != nil {
			return err
		}
		at, n = at+k, n-k
	}
	return nil
}

// DataOut makes the header of a final Data-Out in answer to an R2T.
func (i *Initiator) DataOut(r2t iscsi.Header, sn uint32, at int) iscsi.Header {
	h := make(iscsi.Header, iscsi.HeaderLen)
	h[0], h[1] = byte(iscsi.OpDataOut), iscsi.FlagFinal
	copy(h[8:24], r2t[8:24]) // LUN and both tags
	h.PutUint32(iscsi.OffExpStat, i.StatSN)
	h.PutUint32(iscsi.OffDataSN, sn)
	h.PutUint32(iscsi.OffOffset, uint32(at))
	return h
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

// Logout ends the session properly.
func (i *Initiator) Logout() error {
	if err := i.Send(i.Request(iscsi.OpLogout, true), nil); err != nil {
		return err
	}
	p, err := i.Receive()
	if err == nil && p.Header.Opcode() != iscsi.OpLogoutResponse {
		err = fmt.Errorf("%v in answer to a logout", p)
	}
	return errors.Join(err, i.Conn.Close())
}

// Patience is a context for tests: long enough for a loaded machine, short enough not
// to hang.
func Patience(parent context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(parent, time.Minute)
}
