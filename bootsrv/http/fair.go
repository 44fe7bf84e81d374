package http

import (
	"net"
	"net/netip"
	"sync"

	"ironhook/bootsrv/limit"
)

// fair closes at once what is more than one address's share of the connections.
type fair struct {
	net.Listener
	share *limit.Share
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
