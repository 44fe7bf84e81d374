package rmcp

import (
	"bytes"
	"fmt"
)

// Bits of the fourth byte of a packet of serial over LAN (tables 15-2 and 15-3).
const (
	solBreak       = 0x10 // from us: hold the line low, which some systems take for a signal
	solNACK        = 0x40 // not all characters of the named packet were taken
	solUnavailable = 0x20 // from the BMC: the machine is off, or its line is in use
	solEnded       = 0x10 // from the BMC: it has ended the payload
	solHeader      = 4
)

// solPacket is a packet of serial over LAN (section 15.9). Sequence numbers have 4 bits; 0 is
// for a packet that only acknowledges.
type solPacket struct {
	seq      byte // of the characters in it
	ack      byte // the packet of the other side that it acknowledges, 0 for none
	accepted byte // how many characters of that packet were taken
	flags    byte
	data     []byte
}

func parseSOL(b []byte) (solPacket, error) {
	if len(b) < solHeader || b[0] > 0x0f || b[1] > 0x0f {
		return solPacket{}, errMalformed
	}
	return solPacket{seq: b[0], ack: b[1], accepted: b[2], flags: b[3], data: b[solHeader:]}, nil
}

func (p solPacket) bytes() []byte {
	return append([]byte{p.seq, p.ack, p.accepted, p.flags}, p.data...)
}

// line is our end of a serial line over LAN, without its socket. One packet of ours is on the
// way at a time, and it is sent again until the BMC acknowledges it (section 15.11).
type line struct {
	seq    byte       // of our last packet with characters
	onWay  *solPacket // our packet that is not acknowledged yet
	queue  []byte     // typed and not sent yet
	got    byte       // sequence number of the BMC's last packet with characters
	gotten int        // how many characters of it were taken
}

// idle reports whether there is nothing to send and nothing to be acknowledged.
func (l *line) idle() bool { return l.onWay == nil && len(l.queue) == 0 }

// send makes the next packet of at most size characters, nil if there is none or one is on its way.
func (l *line) send(size int) *solPacket {
	if l.onWay != nil || len(l.queue) == 0 {
		return nil
	}
	n := min(size, len(l.queue))
	p := l.put(solPacket{data: bytes.Clone(l.queue[:n])})
	l.queue = l.queue[n:]
	return p
}

// hold makes a packet that holds the line low; characters on their way are given up for it, as a
// person sends a break when a machine does not take them.
func (l *line) hold() *solPacket { return l.put(solPacket{flags: solBreak}) }

// put numbers a packet: 1 to 15, then 1 again.
func (l *line) put(p solPacket) *solPacket {
	l.seq = l.seq%15 + 1
	p.seq = l.seq
	l.onWay = &p
	return &p
}

// receive takes a packet of the BMC. It returns what the machine wrote and the answer that is
// due, nil for none. The error of a BMC that ended the payload is [ErrEnded].
func (l *line) receive(p solPacket) (written []byte, answer *solPacket, err error) {
	if p.flags&solEnded != 0 {
		return nil, nil, fmt.Errorf("%w by the BMC", ErrEnded)
	}
	l.acknowledged(p)
	if p.seq == 0 {
		return nil, nil, nil
	}
	written = p.data
	if p.seq == l.got { // sent again: it may have got longer (section 15.9)
		written = p.data[min(l.gotten, len(p.data)):]
		l.gotten = max(l.gotten, len(p.data))
	} else {
		l.got, l.gotten = p.seq, len(p.data)
	}
	return written, &solPacket{ack: p.seq, accepted: byte(min(len(p.data), 0xff))}, nil
}

// acknowledged takes what a packet says of ours. The characters that a BMC did not take are sent
// in a new packet; those for a machine that is off are dropped, as a serial line drops them.
func (l *line) acknowledged(p solPacket) {
	if l.onWay == nil || p.ack != l.onWay.seq {
		return
	}
	sent := l.onWay.data
	l.onWay = nil
	switch {
	case p.flags&solNACK == 0:
	case p.flags&solUnavailable != 0:
		l.queue = nil
	default:
		l.queue = append(bytes.Clone(sent[min(int(p.accepted), len(sent)):]), l.queue...)
	}
}
