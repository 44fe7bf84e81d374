package limit

import (
	"net"
	"net/netip"
	"sync"
)

// Listener returns l with a bound on the connections of one address: it closes at once
// those beyond each.
func Listener(l net.Listener, each int) net.Listener { return fair{l, NewShare[netip.Addr](each, 0)} }

type fair struct {
	net.Listener
	share *Share[netip.Addr]
}

// Accept returns the next connection within the share of its address.
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
		_ = c.Close() // nothing was said on it
	}
}

// counted is a connection that returns its share when it is closed.
type counted struct {
	net.Conn
	leave func()
}

// Close closes the connection and makes room for another.
func (c *counted) Close() error {
	c.leave()
	return c.Conn.Close()
}
