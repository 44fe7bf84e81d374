package tftp

import (
	"bytes"
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
	b    [1 << 16]byte
}

func newPeer(t *testing.T, from, server string) *peer {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.ParseIP(from)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	to, err := net.ResolveUDPAddr("udp4", server)
	if err != nil {
		t.Fatal(err)
	}
	return &peer{t: t, conn: conn, to: to}
}

func (p *peer) send(packet string, to *net.UDPAddr) {
	if _, err := p.conn.WriteToUDP([]byte(packet), to); err != nil {
		p.t.Error(err)
	}
}

// hear returns the next packet: its opcode, the rest, valid until the next call, and where to
// answer.
func (p *peer) hear() (op uint16, rest []byte, from *net.UDPAddr) {
	n, from, err := p.conn.ReadFromUDP(p.b[:])
	if err != nil || n < 2 {
		p.t.Errorf("heard %d bytes, %v", n, err)
		return 0, nil, nil
	}
	return binary.BigEndian.Uint16(p.b[:]), p.b[2:n], from
}

// read makes a read request (RFC 2347): a name, a mode, options and their values.
func read(words ...string) string { return "\x00\x01" + strings.Join(words, "\x00") + "\x00" }

// fetch gets a whole file in blocks of the size that the server grants.
func (p *peer) fetch(words ...string) (body []byte, options string, err error) {
	block, next := 512, uint16(1)
	p.send(read(words...), p.to)
	for {
		op, rest, from := p.hear()
		switch op {
		case 3:
			if number := binary.BigEndian.Uint16(rest); number == next { // others are duplicates
				next, body = next+1, append(body, rest[2:]...)
			}
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
		{[]string{"BLKSIZE", "1024", "TSize", "0"}, "blksize 1024 tsize 320000"},
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
	for mode, want := range map[string]bool{"OCTET": true, "netascii": false, "mail": false, "": false} {
		if body, _, err := newPeer(t, "127.0.0.3", addr).fetch("snponly.efi", mode); (err == nil) != want || want && len(body) != 320_000 {
			t.Errorf("mode %q: %d bytes, %v", mode, len(body), err)
		}
	}
	if body, _, err := newPeer(t, "127.0.0.2", addr).fetch("snponly.efi", "octet"); err != nil || len(body) != 320_000 {
		t.Errorf("after malformed packets: %d bytes, %v", len(body), err)
	}
}

// One host that asks and never acknowledges has its share and no more, and draws one packet
// for each request. The next of its requests is dropped until one of these is idle; other
// machines are served.
func TestOneHostCannotTakeAll(t *testing.T) {
	addr, _, stop := serve(t)
	greedy := newPeer(t, "127.0.0.7", addr)
	others := []*peer{greedy}
	for range fromOneHost {
		p := newPeer(t, "127.0.0.7", addr)
		others = append(others, p)
		p.send(read("snponly.efi", "octet"), p.to)
		if op, _, _ := p.hear(); op != 3 {
			t.Fatalf("heard opcode %d, want data", op)
		}
	}
	if body, _, err := newPeer(t, "127.0.0.8", addr).fetch("snponly.efi", "octet"); err != nil || len(body) != 320_000 {
		t.Errorf("another machine: %d bytes, %v", len(body), err)
	}
	if asked := greedy.insist(read("snponly.efi", "octet")); asked < 2 {
		t.Error("one request more than the share was answered at once")
	}
	heard := 0
	for _, p := range others {
		heard += p.rest()
	}
	if heard != 0 {
		t.Errorf("%d packets came that no request asked for", heard)
	}
	began := time.Now()
	if err := stop(); err != nil || time.Since(began) > drain+3*time.Second {
		t.Errorf("the server ended after %v, %v; want no more than %v for transfers that nobody takes", time.Since(began), err, drain)
	}
}

// insist repeats a request until it is answered, and returns how often it was sent.
func (p *peer) insist(request string) int {
	for n := 1; ; n++ {
		p.send(request, p.to)
		if err := p.conn.SetReadDeadline(time.Now().Add(200 * time.Millisecond)); err != nil {
			p.t.Fatal(err)
		}
		if _, _, err := p.conn.ReadFromUDP(p.b[:]); err == nil || n == 100 {
			return n
		}
	}
}

// rest counts the packets that have come, and that come within the time of two retransmissions.
func (p *peer) rest() (n int) {
	if err := p.conn.SetReadDeadline(time.Now().Add(3 * minTimeout)); err != nil {
		p.t.Fatal(err)
	}
	for {
		if _, _, err := p.conn.ReadFromUDP(p.b[:]); err != nil {
			return n
		}
		n++
	}
}

// A request that is repeated is answered again, from the same port: its answer was lost.
func TestRepeatedRequest(t *testing.T) {
	addr, _, _ := serve(t)
	for _, words := range [][]string{{"snponly.efi", "octet"}, {"snponly.efi", "octet", "BLKSIZE", "1024"}} {
		p := newPeer(t, "127.0.0.1", addr)
		p.send(read(words...), p.to)
		op, rest, from := p.hear()
		first := bytes.Clone(rest)
		p.send(read(words...), p.to)
		again, second, same := p.hear()
		if op != again || !bytes.Equal(first, second) || from.Port != same.Port {
			t.Errorf("%q: answered %d from %v, then %d from %v", words, op, from, again, same)
		}
	}
}

// Lost packets in both directions cost the time of a round trip each, not seconds (N10:
// 2.3 s each before).
func TestLosses(t *testing.T) {
	addr, _, _ := serve(t)
	p := newPeer(t, "127.0.0.1", addr)
	p.send(read("snponly.efi", "octet", "blksize", "1468"), p.to)
	_, _, from := p.hear()
	body, lost, last := 0, 0, "\x00\x04\x00\x00"
	began := time.Now()
	p.send(last, from)
	for n := 0; ; n++ {
		op, rest, _ := p.hear()
		if op != 3 {
			t.Fatalf("heard opcode %d", op)
		}
		if n%8 == 3 { // as if it had not come
			lost++
			continue
		}
		ack := "\x00\x04" + string(rest[:2])
		if ack != last {
			body += len(rest) - 2
		}
		last = ack
		if n%8 == 7 { // as if it were lost
			lost++
			continue
		}
		p.send(ack, from)
		if len(rest) < 2+1468 {
			break
		}
	}
	if body != 320_000 || lost < 40 {
		t.Errorf("%d bytes with %d losses, want 320000", body, lost)
	}
	if took := time.Since(began); took > time.Duration(lost)*time.Second/2 {
		t.Errorf("%d losses took %v", lost, took)
	}
}

// A client that is silent in the middle for longer than seven short retransmissions take, as in
// a crowd, goes on where it was: firmware does not begin again.
func TestLateClient(t *testing.T) {
	t.Parallel()
	addr, _, _ := serve(t)
	p := newPeer(t, "127.0.0.1", addr)
	p.send(read("snponly.efi", "octet", "blksize", "1468"), p.to)
	_, _, from := p.hear()
	p.send("\x00\x04\x00\x00", from)
	for block := uint16(1); block < 20; block++ {
		op, rest, _ := p.hear()
		for op == 3 && binary.BigEndian.Uint16(rest) < block { // repeated
			op, rest, _ = p.hear()
		}
		if op != 3 || binary.BigEndian.Uint16(rest) != block {
			t.Fatalf("heard opcode %d, block %x, want block %d", op, rest[:2], block)
		}
		if block == 10 {
			if err := p.conn.SetReadDeadline(time.Now().Add(8 * time.Second)); err != nil {
				t.Fatal(err)
			}
			for err := error(nil); err == nil; { // passes over what is sent again
				_, _, err = p.conn.ReadFromUDP(p.b[:])
			}
			if err := p.conn.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
				t.Fatal(err)
			}
		}
		p.send("\x00\x04"+string([]byte{byte(block >> 8), byte(block)}), from)
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
