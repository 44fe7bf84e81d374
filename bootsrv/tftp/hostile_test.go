package tftp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// peer is a client that may say what it likes, from an address of its own.
type peer struct {
	t    *testing.T
	conn *net.UDPConn
	to   *net.UDPAddr
}

func newPeer(t *testing.T, from, server string) *peer {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.ParseIP(from)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	to, err := net.ResolveUDPAddr("udp4", server)
	if err != nil {
		t.Fatal(err)
	}
	return &peer{t, conn, to}
}

func (p *peer) send(packet string, to *net.UDPAddr) {
	if _, err := p.conn.WriteToUDP([]byte(packet), to); err != nil {
		p.t.Error(err)
	}
}

// hear returns the next packet: its opcode, the rest, and where to answer.
func (p *peer) hear() (op uint16, rest []byte, from *net.UDPAddr) {
	b := make([]byte, 1<<16)
	n, from, err := p.conn.ReadFromUDP(b)
	if err != nil || n < 2 {
		p.t.Errorf("heard %d bytes, %v", n, err)
		return 0, nil, nil
	}
	return binary.BigEndian.Uint16(b), b[2:n], from
}

// read makes a read request (RFC 2347): a name, a mode, options and their values.
func read(words ...string) string { return "\x00\x01" + strings.Join(words, "\x00") + "\x00" }

// fetch gets a whole file in blocks of the size that the server grants.
func (p *peer) fetch(words ...string) (body []byte, options string, err error) {
	block := 512
	p.send(read(words...), p.to)
	for {
		op, rest, from := p.hear()
		switch op {
		case 3:
			body = append(body, rest[2:]...)
			p.send("\x00\x04"+string(rest[:2]), from)
			if len(rest) < 2+block {
				return body, options, nil
			}
		case 6:
			options = strings.ReplaceAll(string(rest), "\x00", " ")
			if granted := regexp.MustCompile(`blksize 0*(\d+)`).FindStringSubmatch(options); granted != nil {
				block, _ = strconv.Atoi(granted[1])
			}
			p.send("\x00\x04\x00\x00", from)
		default:
			return body, options, errors.New(fmt.Sprint(op, " ", string(rest)))
		}
	}
}

// What a client may ask for in options is granted within bounds or passed over
// (RFC 2347 to 2349); none of it keeps the file from being sent.
func TestOptions(t *testing.T) {
	addr, _, _ := serve(t)
	for _, c := range []struct {
		options []string
		granted string
	}{
		{nil, ""},
		{[]string{"blksize", "1468", "tsize", "0"}, "blksize 1468 tsize 320000"},
		{[]string{"blksize", "65464"}, "blksize 65464"},
		{[]string{"blksize", "65465"}, ""},
		{[]string{"blksize", "7"}, ""},
		{[]string{"blksize", "-512"}, ""},
		{[]string{"blksize", "99999999999999999999"}, ""},
		{[]string{"blksize", "x"}, ""},
		{[]string{"blksize", strings.Repeat("0", 400) + "512"}, "blksize"},
		{[]string{"windowsize", "65535", "multicast", "", "timeout", "255"}, ""},
		{[]string{"tsize", "0"}, "tsize 320000"},
		{[]string{strings.Repeat("o", 450), "1"}, ""},
		{[]string{"tsize"}, "tsize"},
	} {
		body, granted, err := newPeer(t, "127.0.0.1", addr).fetch(append([]string{"snponly.efi", "octet"}, c.options...)...)
		if err != nil || len(body) != 320_000 {
			t.Errorf("options %.60q: %d bytes, %v", c.options, len(body), err)
		}
		for _, want := range strings.Split(c.granted, " ") {
			if !strings.Contains(granted, want) || c.granted == "" && granted != "" {
				t.Errorf("options %.60q: granted %.60q, want %q", c.options, granted, c.granted)
			}
		}
	}
}

// Packets that are no requests are dropped, and the server goes on.
func TestMalformed(t *testing.T) {
	addr, _, _ := serve(t)
	p := newPeer(t, "127.0.0.1", addr)
	for _, packet := range []string{
		"", "\x00", "\x00\x01", "\x00\x01snponly.efi", "\x00\x01\x00", "\x00\x03\x00\x01data", "\x00\x04\x00\x01",
		"\x00\x05\x00\x00\x00", "\x00\x06\x00\x00\x00\x00", "\xff\xff" + strings.Repeat("\xff", 2000), read(strings.Repeat("A", 60_000), "octet"),
	} {
		p.send(packet, p.to)
	}
	if body, _, err := newPeer(t, "127.0.0.2", addr).fetch("snponly.efi", "octet"); err != nil || len(body) != 320_000 {
		t.Errorf("after malformed packets: %d bytes, %v", len(body), err)
	}
}

// One host that asks and never acknowledges has its share and no more: the next of
// its requests is refused, and other machines are served.
func TestOneHostCannotTakeAll(t *testing.T) {
	addr, _, stop := serve(t)
	greedy := newPeer(t, "127.0.0.7", addr)
	for range fromOneHost {
		greedy.send(read("snponly.efi", "octet"), greedy.to)
		if op, _, _ := greedy.hear(); op != 3 {
			t.Fatalf("heard opcode %d, want data", op)
		}
	}
	more := newPeer(t, "127.0.0.7", addr)
	more.send(read("snponly.efi", "octet"), more.to)
	if op, rest, _ := more.hear(); op != 5 || !strings.Contains(string(rest), "too many transfers") {
		t.Errorf("one more request was answered %d %q, want an error", op, rest)
	}
	if body, _, err := newPeer(t, "127.0.0.8", addr).fetch("snponly.efi", "octet"); err != nil || len(body) != 320_000 {
		t.Errorf("another machine: %d bytes, %v", len(body), err)
	}
	began := time.Now()
	if err := stop(); err != nil || time.Since(began) > drain+3*time.Second {
		t.Errorf("the server ended after %v, %v; want no more than %v for transfers that nobody takes", time.Since(began), err, drain)
	}
}

// A hundred machines at once are no trouble.
func TestManyAtOnce(t *testing.T) {
	addr, _, _ := serve(t)
	var all sync.WaitGroup
	for i := range 100 {
		p := newPeer(t, fmt.Sprintf("127.0.1.%d", i+1), addr)
		all.Go(func() {
			if body, _, err := p.fetch("snponly.efi", "octet", "blksize", "1468"); err != nil || len(body) != 320_000 {
				t.Errorf("%d bytes, %v", len(body), err)
			}
		})
	}
	all.Wait()
}
