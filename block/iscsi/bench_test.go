package iscsi

import (
	"encoding/binary"
	"encoding/hex"
	"net"
	"strings"
	"testing"
)

// header reads a header that is written in hexadecimal.
func header(text string) Header {
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil || len(b) != HeaderLen {
		panic("header " + text)
	}
	return Header(b)
}

// Commands of one 4 KiB page at LUN 0, as they stand on the wire.
const (
	read4K  = "01c10000 00000000 0000000000000000 00000001 00001000 00000001 00000000 28000000 00000000 08000000 00000000"
	write4K = "01a10000 00000000 0000000000000000 00000001 00001000 00000001 00000000 2a000000 00000000 08000000 00000000"
)

// BenchmarkSession is the cost of one command from its PDU to its answer, sockets and
// disk left out.
func BenchmarkSession(b *testing.B) {
	for name, c := range map[string]struct {
		header string
		data   int
	}{"Read4K": {read4K, 0}, "Write4K": {write4K, 4096}} {
		b.Run(name, func(b *testing.B) {
			l := newLedger(b, false)
			l.session.params.FirstBurst, l.session.params.MaxSend, l.session.params.MaxBurst = 64<<10, 256<<10, 1<<20
			l.device.Execute((&Task{cdb: make([]byte, 6)}).command(l.nexus)) // takes the unit attention
			p := PDU{Header: header(c.header), Data: make([]byte, c.data)}
			b.ReportAllocs()
			for sn := uint32(1); b.Loop(); sn++ {
				binary.BigEndian.PutUint32(p.Header[16:], sn)
				binary.BigEndian.PutUint32(p.Header[24:], sn)
				if err := l.session.Handle(p); err != nil {
					b.Fatal(err)
				}
				l.step(1)
			}
			if l.sent < b.N {
				b.Fatalf("%d answers to %d commands", l.sent, b.N)
			}
		})
	}
}

// BenchmarkOutbox is the cost of a 4 KiB answer on its way to the socket.
func BenchmarkOutbox(b *testing.B) {
	for name, d := range map[string]Digests{"Plain": {}, "Digests": {Header: true, Data: true}} {
		b.Run(name, func(b *testing.B) {
			o, sending := outbox{memory: newBuffers(1 << 30), digests: d}, outbox{}
			p := PDU{Header: header(strings.Replace(read4K, "01c1", "2580", 1)), Data: make([]byte, 4096)}
			sink, other := net.Pipe()
			other.Close()
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				o.add(p, nil)
				if n%32 == 31 {
					o.take(&sending)
					_ = sending.send(sink) // fails at once: the pipe is closed
				}
			}
		})
	}
}
