package api

import (
	"net"
	"net/http"
	"sync"
)

// flights counts the requests in flight of each client address.
type flights struct {
	mu    sync.Mutex
	max   int
	count map[string]int
}

func newFlights(max int) *flights { return &flights{max: max, count: map[string]int{}} }

// enter lets a request in unless its client has too many already. leave must be
// called when it is answered.
func (f *flights) enter(r *http.Request) (leave func(), ok bool) {
	client := clientAddress(r)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.count[client] >= f.max {
		return nil, false
	}
	f.count[client]++
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.count[client]--; f.count[client] == 0 {
			delete(f.count, client)
		}
	}, true
}

func clientAddress(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
