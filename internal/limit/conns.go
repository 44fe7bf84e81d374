package limit

import (
	"context"
	"errors"
	"io"
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
// one of the source with the most connections. If none is idle, it replaces the one whose
// request has stalled for longest; if there is none either, the new one is closed at once. A
// connection is idle unless a handler is processing one of its requests; an incomplete header
// leaves it idle. A request has stalled when its handler waits for the client, to send more of a
// body or to take more of an answer, and nothing much has passed for [stalled].
type Conns struct {
	each, total   int
	sourceOf      func(remote string) netip.Addr
	full, silence Name // of the bounds, and of a client that lets the server wait in a request or an answer

	mu   sync.Mutex
	open []*conn // mu guards it
}

const (
	stalled = 250 * time.Millisecond // an honest client on a slow line moves a step in it
	step    = 4 << 10                // bytes
)

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

	waits atomic.Int32 // handlers that wait
	moved atomic.Int64 // bytes of bodies and answers since then
	got   atomic.Int64 // when the client last moved a step, in nanoseconds of Unix time
}

// enter admits a connection and returns the one to close for it: another, itself, or nil.
func (c *Conns) enter(n *conn) (loser *conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	held := map[netip.Addr]int{}
	for _, o := range c.open {
		held[o.source]++
	}
	crowded := held[n.source] >= c.each
	if crowded || len(c.open) >= c.total {
		for _, o := range c.open {
			if (!crowded || o.source == n.source) && o.gives() && (loser == nil || o.before(loser, held)) {
				loser = o
			}
		}
		if loser == nil {
			return n
		}
		c.forget(loser)
	}
	c.open = append(c.open, n)
	return loser
}

func (c *Conns) forget(gone *conn) {
	c.open = slices.DeleteFunc(c.open, func(o *conn) bool { return o == gone })
}

// gives reports whether the connection may be closed for another one.
func (c *conn) gives() bool { return c.busy == 0 || c.hasStalled() }

// before reports whether the connection goes before other, both of which may be closed: that of the source
// with more connections, an idle one, the one at rest for longer.
func (c *conn) before(other *conn, held map[netip.Addr]int) bool {
	switch {
	case held[c.source] != held[other.source]:
		return held[c.source] > held[other.source]
	case (c.busy == 0) != (other.busy == 0):
		return c.busy == 0
	case c.busy == 0:
		return c.since.Before(other.since)
	}
	return c.got.Load() < other.got.Load()
}

func (c *conn) hasStalled() bool {
	return c.waits.Load() > 0 && time.Since(time.Unix(0, c.got.Load())) >= stalled
}

// move counts bytes that the client has sent or taken.
func (c *conn) move(n int) {
	if c.moved.Add(int64(n)) >= step {
		c.moved.Store(0)
		c.got.Store(time.Now().UnixNano())
	}
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
	c.waits.Add(1)
	n, err := c.Conn.Write(b)
	c.waits.Add(-1)
	c.move(n)
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
	c.moved.Store(0)
	c.got.Store(c.since.UnixNano())
}

// body is that of a request of the connection.
type body struct {
	io.ReadCloser
	conn *conn
}

func (b body) Read(p []byte) (int, error) {
	b.conn.waits.Add(1)
	n, err := b.ReadCloser.Read(p)
	b.conn.waits.Add(-1)
	b.conn.move(n)
	return n, err
}

// Yield lets the connection of a request give way, as one that has stalled does, while its handler
// waits for something that may never come. Call what it returns when the wait is over.
func Yield(request context.Context) (done func()) {
	c, ok := request.Value(connKey{}).(*conn)
	if !ok {
		return func() {}
	}
	c.waits.Add(1)
	return func() { c.waits.Add(-1) }
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
			if r.Body != nil && r.Body != http.NoBody {
				r = r.WithContext(r.Context()) // a handler must not change what it was given
				r.Body = body{r.Body, c}
			}
		}
		h.ServeHTTP(w, r)
	})
}
