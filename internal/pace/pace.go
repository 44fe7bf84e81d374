// Package pace gives the requests of an HTTP server deadlines that follow the data.
//
// Those of [net/http.Server] are for a whole request: one that is read within them and
// worked on for longer loses its connection, for the server goes on reading from it
// (to notice a client that goes away), and takes the end of that reading's time for
// the client's end. Here, a deadline holds only while a client is waited for: it has
// to send, or take, something within the patience; how long a handler works is its own
// affair.
package pace

import (
	"errors"
	"io"
	"net/http"
	"time"
)

// Portion is how many bytes of a body have to arrive within the patience, unless it ends
// before. Fewer would let a client that trickles hold a connection for ever.
const Portion = 64 << 10

// Handler serves h. Until its end, a body has the patience for each [Portion], counting
// only time in which h reads; nothing is expected of the client from there to the
// answer, each write of which has the patience again. A deadline for writing that h sets
// itself (by [http.ResponseController]) replaces ours.
func Handler(h http.Handler, patience time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		out := &answer{ResponseWriter: w, control: control, patience: patience}
		defer out.extend() // net/http writes what is in its buffer when the handler has returned
		if r.Body == nil || r.Body == http.NoBody {
			lift(control)
			h.ServeHTTP(out, r)
			return
		}
		in := &body{ReadCloser: r.Body, control: control, patience: patience, left: patience}
		defer in.drain()
		r = r.WithContext(r.Context()) // a handler must not change what it was given
		r.Body = in
		h.ServeHTTP(out, r)
	})
}

// lift ends the deadline for reading. Where there is none to set, none is set.
func lift(control *http.ResponseController) { _ = control.SetReadDeadline(time.Time{}) }

// body is that of a request. One goroutine may read it at a time.
type body struct {
	io.ReadCloser
	control  *http.ResponseController
	patience time.Duration
	left     time.Duration // in which the rest of the portion must arrive
	arrived  int           // bytes of the portion
	ended    bool          // or broken off
}

func (b *body) Read(p []byte) (n int, err error) {
	began := time.Now()
	if err := set(b.control.SetReadDeadline, began.Add(b.left)); err != nil {
		return 0, err
	}
	n, err = b.ReadCloser.Read(p)
	b.left -= time.Since(began)
	if b.arrived += n; b.arrived >= Portion {
		b.arrived, b.left = 0, b.patience
	}
	if b.ended = err != nil; err == io.EOF {
		lift(b.control)
	}
	return n, err
}

// drain gives net/http time for what a handler has left unread: it reads some of it,
// lest the client misses the answer.
func (b *body) drain() {
	if !b.ended {
		_ = b.control.SetReadDeadline(time.Now().Add(b.patience))
	}
}

// answer is a writer whose deadline moves on with what it writes.
type answer struct {
	http.ResponseWriter
	control  *http.ResponseController
	patience time.Duration
	owned    bool // by the handler
}

// Unwrap is for [http.ResponseController].
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// SetWriteDeadline is for [http.ResponseController].
func (a *answer) SetWriteDeadline(t time.Time) error {
	a.owned = true
	return a.control.SetWriteDeadline(t)
}

func (a *answer) extend() error {
	if a.owned {
		return nil
	}
	return set(a.control.SetWriteDeadline, time.Now().Add(a.patience))
}

func (a *answer) Write(p []byte) (int, error) {
	if err := a.extend(); err != nil {
		return 0, err
	}
	return a.ResponseWriter.Write(p)
}

// FlushError is for [http.ResponseController].
func (a *answer) FlushError() error {
	if err := a.extend(); err != nil {
		return err
	}
	return a.control.Flush()
}

// set sets a deadline, if the connection knows any.
func set(deadline func(time.Time) error, t time.Time) error {
	if err := deadline(t); !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}
