package iscsi

import "net"

// outbox collects PDUs until they are written together. Headers, padding, digests and short
// data are copied into chunks; longer data stays where it is.
type outbox struct {
	memory  *buffers
	digests Digests

	chunk  *Buffer
	start  int         // of the filled part of chunk that is not yet in pieces
	end    int         // of the filled part of chunk
	pieces net.Buffers // what to write, in order
	owned  []*Buffer   // what to release afterwards
	bytes  int
}

const (
	chunkLen  = 16 << 10 // holds the headers of a good many replies
	smallData = 512      // up to where data is copied into the chunk
)

// room returns the next n bytes of the chunk.
func (o *outbox) room(n int) []byte {
	if o.chunk == nil || len(o.chunk.B)-o.end < n {
		o.cut()
		o.chunk = o.memory.get(max(chunkLen, n))
		o.owned = append(o.owned, o.chunk)
		o.start, o.end = 0, 0
	}
	b := o.chunk.B[o.end : o.end+n]
	o.end += n
	o.bytes += n
	return b
}

// cut makes the filled part of the chunk a piece of its own.
func (o *outbox) cut() {
	if o.end > o.start {
		o.pieces = append(o.pieces, o.chunk.B[o.start:o.end])
		o.start = o.end
	}
}

// add appends a PDU. last, if not nil, is released after the PDU is written.
func (o *outbox) add(p PDU, last *Buffer) {
	n := len(p.Data)
	h := Header(o.room(HeaderLen + o.digests.headerRest(p.Header)))
	copy(h, p.Header)
	h.setDataLen(n)
	if o.digests.Header {
		appendDigest(h[:HeaderLen], h[:HeaderLen])
	}
	if n <= smallData {
		copy(o.room(n), p.Data)
	} else {
		o.cut()
		o.pieces = append(o.pieces, p.Data)
		o.bytes += n
	}
	if rest := o.digests.dataRest(n); rest > 0 {
		tail := o.room(rest)
		clear(tail)
		if pad := padding(n); o.digests.Data {
			appendDigest(tail[:pad], p.Data, tail[:pad])
		}
	}
	if last != nil {
		o.owned = append(o.owned, last)
	}
}

// take moves the contents into another outbox and reuses that one's slices.
func (o *outbox) take(into *outbox) {
	o.cut()
	o.chunk = nil
	*o, *into = outbox{memory: o.memory, digests: o.digests, pieces: into.pieces[:0], owned: into.owned[:0]}, *o
}

// send writes everything and releases it.
func (o *outbox) send(c net.Conn) error {
	pieces := o.pieces // WriteTo consumes the slice that it is called on
	_, err := pieces.WriteTo(c)
	o.discard()
	return err
}

// discard releases everything.
func (o *outbox) discard() {
	clear(o.pieces)
	for i, b := range o.owned {
		b.release()
		o.owned[i] = nil
	}
}
