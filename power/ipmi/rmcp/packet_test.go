package rmcp

import (
	"bytes"
	"crypto/aes"
	"encoding/hex"
	"errors"
	"os"
	"strings"
	"testing"
)

// capture reads a recorded exchange: packets to the BMC and from it.
func capture(t testing.TB, path string) (toBMC, fromBMC [][]byte) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		direction, digits, _ := strings.Cut(strings.TrimSpace(line), " ")
		packet, err := hex.DecodeString(digits)
		switch {
		case direction == "#":
		case err != nil:
			t.Fatal(err)
		case direction == ">":
			toBMC = append(toBMC, packet)
		default:
			fromBMC = append(fromBMC, packet)
		}
	}
	return toBMC, fromBMC
}

// What ipmitool and ipmi_sim said to each other, taken apart with nothing but the
// password: every hash, key and sequence comes out as they had it.
func TestRecordedExchange(t *testing.T) {
	const name, password = "ipmiusr", "test"
	to, from := capture(t, "testdata/ipmitool-suite3.hex")
	ask := (&old{}).seal(ipmiMessage, appendRequest(nil, netFnApp, cmdChannelAuth, 0, []byte{0x8e, 0x04}))
	if !bytes.Equal(ask, to[0]) {
		t.Errorf("capabilities request = %x, want %x", ask, to[0])
	}
	body := func(packet []byte, want payload) []byte {
		t.Helper()
		kind, b, err := bare{}.open(packet)
		if err != nil || kind != want {
			t.Fatalf("open(%x) = %#x, %v, want %#x", packet, kind, err, want)
		}
		return b
	}
	opened, first, second, third, fourth := body(from[1], openSessionResponse), body(to[2], rakp1), body(from[2], rakp2), body(to[3], rakp3),
		body(from[3], rakp4)
	suite, _ := suiteOf(3)
	h := handshake{suite: suite, sidM: opened[4:8], sidC: opened[8:12], rM: first[8:24], rC: second[8:24], guid: second[24:40],
		role: append([]byte{byte(Administrator) | nameOnlyLookup, byte(len(name))}, name...)}
	sik := h.sik(Config{Password: password})
	for _, c := range []struct {
		what      string
		got, want []byte
	}{
		{"RAKP 2", h.proofOfBMC([]byte(password)), second[40:]},
		{"RAKP 3", h.proofOfConsole([]byte(password)), third[8:]},
		{"RAKP 4", h.proofOfKeys(sik), fourth[8:]},
	} {
		if !bytes.Equal(c.got, c.want) {
			t.Errorf("%s: %x, want %x", c.what, c.got, c.want)
		}
	}
	ours, err := h.envelope(sik)
	if err != nil {
		t.Fatal(err)
	}
	theirs := *ours
	theirs.local, theirs.remote = ours.remote, ours.local
	for i := range to[4:] {
		_, request, err := theirs.open(to[4+i])
		if err != nil {
			t.Fatalf("request %d: %v", i, err)
		}
		_, answer, err := ours.open(from[4+i])
		if err != nil {
			t.Fatalf("answer %d: %v", i, err)
		}
		r, err := parseReply(answer)
		if err != nil || r.cmd != request[5] || r.seq != request[4]>>2 {
			t.Errorf("answer %d = %+v, %v to %x", i, r, err, request)
		}
	}
}

func TestParseReplyRefusesDamage(t *testing.T) {
	_, from := capture(t, "testdata/ipmitool-suite3.hex")
	_, good, err := (&old{}).open(from[0])
	if err != nil {
		t.Fatal(err)
	}
	r, err := parseReply(good)
	if err != nil || r.netFn != netFnApp|1 || r.cmd != cmdChannelAuth || r.code != 0 || len(r.data) != 8 {
		t.Errorf("parseReply(%x) = %+v, %v", good, r, err)
	}
	for i := range good {
		bad := bytes.Clone(good)
		bad[i]++
		if _, err := parseReply(bad); !errors.Is(err, errMalformed) {
			t.Errorf("parseReply with byte %d changed = %v, want %v", i, err, errMalformed)
		}
	}
	for n := range 8 {
		if _, err := parseReply(good[:n]); !errors.Is(err, errMalformed) {
			t.Errorf("parseReply of %d bytes = %v, want %v", n, err, errMalformed)
		}
	}
}

// pair makes the two ends of a session.
func pair(t testing.TB, id byte) (us, them *sealed) {
	t.Helper()
	suite, ok := suiteOf(id)
	if !ok {
		t.Fatalf("no suite %d", id)
	}
	block, err := aes.NewCipher(bytes.Repeat([]byte{2}, 16))
	if err != nil {
		t.Fatal(err)
	}
	k1 := bytes.Repeat([]byte{1}, suite.hash().Size())
	return &sealed{suite: suite, k1: k1, aes: block, local: 1, remote: 2}, &sealed{suite: suite, k1: k1, aes: block, local: 2, remote: 1}
}

func TestSealedRoundTrip(t *testing.T) {
	for _, id := range Suites() {
		us, them := pair(t, id)
		for n := range 300 { // every length of padding, inside and outside
			body := bytes.Repeat([]byte{0xa5}, n)
			packet := us.seal(ipmiMessage, body)
			if (len(packet)-4-us.suite.code)%4 != 0 {
				t.Fatalf("suite %d: %d bytes are hashed, want a multiple of 4", id, len(packet)-4-us.suite.code)
			}
			kind, got, err := them.open(packet)
			if kind != ipmiMessage || !bytes.Equal(got, body) || err != nil {
				t.Fatalf("suite %d: open(seal(%d bytes)) = %v, %d bytes, %v", id, n, kind, len(got), err)
			}
			if _, _, err := us.open(packet); err == nil {
				t.Fatalf("suite %d: a packet of ours opened as one for us", id)
			}
		}
	}
}

// Whatever arrives, nothing panics, and only what the other end has sealed opens.
func FuzzOpen(f *testing.F) {
	us, them := pair(f, 17)
	f.Add(them.seal(ipmiMessage, []byte("hello")))
	f.Add((&old{}).seal(ipmiMessage, appendRequest(nil, netFnApp, cmdChannelAuth, 1, []byte{0x8e, 0x04})))
	f.Add(bare{}.seal(rakp1, make([]byte, 28)))
	f.Add(append(header(), authPlus, encrypted|authenticated, 1, 0, 0, 0, 1, 0, 0, 0, 5, 0, 1, 2, 3, 4, 5))
	f.Add(append(header(), authMD5))
	_, recorded := capture(f, "testdata/ipmitool-suite3.hex")
	for _, p := range recorded {
		f.Add(p)
	}
	f.Add(append(header(), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff))
	for range 3 {
		p := them.seal(ipmiMessage, []byte("hello"))
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, packet []byte) {
		if _, body, err := us.open(packet); err == nil && string(body) != "hello" {
			t.Errorf("open(%x) = %q, want an error: the packet was not sealed", packet, body)
		}
		for _, e := range []envelope{&old{}, &old{auth: authMD5, id: 1, sequence: 1}, bare{}} {
			if _, body, err := e.open(packet); err == nil {
				parseReply(body)
			}
		}
	})
}
