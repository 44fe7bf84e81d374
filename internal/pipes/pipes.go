// Package pipes is a network without one, for tests of servers in synctest's time.
package pipes

import (
	"net"
	"sync"
)

// Listener accepts what it is given. It is a [net.Listener].
type Listener struct {
	accept chan net.Conn
	closed chan struct{}
	once   sync.Once
}

// Listen returns a listener without connections.
func Listen() *Listener {
	return &Listener{accept: make(chan net.Conn), closed: make(chan struct{})}
}

// Dial connects a new pipe, and returns the client's end of it when the other is accepted.
func (l *Listener) Dial() net.Conn {
	client, server := net.Pipe()
	l.Hand(server)
	return client
}

// Hand has a connection accepted, and returns when it is.
func (l *Listener) Hand(c net.Conn) { l.accept <- c }

// Accept returns the next connection, or [net.ErrClosed].
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.accept:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close ends Accept. It may be called twice.
func (l *Listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr is no address in particular.
func (l *Listener) Addr() net.Addr { return &net.TCPAddr{} }
