package iscsi_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"ironhook/block/iscsi"
	"ironhook/block/iscsi/initiatortest"
)

// askWrite begins a write of n blocks and returns the first R2T.
func askWrite(t *testing.T, i *initiatortest.Initiator, blocks int) iscsi.R2T {
	t.Helper()
	if err := i.Send(i.Command([]byte{0x2a, 8: byte(blocks), 9: 0}, iscsi.FlagWrite, 512*blocks), nil); err != nil {
		t.Fatal(err)
	}
	return receiveR2T(t, i)
}

func receiveR2T(t *testing.T, i *initiatortest.Initiator) iscsi.R2T {
	t.Helper()
	p, err := i.Receive()
	if err != nil || p.Header.Opcode() != iscsi.OpR2T {
		t.Fatalf("received %v, %v, want an R2T", p, err)
	}
	return initiatortest.Decode[iscsi.R2T](p)
}

// with changes a message.
func with[M any](m M, change func(*M)) M {
	change(&m)
	return m
}

// A breach returns a PDU that violates the protocol; the test sends it.
type breach func(t *testing.T, i *initiatortest.Initiator) iscsi.PDU

func bad(m iscsi.Message, data int) iscsi.PDU { return initiatortest.PDU(m, make([]byte, data)) }

// testUnitReady is a command that moves nothing.
func testUnitReady(i *initiatortest.Initiator) iscsi.SCSICommand {
	return i.Command(make([]byte, 6), 0, 0)
}

