package rmcp

import (
	"bytes"
	"errors"
	"sync/atomic"
	"testing"
	"time"
)

// The far end of a line: what it sends, and what of it is new to us.
func TestWhatTheMachineWrites(t *testing.T) {
	var l line
	for _, c := range []struct {
		packet  solPacket
		written string
		answer  *solPacket
	}{
		{solPacket{seq: 1, data: []byte("login: ")}, "login: ", &solPacket{ack: 1, accepted: 7}},
		{solPacket{seq: 1, data: []byte("login: ")}, "", &solPacket{ack: 1, accepted: 7}},          // our answer was lost
		{solPacket{seq: 1, data: []byte("login: root")}, "root", &solPacket{ack: 1, accepted: 11}}, // and it got longer
		{solPacket{seq: 0, ack: 3}, "", nil},
		{solPacket{seq: 2, data: []byte("#")}, "#", &solPacket{ack: 2, accepted: 1}},
		{solPacket{seq: 9, data: []byte("!")}, "!", &solPacket{ack: 9, accepted: 1}}, // it gave six packets up
		{solPacket{seq: 1, data: make([]byte, 300)}, string(make([]byte, 300)), &solPacket{ack: 1, accepted: 255}},
	} {
		written, answer, err := l.receive(c.packet)
		if err != nil || string(written) != c.written {
			t.Errorf("receive(%+v) = %q, %v, want %q", c.packet, written, err, c.written)
		}
		if (answer == nil) != (c.answer == nil) || answer != nil && !bytes.Equal(answer.bytes(), c.answer.bytes()) {
			t.Errorf("receive(%+v) answers %+v, want %+v", c.packet, answer, c.answer)
		}
	}
	if _, _, err := l.receive(solPacket{flags: solEnded}); !errors.Is(err, ErrEnded) {
		t.Errorf("end = %v, want %v", err, ErrEnded)
	}
}

// What is typed goes in one packet at a time, and whole.
func TestWhatIsTyped(t *testing.T) {
	l := line{queue: []byte("0123456789")}
	first := l.send(4)
	if first == nil || first.seq != 1 || string(first.data) != "0123" || l.send(4) != nil {
		t.Fatalf("first packet = %+v, and another beside it", first)
	}
	for _, c := range []struct {
		what   string
		answer solPacket
		next   string // of the packet that follows, "" for none
	}{
		{"of another packet", solPacket{ack: 9, accepted: 4}, ""},
		{"taken", solPacket{ack: 1, accepted: 4}, "4567"},
		{"two of four taken", solPacket{ack: 2, accepted: 2, flags: solNACK}, "6789"},
		{"more taken than was sent", solPacket{ack: 3, accepted: 200, flags: solNACK}, ""},
	} {
		if _, _, err := l.receive(c.answer); err != nil {
			t.Fatalf("%s: %v", c.what, err)
		}
		next := l.send(4)
		if got := packetText(next); got != c.next {
			t.Errorf("%s: next is %q, want %q", c.what, got, c.next)
		}
	}
	if !l.idle() {
		t.Errorf("%+v is not idle", l)
	}
	l.queue = []byte("typed to a machine that is off")
	p := l.send(4)
	if _, _, err := l.receive(solPacket{ack: p.seq, flags: solNACK | solUnavailable}); err != nil || !l.idle() {
		t.Errorf("machine off: %v, idle %v", err, l.idle())
	}
	for range 30 { // the numbers are 1 to 15
		if p := l.hold(); p.seq < 1 || p.seq > 15 || p.flags != solBreak {
			t.Errorf("break = %+v", p)
		}
	}
}

func packetText(p *solPacket) string {
	if p == nil {
		return ""
	}
	return string(p.data)
}

// FuzzSOL: whatever a BMC sends, what is typed is never sent twice at once, never numbered 0 and never
// made up.
func FuzzSOL(f *testing.F) {
	f.Add([]byte{1, 0, 0, 0, 'h', 'i'}, []byte("ls\n"))
	f.Add([]byte{0, 1, 1, solNACK}, []byte("reboot\n"))
	f.Add([]byte{0, 1, 0, solNACK | solUnavailable}, []byte("x"))
	f.Add([]byte{0, 0, 0, solEnded}, []byte{})
	f.Fuzz(func(t *testing.T, packet, typed []byte) {
		l := line{queue: bytes.Clone(typed)}
		first := l.send(solSize)
		for range 3 {
			p, err := parseSOL(packet)
			if err != nil {
				return
			}
			written, answer, err := l.receive(p)
			if err != nil {
				return
			}
			if len(written) > len(p.data) || answer != nil && (answer.seq != 0 || answer.ack != p.seq) {
				t.Fatalf("receive(%x) = %x, %+v", packet, written, answer)
			}
			next := l.send(solSize)
			if next != nil && (next.seq == 0 || next.seq > 15 || !bytes.Contains(typed, next.data)) {
				t.Fatalf("after %x: %+v of %x, first %+v", packet, next, typed, first)
			}
		}
	})
}

// A BMC that is gone says nothing, and its silence ends the console.
func TestSilenceEndsTheConsole(t *testing.T) {
	var cut atomic.Bool
	config := at(startWire(t, startBMC(t, both), asIs, func(p []byte) [][]byte {
		if cut.Load() {
			return nil
		}
		return [][]byte{p}
	}), 17)
	config.Alive = 50 * time.Millisecond
	s, err := Dial(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.Console(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	cut.Store(true)
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, ErrNoAnswer) {
		t.Errorf("console of a silent BMC = %v, want %v", err, ErrNoAnswer)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}
