package iscsi

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"syscall"
)

// lender lends buffers for PDUs with that much data, twice as large so that a partial PDU
// rarely has to be moved to the front. A connection that waits holds none: a thousand idle
// sessions cost next to nothing.
type lender struct {
	maxData int
	pool    sync.Pool
}

func newLender(maxData int) *lender {
	return &lender{maxData: maxData, pool: sync.Pool{New: func() any { b := make([]byte, 2*maxData); return &b }}}
}

// Discovery sessions are unauthenticated, so they get smaller buffers than normal sessions:
// an initiator that stops in the middle of a PDU keeps its buffer.
var (
	readBuffers      = newLender(maxRecvData)
	discoveryBuffers = newLender(maxLoginData)
)

// reader cuts a stream into PDUs. It is used by one goroutine.
type reader struct {
	conn    net.Conn
	raw     syscall.RawConn // nil: conn has no descriptor
	park    func() error    // called before waiting for the peer; an error ends the wait
	unpark  func()          // called when data has arrived
	digests Digests
	lender  *lender

	buf  *[]byte // nil: none borrowed
	r, w int     // what is read and not yet taken
	n    int     // of the last read
	err  error
	try  func(fd uintptr) bool
}

func newReader(c net.Conn, park func() error, unpark func()) *reader {
	r := &reader{conn: c, park: park, unpark: unpark, lender: readBuffers}
	if sc, ok := c.(syscall.Conn); ok {
		r.raw, _ = sc.SyscallConn()
	}
	r.try = r.tryRead
	return r
}

// next returns the next PDU, which lies in the reader's buffer until next is called again.
// It returns the PDU with errDataDigest too: the header is intact.
func (r *reader) next() (PDU, error) {
	if err := r.need(HeaderLen); err != nil {
		return PDU{}, err
	}
	h := Header((*r.buf)[r.r:][:HeaderLen])
	if err := checkLengths(h, r.lender.maxData); err != nil {
		return PDU{}, err
	}
	if err := r.need(r.size(h)); err != nil {
		return PDU{}, err
	}
	return r.cut()
}

// size returns the length of a whole PDU on the wire.
func (r *reader) size(h Header) int {
	n := h.DataLen()
	return HeaderLen + r.digests.headerRest(h) + n + r.digests.dataRest(n)
}

// cut returns the complete PDU at the front of the buffer.
func (r *reader) cut() (PDU, error) {
	b := (*r.buf)[r.r:r.w]
	h := Header(b[:HeaderLen:HeaderLen])
	data := HeaderLen + r.digests.headerRest(h)
	n := h.DataLen()
	end := data + n + padding(n)
	p := PDU{Header: h, AHS: b[HeaderLen : HeaderLen+h.AHSLen()], Data: b[data : data+n : data+n]}
	r.r += r.size(h)
	if r.digests.Header {
		if err := checkDigest("header", b[data-4:], b[:data-4]); err != nil {
			return PDU{}, err
		}
	}
	if r.digests.Data && n > 0 {
		if err := checkDigest("data", b[end:], b[data:end]); err != nil {
			return p, fmt.Errorf("%w: %w", errDataDigest, err)
		}
	}
	return p, nil
}

// errDataDigest is wrapped by the error of a PDU with an intact header and damaged data.
var errDataDigest = errors.New("data was damaged on the way")

// need reads until at least n bytes are in the buffer.
func (r *reader) need(n int) error {
	for r.w-r.r < n {
		if err := r.park(); err != nil {
			return err
		}
		if r.w == r.r {
			r.r, r.w = 0, 0
		} else if len(*r.buf)-r.r < n {
			r.w = copy(*r.buf, (*r.buf)[r.r:r.w])
			r.r = 0
		}
		err := r.fill()
		r.unpark()
		if err != nil {
			return err
		}
	}
	return nil
}

// fill reads the available data, or waits for some; it holds no buffer while it waits with
// an empty one.
func (r *reader) fill() error {
	if r.raw == nil {
		r.borrow()
		r.n, r.err = r.conn.Read((*r.buf)[r.w:])
	} else if err := r.raw.Read(r.try); err != nil {
		return err
	}
	r.w += r.n
	if r.n == 0 && r.err == nil {
		r.err = io.EOF
		if r.w > r.r {
			r.err = io.ErrUnexpectedEOF
		}
	}
	if r.n > 0 {
		return nil
	}
	return r.err
}

// tryRead reads from a descriptor that does not block, and reports whether it could.
func (r *reader) tryRead(fd uintptr) bool {
	r.borrow()
	for {
		r.n, r.err = syscall.Read(int(fd), (*r.buf)[r.w:])
		if r.err != syscall.EINTR {
			break
		}
	}
	if r.err != nil {
		r.n = 0
	}
	if !errors.Is(r.err, syscall.EAGAIN) {
		return true
	}
	if r.w == 0 {
		r.giveBack()
	}
	return false
}

// backlog estimates the requests in the buffer: its unread bytes in units of headers.
func (r *reader) backlog() int { return (r.w - r.r) / HeaderLen }

func (r *reader) borrow() {
	if r.buf == nil {
		r.buf = r.lender.pool.Get().(*[]byte)
	}
}

func (r *reader) giveBack() {
	if r.buf != nil {
		r.lender.pool.Put(r.buf)
		r.buf = nil
	}
}