// breaches are protocol violations for the initiator of TestBreaches, which may send up to
// 64 KiB of unsolicited data and gets at most two R2Ts of 4 KiB at a time.
var breaches = map[string]breach{
	"gap in CmdSN": func(_ *testing.T, i *initiatortest.Initiator) iscsi.PDU {
		i.CmdSN++
		return bad(testUnitReady(i), 0)
	},
	"reserved task tag": func(_ *testing.T, i *initiatortest.Initiator) iscsi.PDU {
		return bad(with(testUnitReady(i), func(m *iscsi.SCSICommand) { m.ITT = iscsi.NoTag }), 0)
	},
	"tag of a living task": func(t *testing.T, i *initiatortest.Initiator) iscsi.PDU {
		itt := askWrite(t, i, 16).ITT
		return bad(with(testUnitReady(i), func(m *iscsi.SCSICommand) { m.ITT = itt }), 0)
	},
	"data for no task": func(t *testing.T, i *initiatortest.Initiator) iscsi.PDU {
		return bad(with(i.DataOut(askWrite(t, i, 8), 0, 0), func(m *iscsi.DataOut) { m.ITT = 0x1234 }), 4096)
	},
	"data for a task that is done": func(t *testing.T, i *initiatortest.Initiator) iscsi.PDU {
		r2t := askWrite(t, i, 8)
		if err := i.Send(i.DataOut(r2t, 0, 0), make([]byte, 4096)); err != nil {
			t.Fatal(err)
		}
		if p, err := i.Receive(); err != nil || p.Header.Opcode() != iscsi.OpSCSIResponse {
			t.Fatalf("%v, %v, want the end of the write", p, err)
		}
		return bad(i.DataOut(r2t, 0, 0), 4096)
	},
	"data for a read": func(_ *testing.T, i *initiatortest.Initiator) iscsi.PDU {
		return bad(i.Unsolicited(1, 0, 0), 512)
	},
	"tag not given out": func(t *testing.T, i *initiatortest.Initiator) iscsi.PDU {
		return bad(with(i.DataOut(askWrite(t, i, 8), 0, 0), func(m *iscsi.DataOut) { m.TTT += 7 }), 4096)
	},
	"second burst first": func(t *testing.T, i *initiatortest.Initiator) iscsi.PDU {
		askWrite(t, i, 16)
		return bad(i.DataOut(receiveR2T(t, i), 0, 4096), 4096)
	},
	"unsolicited": func(t *testing.T, i *initiatortest.Initiator) iscsi.PDU {
		return bad(i.Unsolicited(askWrite(t, i, 8).ITT, 0, 0), 4096)
	},
	"more unsolicited than agreed": func(t *testing.T, i *initiatortest.Initiator) iscsi.PDU {
		m := i.Command([]byte{0x2a, 8: 255, 9: 0}, iscsi.FlagWrite, 255*512)
		m.Final = false
		if err := i.Send(m, nil); err != nil {
			t.Fatal(err)
		}
		return bad(i.Unsolicited(m.ITT, 0, 0), 64<<10+512)
	},
	"offset": func(t *testing.T, i *initiatortest.Initiator) iscsi.PDU {
		return bad(i.DataOut(askWrite(t, i, 8), 0, 512), 3584)
	},
	"all of the data, elsewhere": func(t *testing.T, i *initiatortest.Initiator) iscsi.PDU {
		m := i.Command([]byte{0x2a, 8: 8, 9: 0}, iscsi.FlagWrite, 8*512)
		m.Final = false
		if err := i.Send(m, nil); err != nil {
			t.Fatal(err)
		}
		return bad(i.Unsolicited(m.ITT, 0, 512), 8*512)
	},
	"offset that wraps": func(t *testing.T, i *initiatortest.Initiator) iscsi.PDU {
		return bad(i.DataOut(askWrite(t, i, 8), 0, 0xfffffe00), 512)
	},
	"too much": func(t *testing.T, i *initiatortest.Initiator) iscsi.PDU {
		return bad(i.DataOut(askWrite(t, i, 8), 0, 0), 4608)
	},
	"final too early": func(t *testing.T, i *initiatortest.Initiator) iscsi.PDU {
		return bad(i.DataOut(askWrite(t, i, 8), 0, 0), 512)
	},
	"never final": func(t *testing.T, i *initiatortest.Initiator) iscsi.PDU {
		return bad(with(i.DataOut(askWrite(t, i, 8), 0, 0), func(m *iscsi.DataOut) { m.Final = false }), 4096)
	},
	"immediate data of a read": func(_ *testing.T, i *initiatortest.Initiator) iscsi.PDU {
		return bad(i.Command([]byte{0x28, 8: 1, 9: 0}, iscsi.FlagRead, 512), 512)
	},
	"more data than announced": func(_ *testing.T, i *initiatortest.Initiator) iscsi.PDU {
		return bad(i.Command([]byte{0x2a, 8: 1, 9: 0}, iscsi.FlagWrite, 512), 1024)
	},
	"more immediate data than agreed": func(_ *testing.T, i *initiatortest.Initiator) iscsi.PDU {
		return bad(i.Command([]byte{0x2a, 8: 255, 9: 0}, iscsi.FlagWrite, 255*512), 64<<10+512)
	},
	"segment too long": func(_ *testing.T, i *initiatortest.Initiator) iscsi.PDU {
		return bad(i.Ping(0), 256<<10+1)
	},
	"additional headers too long": func(_ *testing.T, i *initiatortest.Initiator) iscsi.PDU {
		return additional(i, make([]byte, 260))
	},
	"additional header of no length": func(_ *testing.T, i *initiatortest.Initiator) iscsi.PDU {
		return additional(i, []byte{0, 0, 1, 0})
	},
	"additional header that goes on": func(_ *testing.T, i *initiatortest.Initiator) iscsi.PDU {
		return additional(i, []byte{0xff, 0xff, 1, 0})
	},
	"text tag not given out": func(_ *testing.T, i *initiatortest.Initiator) iscsi.PDU {
		return bad(iscsi.TextRequest{RequestFields: i.Fields(false), Final: true, TTT: 99}, 0)
	},
}

// additional is a command with additional header segments.
func additional(i *initiatortest.Initiator, ahs []byte) iscsi.PDU {
	p := bad(testUnitReady(i), 0)
	p.AHS = ahs
	return p
}

// A breach of the protocol ends its connection and no other.
func TestBreaches(t *testing.T) {
	disk := newRAM(1 << 20)
	s := serve(t, disk, nil)
	other := s.login(initiatortest.Options{Name: initiatorName + "-2"})
	for name, breach := range breaches {
		t.Run(name, func(t *testing.T) {
			i := s.login(initiatortest.Options{Keys: keys("InitialR2T=No MaxBurstLength=4096 MaxOutstandingR2T=2")})
			i.Conn.Write(iscsi.AppendPDU(nil, breach(t, i), i.Digests)) // may fail when the target closes before it has read all
			for p, err := i.Receive(); err == nil; p, err = i.Receive() {
				if p.Header.Opcode() != iscsi.OpR2T { // one may have been on its way
					t.Errorf("the connection goes on with %v", p)
				}
			}
			if e := s.event(iscsi.Closed); !strings.Contains(e.Reason, "protocol error") {
				t.Errorf("closed because of %q, want a protocol error", e.Reason)
			}
			if _, err := other.Read(0, 512); err != nil {
				t.Errorf("another session: %v", err)
			}
		})
	}
}

