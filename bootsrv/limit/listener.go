package limit

import (
	"net"
	"net/netip"
	"sync"
)

// Listener returns l, but that it closes at once what is more than each connections
// of one address.
func Listener(l net.Listener, each int) net.Listener { return fair{l, NewShare(each)} }

type fair struct {
	net.Listener
	share *Share
}

// Accept returns the next connection that its address may have.
func (f fair) Accept() (net.Conn, error) {
	for {
		c, err := f.Listener.Accept()
		if err != nil {
			return nil, err
		}
		from, _ := netip.ParseAddrPort(c.RemoteAddr().String())
		if f.share.Take(from.Addr()) {
			return &counted{Conn: c, leave: sync.OnceFunc(func() { f.share.Return(from.Addr()) })}, nil
		}
		_ = c.Close() // nobody waits for what this says
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
