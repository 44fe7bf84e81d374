package iscsi

import (
	"errors"
	"fmt"
	"io"
	"math/bits"
	"net"
	"sync"
	"syscall"
)

// lender lends buffers for PDUs with at most that much data. Their size follows what the
// connection receives: commands alone need little, a stream of data takes half a MiB at a
// time. A connection that waits holds none, so that a thousand idle sessions cost next to
// nothing.
type lender struct {
	maxData int
	pools   []sync.Pool // of buffers of minReadBuffer bytes, and each twice as large as the one before
}

const minReadBuffer = 16 << 10

func newLender(maxData int) *lender {
	l := &lender{maxData: maxData}
	for size := minReadBuffer; ; size *= 2 {
		l.pools = append(l.pools, sync.Pool{New: func() any { b := make([]byte, size); return &b }})
		if size >= 2*maxData {
			return l
		}
	}
}

// lend returns a buffer for n bytes and half as many more, so that a partial PDU rarely has
// to be moved to the front.
func (l *lender) lend(n int) *[]byte {
	return l.pools[poolOf(min(n+n/2, 2*l.maxData))].Get().(*[]byte)
}

func (l *lender) takeBack(b *[]byte) { l.pools[poolOf(len(*b))].Put(b) }

func poolOf(n int) int { return bits.Len(uint(max(n-1, 0) / minReadBuffer)) }

// Discovery sessions are unauthenticated, so their PDUs are short: an initiator that stops in
// the middle of one keeps its buffer.
var (
	readBuffers      = newLender(maxRecvData)
	discoveryBuffers = newLender(maxLoginData)
)

// reader cuts a stream into PDUs. It is used by one goroutine.
type reader struct {
	conn    net.Conn
	raw     syscall.RawConn // nil: conn has no descriptor
	park    func() error    // called before waiting for the peer; an error ends the wait
	wake    func()          // called when there is data, before it is taken off the socket
	unpark  func()          // called when data has arrived
	digests Digests
	lender  *lender

	buf    *[]byte // nil: none borrowed
	held   int     // bytes in the last buffer that was given back
	r, w   int     // what is read and not yet taken
	n      int     // of the last read
	err    error
	waited bool // the last try found nothing to read
	try    func(fd uintptr) bool
}

func newReader(c net.Conn, park func() error, wake, unpark func()) *reader {
	r := &reader{conn: c, park: park, wake: wake, unpark: unpark, lender: readBuffers}
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
		if r.w == r.r { // park may have to write what a slow peer takes in its own time
			r.giveBack()
		}
		if err := r.park(); err != nil {
			return err
		}
		r.makeRoom(n)
		err := r.fill()
		r.unpark()
		if err != nil {
			return err
		}
	}
	return nil
}

// makeRoom makes room for n bytes from r.r on.
func (r *reader) makeRoom(n int) {
	if r.buf == nil || len(*r.buf)-r.r >= n {
		return
	}
	from := r.buf
	if len(*from) < n {
		r.buf = r.lender.lend(n)
	}
	r.r, r.w = 0, copy(*r.buf, (*from)[r.r:r.w])
	if r.buf != from {
		r.lender.takeBack(from)
	}
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
	if r.waited {
		r.wake()
	}
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
	r.waited = errors.Is(r.err, syscall.EAGAIN)
	if !r.waited {
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
		r.buf = r.lender.lend(r.held)
	}
}

// giveBack gives the empty buffer back.
func (r *reader) giveBack() {
	if r.buf == nil {
		return
	}
	if r.w > 0 {
		r.held = r.w
	}
	r.r, r.w = 0, 0
	r.lender.takeBack(r.buf)
	r.buf = nil
}
