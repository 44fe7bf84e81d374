package limit

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Conns bounds the connections of an HTTP server, in total and for each source. At a bound a
// new connection replaces the one that has been idle for longest, so that held connections
// keep out no client: at the bound of a source one of the same source, at the total bound
// one of the source with the most connections. If none is idle, the new one is closed at
// once. A connection is idle unless a handler is processing one of its requests; an
// incomplete request leaves it idle.
type Conns struct {
	each, total   int
	sourceOf      func(remote string) netip.Addr
	full, silence Name // of the bounds, and of a client that lets the server wait in a request or an answer

	mu   sync.Mutex
	open []*conn // mu guards it
}

// NewConns bounds the connections from one source to each, and from all sources to total.
// The source of a connection is [SourceOf] or [AddressOf] its peer. full counts the bounds,
// silence the deadlines of the server that a client misses.
func NewConns(each, total int, sourceOf func(remote string) netip.Addr, full, silence Name) *Conns {
	return &Conns{each: each, total: total, sourceOf: sourceOf, full: full, silence: silence}
}

// Listener returns l within the bounds. TLS goes around it, not into it: net/http knows
// that a request came over HTTPS only where it is given the TLS connection itself. The
// server of the listener is to be prepared by [Attend].
func (c *Conns) Listener(l net.Listener) net.Listener { return bounded{l, c} }

// Attend makes server, whose handler is set, mark the connections of a [Conns.Listener] as
// busy while it processes their requests.
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
			Reached(b.conns.full)
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
	since  time.Time   // Conns.mu guards; when it was last busy
	busy   int         // Conns.mu guards; requests that a handler works on
	amid   atomic.Bool // a request has begun to come, or is being answered
}

// enter admits a connection and returns the one to close for it: another, itself, or nil.
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

// crowd returns the source that must give up a connection before source may have another
// one, and whether that is necessary.
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

// Read counts a client that does not finish its request in time.
func (c *conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.late(err)
	if n > 0 {
		c.amid.Store(true)
	}
	return n, err
}

// Write counts a client that does not take its answer in time.
func (c *conn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.late(err)
	return n, err
}

// late counts a missed deadline. One between two requests is no fault of the client, nor is
// that of net/http's own, by which it ends its look for the next request.
func (c *conn) late(err error) {
	if errors.Is(err, os.ErrDeadlineExceeded) && c.amid.Load() {
		Reached(c.conns.silence)
	}
}

func (c *conn) work(n int) {
	c.amid.Store(n > 0)
	c.conns.mu.Lock()
	defer c.conns.mu.Unlock()
	c.busy += n
	c.since = time.Now()
}

type connKey struct{}

// within adds the connection to the context of its requests.
func within(ctx context.Context, nc net.Conn) context.Context {
	if t, ok := nc.(interface{ NetConn() net.Conn }); ok { // TLS
		nc = t.NetConn()
	}
	if c, ok := nc.(*conn); ok {
		return context.WithValue(ctx, connKey{}, c)
	}
	return ctx
}

// busy marks a connection as busy while h processes its request.
func busy(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, ok := r.Context().Value(connKey{}).(*conn); ok {
			c.work(1)
			defer c.work(-1)
		}
		h.ServeHTTP(w, r)
	})
}
