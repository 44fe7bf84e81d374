package web

import (
	"bytes"
	"net/http"
)

// pieceSize is how much of a page is made before it is sent. Most pages are smaller. Of a
// dashboard with a thousand machines the browser draws the first while the last are made.
const pieceSize = 16 << 10

// pieces sends a page as it is made.
type pieces struct {
	to     http.ResponseWriter
	status int
	held   bytes.Buffer
	begun  bool
	failed error // of sending: the browser went away
}

func (p *pieces) Write(b []byte) (int, error) {
	p.held.Write(b)
	if p.held.Len() < pieceSize {
		return len(b), nil
	}
	if p.send(); p.failed == nil {
		p.failed = http.NewResponseController(p.to).Flush()
	}
	return len(b), p.failed
}

// send sends what is held.
func (p *pieces) send() {
	if !p.begun {
		p.begun = true
		p.to.Header().Set("Content-Type", "text/html; charset=utf-8")
		p.to.WriteHeader(p.status)
	}
	_, p.failed = p.held.WriteTo(p.to)
}
