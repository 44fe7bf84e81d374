package api

import (
	"net"
	"net/http"

	"ironhook/internal/limit"
)

// flights bounds the requests in flight of each client address.
type flights struct{ share *limit.Share[string] }

func newFlights(each int) flights { return flights{limit.NewShare[string](each, 0)} }

// enter lets a request in unless its client has too many in flight already. leave must
// be called when the request is answered.
func (f flights) enter(r *http.Request) (leave func(), ok bool) {
	client := clientAddress(r)
	if !f.share.Take(client) {
		return nil, false
	}
	return func() { f.share.Return(client) }, true
}

func clientAddress(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
