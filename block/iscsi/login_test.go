package iscsi

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"ironhook/block"
	"ironhook/block/scsi"
)

// dialogue drives a login with requests written as text.
type dialogue struct {
	t *testing.T
	*login
	lookups int
}

func newDialogue(t *testing.T, g block.Grant, lookupErr error) *dialogue {
	d := &dialogue{t: t}
	g.Device = scsi.NewDevice("iqn.2026-11.test:disk")
	d.login = &login{
		random: bytes.NewReader(bytes.Repeat([]byte{0xa5}, 1000)),
		window: 128,
		lookup: func(key sessionKey) (block.Grant, error) {
			d.lookups++
			if key.target == "" {
				return block.Grant{}, nil
			}
			return g, lookupErr
		},
		admit: func() (uint16, error) { return 77, nil },
	}
	return d
}

// Second bytes of login requests.
const (
	stay1    = 0x00 // security stage, no wish to move on
	secToOp  = 0x81
	secToFFP = 0x83
	opToFFP  = 0x87
	opStay   = 0x04
	goesOn   = 0x40
)

func loginRequest(flags byte, text string) PDU {
	m := LoginRequest{RequestFields: RequestFields{Immediate: true, CmdSN: 5}, ISID: ISID{0x80, 0x12, 0x34, 0x56, 0x78, 0x9a}}
	p := PDU{Header: m.Encode(make(Header, HeaderLen)), Data: []byte(strings.ReplaceAll(text, " ", "\x00") + "\x00")}
	p.Header[1] = flags
	return p
}

// altered changes a login request.
func altered(p PDU, change func(*LoginRequest)) PDU {
	var m LoginRequest
	m.Decode(p.Header)
	change(&m)
	return PDU{Header: m.Encode(make(Header, HeaderLen)), Data: p.Data}
}

func decodeLogin(p PDU) (m LoginResponse) {
	m.Decode(p.Header)
	return m
}

// say sends one request and returns the second byte of the response and its text.
func (d *dialogue) say(flags byte, text string) (byte, string) {
	d.t.Helper()
	resp, err := d.step(loginRequest(flags, text))
	if err != nil {
		return 0, fmt.Sprintf("%04x", uint16(decodeLogin(resp).Status))
	}
	return resp.Header[1], strings.TrimRight(strings.ReplaceAll(string(resp.Data), "\x00", " "), " ")
}

func (d *dialogue) expect(flags byte, text string, wantFlags byte, want string) {
	d.t.Helper()
	if gotFlags, got := d.say(flags, text); gotFlags != wantFlags || got != want {
		d.t.Fatalf("login request %#02x %q\n  = %#02x %q\nwant %#02x %q", flags, text, gotFlags, got, wantFlags, want)
	}
}

const names = "InitiatorName=iqn.2010-04.org.ipxe:host TargetName=iqn.2026-11.test:disk SessionType=Normal"

// iPXE sets the T bit in every round, even too early (ipxe issue 1444), offers CHAP,None
// and expects exactly CHAP, and reads a challenge in hexadecimal only.
func TestLoginOfIPXE(t *testing.T) {
	d := newDialogue(t, block.Grant{User: "alice", Secret: "wonderland12", MutualUser: "bob", MutualSecret: "looking-glass"}, nil)
	d.expect(secToOp, names+" AuthMethod=CHAP,None", 0x00, "TargetPortalGroupTag=1 AuthMethod=CHAP")
	challenge := strings.Repeat("a5", 16)
	d.expect(secToOp, "CHAP_A=5", 0x00, "CHAP_A=5 CHAP_I=165 CHAP_C=0x"+challenge)
	raw, _ := hex.DecodeString(challenge)
	proof := formatBinary(algorithms["5"].response(0xa5, "wonderland12", raw))
	back := formatBinary(algorithms["5"].response(9, "looking-glass", []byte("abcd")))
	d.expect(secToOp, "CHAP_N=alice CHAP_R="+proof+" CHAP_I=9 CHAP_C=0x61626364", secToOp, "CHAP_N=bob CHAP_R="+back)
	d.expect(opToFFP, "HeaderDigest=None DataDigest=None MaxConnections=1 InitialR2T=Yes MaxRecvDataSegmentLength=8192 MaxOutstandingR2T=1 "+
		"DefaultTime2Wait=0 DefaultTime2Retain=0 ErrorRecoveryLevel=0",
		opToFFP, "HeaderDigest=None DataDigest=None MaxConnections=1 InitialR2T=Yes MaxOutstandingR2T=1 "+
			"DefaultTime2Wait=2 DefaultTime2Retain=0 ErrorRecoveryLevel=0 MaxRecvDataSegmentLength=262144")
	if !d.full() || d.keys.params().MaxSend != 8192 || d.lookups != 1 {
		t.Errorf("full %v, segments of %d, %d lookups; want true, 8192, 1", d.full(), d.keys.params().MaxSend, d.lookups)
	}
}

