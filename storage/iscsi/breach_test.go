package iscsi_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"ironhook/storage/iscsi"
	"ironhook/storage/iscsi/initiatortest"
)

// A breach of the protocol ends the connection, and nothing but that.
func TestBreaches(t *testing.T) {
	s := serve(t, newRAM(1<<20), nil)
	other := s.login(initiatortest.Options{Name: initiatorName + "-2"})
	r2t := func(t *testing.T, i *initiatortest.Initiator) iscsi.Header {
		if err := i.Send(i.Command([]byte{0x2a, 8: 16, 9: 0}, iscsi.FlagWrite, 8192), nil); err != nil {
			t.Fatal(err)
		}
		p, err := i.Receive()
		if err != nil || p.Header.Opcode() != iscsi.OpR2T {
			t.Fatalf("answer to a write = %v, %v, want an R2T", p, err)
		}
		return p.Header
	}
	for name, breach := range map[string]func(t *testing.T, i *initiatortest.Initiator) (iscsi.Header, []byte){
		"gap in CmdSN": func(t *testing.T, i *initiatortest.Initiator) (iscsi.Header, []byte) {
			i.CmdSN++
			return i.Command(make([]byte, 6), 0, 0), nil
		},
		"data for no task": func(t *testing.T, i *initiatortest.Initiator) (iscsi.Header, []byte) {
			h := i.DataOut(r2t(t, i), 0, 0)
			h.PutUint32(iscsi.OffITT, 0x1234)
			return h, make([]byte, 8192)
		},
		"tag not given out": func(t *testing.T, i *initiatortest.Initiator) (iscsi.Header, []byte) {
			h := i.DataOut(r2t(t, i), 0, 0)
			h.PutUint32(iscsi.OffTTT, h.TTT()+1)
			return h, make([]byte, 8192)
		},
		"unsolicited": func(t *testing.T, i *initiatortest.Initiator) (iscsi.Header, []byte) {
			h := i.DataOut(r2t(t, i), 0, 0)
			h.PutUint32(iscsi.OffTTT, iscsi.NoTag)
			return h, make([]byte, 8192)
		},
		"offset": func(t *testing.T, i *initiatortest.Initiator) (iscsi.Header, []byte) {
			return i.DataOut(r2t(t, i), 0, 512), make([]byte, 7680)
		},
		"offset that wraps": func(t *testing.T, i *initiatortest.Initiator) (iscsi.Header, []byte) {
			return i.DataOut(r2t(t, i), 0, 0xfffffe00), make([]byte, 512)
		},
		"too much": func(t *testing.T, i *initiatortest.Initiator) (iscsi.Header, []byte) {
			return i.DataOut(r2t(t, i), 0, 0), make([]byte, 8704)
		},
		"final too early": func(t *testing.T, i *initiatortest.Initiator) (iscsi.Header, []byte) {
			return i.DataOut(r2t(t, i), 0, 0), make([]byte, 512)
		},
		"never final": func(t *testing.T, i *initiatortest.Initiator) (iscsi.Header, []byte) {
			h := i.DataOut(r2t(t, i), 0, 0)
			h[1] = 0
			return h, make([]byte, 8192)
		},
		"immediate data of a read": func(t *testing.T, i *initiatortest.Initiator) (iscsi.Header, []byte) {
			return i.Command([]byte{0x28, 8: 1, 9: 0}, iscsi.FlagRead, 512), make([]byte, 512)
		},
		"more data than announced": func(t *testing.T, i *initiatortest.Initiator) (iscsi.Header, []byte) {
			return i.Command([]byte{0x2a, 8: 1, 9: 0}, iscsi.FlagWrite, 512), make([]byte, 1024)
		},
		"tag of a living task": func(t *testing.T, i *initiatortest.Initiator) (iscsi.Header, []byte) {
			itt := r2t(t, i).ITT()
			h := i.Command(make([]byte, 6), 0, 0)
			h.PutUint32(iscsi.OffITT, itt)
			return h, nil
		},
		"segment too long": func(t *testing.T, i *initiatortest.Initiator) (iscsi.Header, []byte) {
			return i.Request(iscsi.OpNopOut, true), make([]byte, 256<<10+1)
		},
		"text tag not given out": func(t *testing.T, i *initiatortest.Initiator) (iscsi.Header, []byte) {
			h := i.Request(iscsi.OpTextRequest, false)
			h.PutUint32(iscsi.OffTTT, 99)
			return h, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			i := s.login(initiatortest.Options{Keys: keys("InitialR2T=No")})
			h, data := breach(t, i)
			i.Send(h, data) // may fail when the target closes before it has read all
			if p, err := i.Receive(); err == nil {
				t.Errorf("the connection goes on with %v", p)
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

// A corrupt digest ends the connection; nothing of the PDU takes effect. Where it is the
// data's the initiator is told what was rejected.
func TestCorruptDigest(t *testing.T) {
	disk := newRAM(1 << 20)
	s := serve(t, disk, nil)
	for _, at := range []int{20, 48, 60, 48 + 4 + 512} { // header, its digest, data, its digest
		i := s.login(initiatortest.Options{Keys: keys("HeaderDigest=CRC32C DataDigest=CRC32C")})
		h := i.Command([]byte{0x2a, 8: 1, 9: 0}, iscsi.FlagWrite, 512)
		wire := iscsi.AppendPDU(nil, iscsi.PDU{Header: h, Data: bytes.Repeat([]byte{1}, 512)}, i.Digests)
		wire[at] ^= 0x10
		if _, err := i.Conn.Write(wire); err != nil {
			t.Fatal(err)
		}
		p, err := i.Receive()
		if inData := at >= 48+4; inData {
			if err != nil || p.Header.Opcode() != iscsi.OpReject || p.Header[2] != 2 || !bytes.Equal(p.Data, wire[:iscsi.HeaderLen]) {
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
	wire := iscsi.AppendPDU(nil, iscsi.PDU{Header: i.Command([]byte{0x2a, 8: 1, 9: 0}, iscsi.FlagWrite, 512), Data: make([]byte, 512)}, i.Digests)
	i.Conn.Write(wire[:100])
	i.Close()
	if e := s.event(iscsi.Closed); !strings.Contains(e.Reason, io.ErrUnexpectedEOF.Error()) {
		t.Errorf("closed because of %q", e.Reason)
	}
	if n := len(s.target.Sessions()); n != 0 {
		t.Errorf("%d sessions left", n)
	}
}

func TestUnknownRequests(t *testing.T) {
	i := serve(t, newRAM(1<<20), nil).login(initiatortest.Options{})
	for op, reason := range map[iscsi.Opcode]byte{iscsi.OpSNACK: 3, 0x1c: 5, iscsi.OpLoginRequest: 5} {
		h := i.Request(op, true)
		if err := i.Send(h, nil); err != nil {
			t.Fatal(err)
		}
		p, err := i.Receive()
		if err != nil || p.Header.Opcode() != iscsi.OpReject || p.Header[2] != reason || !bytes.Equal(p.Data[:20], h[:20]) {
			t.Errorf("request %#02x = %v, %v, want a Reject with reason %d", byte(op), p, err, reason)
		}
	}
	if _, err := i.Read(0, 512); err != nil {
		t.Error(err)
	}
}
