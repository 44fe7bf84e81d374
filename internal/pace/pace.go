// Package pace gives the requests of an HTTP server deadlines that follow the data.
//
// The deadlines of [net/http.Server] cover a whole request. A request that arrives in time
// but is processed for longer loses its connection: the server keeps reading from it to
// notice a client that disconnects, and mistakes its own expired read deadline for that.
// Here a deadline applies only while the server waits for the client, which must send or
// receive something within the patience. The time that a handler works is not limited.
package pace

import (
	"errors"
	"io"
	"net/http"
	"time"
)

// Portion is the number of bytes of a body that must arrive within the patience, unless the
// body ends earlier. A smaller one would let a slow client hold a connection for ever.
const Portion = 64 << 10

// Handler serves h with these deadlines. Each [Portion] of the request body must arrive
// within the patience, counting only the time in which h reads. Between the body and the
// response no deadline applies; each write of the response has the patience again. A write
// deadline that h sets itself, by [http.ResponseController], replaces ours.
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

// lift removes the read deadline, if the connection supports deadlines.
func lift(control *http.ResponseController) { _ = control.SetReadDeadline(time.Time{}) }

// body is a request body. One goroutine may read it at a time.
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

// drain gives net/http time to read part of a body that the handler left unread, so that the
// client receives the response.
func (b *body) drain() {
	if !b.ended {
		_ = b.control.SetReadDeadline(time.Now().Add(b.patience))
	}
}

// answer is a response writer that extends its deadline with every write.
type answer struct {
	http.ResponseWriter
	control  *http.ResponseController
	patience time.Duration
	owned    bool // by the handler
}

// Unwrap serves [http.ResponseController].
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// SetWriteDeadline serves [http.ResponseController].
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

// FlushError serves [http.ResponseController].
func (a *answer) FlushError() error {
	if err := a.extend(); err != nil {
		return err
	}
	return a.control.Flush()
}

// set sets a deadline, if the connection supports deadlines.
func set(deadline func(time.Time) error, t time.Time) error {
	if err := deadline(t); !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}