// Every way a login may fail, and the status that the initiator gets.
func TestLoginRefused(t *testing.T) {
	chap := block.Grant{User: "alice", Secret: "wonderland12"}
	tests := []struct {
		name   string
		grant  block.Grant
		err    error
		flags  byte
		text   string
		status string
	}{
		{"no such target", block.Grant{}, fmt.Errorf("look: %w", block.ErrNoTarget), secToOp, names, "0203"},
		{"not allowed", block.Grant{}, block.ErrForbidden, secToOp, names, "0202"},
		{"broken store", block.Grant{}, errors.New("disk I/O error"), secToOp, names, "0300"},
		{"no name", block.Grant{}, nil, secToOp, "TargetName=iqn.x:y", "0207"},
		{"no target", block.Grant{}, nil, secToOp, "InitiatorName=iqn.x:y", "0207"},
		{"name that could break a log line", block.Grant{}, nil, secToOp, "InitiatorName=a\nb TargetName=iqn.x:y", "0207"},
		{"unknown session type", block.Grant{}, nil, secToOp, "InitiatorName=iqn.x:y SessionType=Odd", "0209"},
		{"no CHAP offered", chap, nil, secToOp, names + " AuthMethod=None", "0201"},
		{"CHAP not spoken of", chap, nil, secToOp, names, "0201"},
		{"authentication skipped", chap, nil, opToFFP, names, "0201"},
		{"security to full", chap, nil, secToFFP, names + " AuthMethod=None", "0201"},
		{"only CHAP offered, no secret known", block.Grant{}, nil, secToOp, names + " AuthMethod=CHAP", "0201"},
		{"one secret both ways", block.Grant{User: "a", Secret: "s", MutualUser: "b", MutualSecret: "s"}, nil, secToOp, names +
			" AuthMethod=CHAP", "0300"},
		{"empty secret", block.Grant{User: "a"}, nil, secToOp, names + " AuthMethod=CHAP", "0300"},
		{"key twice", block.Grant{}, nil, secToOp, names + " InitiatorAlias=a InitiatorAlias=b", "0200"},
		{"no key=value", block.Grant{}, nil, secToOp, names + " nonsense", "0200"},
		{"to a stage that does not exist", block.Grant{}, nil, 0x82, names, "0200"},
		{"backwards", block.Grant{}, nil, 0x84, names, "0200"},
		{"move on and continue", block.Grant{}, nil, secToOp | goesOn, names, "0200"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := newDialogue(t, tt.grant, tt.err)
			if _, got := d.say(tt.flags, tt.text); got != tt.status {
				t.Errorf("login with %q = %s, want %s", tt.text, got, tt.status)
			}
			if d.full() {
				t.Error("login is complete")
			}
		})
	}
}

func TestLoginWithoutSecurityStage(t *testing.T) {
	d := newDialogue(t, block.Grant{}, nil)
	d.expect(opToFFP, names+" MaxBurstLength=0x40000 ImmediateData=Yes X-org.example.odd=1", opToFFP,
		"MaxBurstLength=262144 ImmediateData=Yes X-org.example.odd=NotUnderstood TargetPortalGroupTag=1 MaxRecvDataSegmentLength=262144")
}