// A corrupt digest ends the connection and nothing of the PDU takes effect. A corrupt data
// digest is answered with a Reject first.
func TestCorruptDigest(t *testing.T) {
	disk := newRAM(1 << 20)
	s := serve(t, disk, nil)
	for _, at := range []int{20, 48, 60, 48 + 4 + 512} { // header, its digest, data, its digest
		i := s.login(initiatortest.Options{Keys: keys("HeaderDigest=CRC32C DataDigest=CRC32C")})
		m := i.Command([]byte{0x2a, 8: 1, 9: 0}, iscsi.FlagWrite, 512)
		wire := iscsi.AppendPDU(nil, initiatortest.PDU(m, bytes.Repeat([]byte{1}, 512)), i.Digests)
		wire[at] ^= 0x10
		if _, err := i.Conn.Write(wire); err != nil {
			t.Fatal(err)
		}
		p, err := i.Receive()
		if inData := at >= 48+4; inData {
			if err != nil || !rejected(p, 2) || !bytes.Equal(p.Data, wire[:iscsi.HeaderLen]) {
				t.Errorf("bit wrong at %d: answered with %v, %v, want a Reject of the PDU for its data digest", at, p, err)
			}
			p, err = i.Receive()
		}
		if err == nil {
			t.Errorf("bit wrong at %d: the connection goes on with %v", at, p)
		}
		if e := s.event(iscsi.Closed); !strings.Contains(e.Reason, "digest") {
			t.Errorf("bit wrong at %d: closed because of %q", at, e.Reason)
		}
	}
	if data, _ := disk.snapshot(); bytes.Contains(data, []byte{1}) {
		t.Error("corrupt data was written")
	}
}

// A connection that the initiator closes in the middle of a PDU leaves nothing behind.
func TestTornPDU(t *testing.T) {
	s := serve(t, newRAM(1<<20), nil)
	i := s.login(initiatortest.Options{})
	wire := iscsi.AppendPDU(nil, bad(i.Command([]byte{0x2a, 8: 1, 9: 0}, iscsi.FlagWrite, 512), 512), i.Digests)
	i.Conn.Write(wire[:100])
	i.Close()
	if e := s.event(iscsi.Closed); !strings.Contains(e.Reason, io.ErrUnexpectedEOF.Error()) {
		t.Errorf("closed because of %q", e.Reason)
	}
	if n := len(s.target.Sessions()); n != 0 {
		t.Errorf("%d sessions left", n)
	}
}

func rejected(p iscsi.PDU, reason iscsi.RejectReason) bool {
	return p.Header.Opcode() == iscsi.OpReject && initiatortest.Decode[iscsi.Reject](p).Reason == reason
}

// unknownRequest is a ping under another opcode.
func unknownRequest(i *initiatortest.Initiator, op iscsi.Opcode, immediate bool) iscsi.Header {
	h := initiatortest.PDU(iscsi.NopOut{RequestFields: i.Fields(immediate)}, nil).Header
	h[0] = h[0]&^0x3f | byte(op)
	return h
}

func TestUnknownRequests(t *testing.T) {
	i := serve(t, newRAM(1<<20), nil).login(initiatortest.Options{})
	for op, reason := range map[iscsi.Opcode]iscsi.RejectReason{iscsi.OpSNACK: 3, 0x1c: 5, iscsi.OpLoginRequest: 5} {
		h := unknownRequest(i, op, true)
		if err := i.Send(h, nil); err != nil {
			t.Fatal(err)
		}
		p, err := i.Receive()
		if err != nil || !rejected(p, reason) || !bytes.Equal(p.Data[:20], h[:20]) {
			t.Errorf("request %#02x = %v, %v, want a Reject with reason %d", byte(op), p, err, reason)
		}
	}
	if _, err := i.Read(0, 512); err != nil {
		t.Error(err)
	}
}
