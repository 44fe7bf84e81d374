package http

import (
	"net"
	"net/netip"
	"sync"
)

// fair lets one address have at most n connections of a listener, so that one
// slow or hostile machine leaves room for the others. What is too much is closed
// at once.
type fair struct {
	net.Listener
	n int

	mu   sync.Mutex
	open map[netip.Addr]int // only addresses with connections
}

func newFair(l net.Listener, n int) *fair {
	return &fair{Listener: l, n: n, open: map[netip.Addr]int{}}
}

// Accept returns the next connection that its address may have.
func (f *fair) Accept() (net.Conn, error) {
	for {
		c, err := f.Listener.Accept()
		if err != nil {
			return nil, err
		}
		addr, _ := netip.ParseAddrPort(c.RemoteAddr().String())
		if f.enter(addr.Addr()) {
			return &counted{Conn: c, leave: sync.OnceFunc(func() { f.leave(addr.Addr()) })}, nil
		}
		_ = c.Close() // nobody waits for what this says
	}
}

func (f *fair) enter(a netip.Addr) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.open[a] >= f.n {
		return false
	}
	f.open[a]++
	return true
}

func (f *fair) leave(a netip.Addr) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.open[a]--; f.open[a] == 0 {
		delete(f.open, a)
	}
}

// counted is a connection that tells when it is closed.
type counted struct {
	net.Conn
	leave func()
}

// Close closes the connection and makes room for another.
func (c *counted) Close() error {
	c.leave()
	return c.Conn.Close()
}