func TestLoginTextInPieces(t *testing.T) {
	d := newDialogue(t, block.Grant{}, nil)
	whole := loginRequest(secToFFP, names+" AuthMethod=None")
	first := whole
	first.Header = append(Header(nil), whole.Header...)
	first.Header[1] = stay1 | goesOn
	first.Data = whole.Data[:20]
	resp, err := d.step(first)
	if err != nil || len(resp.Data) != 0 || resp.Header[1] != 0 {
		t.Fatalf("step(first half) = %v, %v, want an empty response", resp, err)
	}
	whole.Data = whole.Data[20:]
	if resp, err = d.step(whole); err != nil || resp.Header[1] != secToFFP || decodeLogin(resp).TSIH != 77 {
		t.Fatalf("step(rest) = %v, %v, want full feature phase as session 77", resp, err)
	}
}

// A login ends in bounded time, whatever the initiator does.
func TestLoginIsBounded(t *testing.T) {
	d := newDialogue(t, block.Grant{}, nil)
	rounds := 0
	for ; rounds < 1000; rounds++ {
		text := ""
		if rounds == 0 {
			text = names
		}
		if _, got := d.say(stay1, text); got == "0200" {
			break
		}
	}
	if rounds != maxLoginRounds {
		t.Errorf("login ended after %d rounds, want %d", rounds, maxLoginRounds)
	}
	d = newDialogue(t, block.Grant{}, nil)
	for n := 0; ; n += 8000 {
		if _, got := d.say(goesOn, strings.Repeat("x", 8000)); got == "0200" {
			break
		} else if n > maxLoginText {
			t.Fatalf("login took %d bytes of text", n)
		}
	}
	d = newDialogue(t, block.Grant{}, nil)
	var many strings.Builder
	for i := range maxPairs + 1 {
		fmt.Fprintf(&many, " k%d=v", i)
	}
	d.expect(secToOp, names+many.String(), 0, "0200")
}

func TestLoginOfAnotherSession(t *testing.T) {
	d := newDialogue(t, block.Grant{}, nil)
	d.say(stay1, names)
	other := altered(loginRequest(stay1, ""), func(m *LoginRequest) { m.ISID[0] ^= 1 })
	if resp, err := d.step(other); err == nil || decodeLogin(resp).Status != 0x020b {
		t.Errorf("request with another ISID = %v, %v, want status 020b", resp, err)
	}
	d = newDialogue(t, block.Grant{}, nil)
	joins := altered(loginRequest(secToOp, names), func(m *LoginRequest) { m.TSIH = 5 })
	if resp, err := d.step(joins); err == nil || decodeLogin(resp).Status != 0x020a {
		t.Errorf("request with a TSIH = %v, %v, want status 020a", resp, err)
	}
	d = newDialogue(t, block.Grant{}, nil)
	newer := altered(loginRequest(secToOp, names), func(m *LoginRequest) { m.VersionMin = 1 })
	if resp, err := d.step(newer); err == nil || decodeLogin(resp).Status != 0x0205 {
		t.Errorf("request of a newer version = %v, %v, want status 0205", resp, err)
	}
}

func FuzzLogin(f *testing.F) {
	f.Add([]byte{secToOp}, []byte(names+"\x00AuthMethod=CHAP,None\x00"), []byte("CHAP_A=5\x00"), []byte("CHAP_N=alice\x00CHAP_R=0x00\x00"))
	f.Add([]byte{stay1 | goesOn, opToFFP, 0xff}, []byte("InitiatorName=iqn.a:b"), []byte("\x00SessionType=Discovery\x00"), []byte("="))
	f.Fuzz(func(t *testing.T, flags, a, b, c []byte) {
		d := newDialogue(t, block.Grant{User: "alice", Secret: "wonderland12"}, nil)
		for i, text := range [][]byte{a, b, c} {
			req := loginRequest(secToOp, "")
			if i < len(flags) {
				req.Header[1] = flags[i]
			}
			req.Data = text[:min(len(text), maxLoginData)]
			resp, err := d.step(req)
			if len(resp.Data) > maxLoginData {
				t.Fatalf("response of %d bytes", len(resp.Data))
			}
			if err != nil {
				break
			}
			if d.full() && !d.discovery() {
				t.Fatalf("in without a proof, after %q", [][]byte{a, b, c}[:i+1])
			}
		}
	})
}
