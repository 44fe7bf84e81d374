package limit

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// Conns bounds the connections of an HTTP server: in all, and from each source. A new one
// takes the place of the one that has been idle for longest, so that connections which
// are only held keep out no client: at the bound of a source one of its own, at the bound
// of all one of the source that has the most. Where none is idle the new one is closed at
// once. A connection is idle unless a handler works on a request of its, so that a request
// which never becomes complete is idle, too.
type Conns struct {
	each, total int
	sourceOf    func(remote string) netip.Addr

	mu   sync.Mutex
	open []*conn // mu guards it
}

// NewConns returns bounds of so many connections from one source, and from all together.
// The source of a connection is [SourceOf] or [AddressOf] its peer.
func NewConns(each, total int, sourceOf func(remote string) netip.Addr) *Conns {
	return &Conns{each: each, total: total, sourceOf: sourceOf}
}

// Listener returns l within the bounds. TLS goes around it, not into it: net/http knows
// that a request came over HTTPS only where it is given the TLS connection itself. The
// server of the listener is to be prepared by [Attend].
func (c *Conns) Listener(l net.Listener) net.Listener { return bounded{l, c} }

// Attend has server, whose handler is set, note which connections of a [Conns.Listener]
// are busy.
func Attend(server *http.Server) {
	server.ConnContext = within
	server.Handler = busy(server.Handler)
}

type bounded struct {
	net.Listener
	conns *Conns
}

// Accept returns the next connection that has a place.
func (b bounded) Accept() (net.Conn, error) {
	for {
		nc, err := b.Listener.Accept()
		if err != nil {
			return nil, err
		}
		c := &conn{Conn: nc, conns: b.conns, source: b.conns.sourceOf(nc.RemoteAddr().String()), since: time.Now()}
		loser := b.conns.enter(c)
		if loser != nil {
			_ = loser.Close() // nothing is lost that the client cannot ask for again
		}
		if loser != c {
			return c, nil
		}
	}
}

// conn is an accepted connection.
type conn struct {
	net.Conn
	conns  *Conns
	source netip.Addr
	since  time.Time // Conns.mu guards; when it was last busy
	busy   int       // Conns.mu guards; requests that a handler works on
}

// enter takes a connection in, and returns the one that has to go for it: itself, or nil.
func (c *Conns) enter(n *conn) (loser *conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	from, full := c.crowd(n.source)
	if full {
		if loser = c.idlest(from); loser == nil {
			return n
		}
		c.forget(loser)
	}
	c.open = append(c.open, n)
	return loser
}

// crowd returns the source that has to give up a connection for one more from source, and
// whether one has to.
func (c *Conns) crowd(source netip.Addr) (from netip.Addr, full bool) {
	held := map[netip.Addr]int{}
	most := source
	for _, o := range c.open {
		if held[o.source]++; held[o.source] > held[most] {
			most = o.source
		}
	}
	if held[source] >= c.each {
		return source, true
	}
	return most, len(c.open) >= c.total
}

func (c *Conns) idlest(source netip.Addr) (idlest *conn) {
	for _, o := range c.open {
		if o.source == source && o.busy == 0 && (idlest == nil || o.since.Before(idlest.since)) {
			idlest = o
		}
	}
	return idlest
}

func (c *Conns) forget(gone *conn) {
	c.open = slices.DeleteFunc(c.open, func(o *conn) bool { return o == gone })
}

// Close closes the connection and makes room for another.
func (c *conn) Close() error {
	c.conns.mu.Lock()
	c.conns.forget(c)
	c.conns.mu.Unlock()
	return c.Conn.Close()
}

func (c *conn) work(n int) {
	c.conns.mu.Lock()
	defer c.conns.mu.Unlock()
	c.busy += n
	c.since = time.Now()
}

type connKey struct{}

// within has the requests of a connection know it.
func within(ctx context.Context, nc net.Conn) context.Context {
	if t, ok := nc.(interface{ NetConn() net.Conn }); ok { // TLS
		nc = t.NetConn()
	}
	if c, ok := nc.(*conn); ok {
		return context.WithValue(ctx, connKey{}, c)
	}
	return ctx
}

// busy keeps the connections of the requests that h works on.
func busy(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, ok := r.Context().Value(connKey{}).(*conn); ok {
			c.work(1)
			defer c.work(-1)
		}
		h.ServeHTTP(w, r)
	})
}
