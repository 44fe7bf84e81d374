package iscsi

import (
	"cmp"
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"ironhook/block/scsi"
)

// conn is a connection and, after its login, the session on it. One goroutine reads it
// (serve); pool workers bring back what they ran. Whatever is answered gathers in out,
// and is written by whoever finds that nobody else will: the reader just before it
// waits, a worker while the reader waits.
type conn struct {
	srv    *server
	net    net.Conn
	remote netip.AddrPort
	reader *reader
	began  time.Time
	done   chan struct{} // closed at the end of everything, I/O of commands included

	// Set at login, the first two under the target's lock.
	key    sessionKey
	device *scsi.Device // nil: discovery
	nexus  *scsi.Nexus
	pool   *pool

	mu         sync.Mutex // of what follows
	session    *Session   // nil before the end of login
	out        outbox
	sending    outbox // being written, without the lock
	writing    bool
	wrote      sync.Cond    // writing is no longer so
	writer     bool         // there is a writer goroutine
	wake       sync.Cond    // there is work for the writer
	parked     bool         // the reader waits for the initiator
	starved    int          // how many here wait for memory
	reading    int          // bytes that the pool is about to read
	behind     int          // how many requests have come, about, since the one that is handled
	ready      []*Task      // given out by the session, to be run once it is unlocked
	functions  []Management // likewise
	closing    bool         // close when all is written
	dead       bool         // nothing can be written any more
	over       atomic.Bool  // dead, for those who do not hold the lock
	why        string       // it ended
	loggedOut  bool
	vital      vital
	arrived    time.Time // when the latest requests came
	hasRead    bool
	hasWritten bool

	work   sync.WaitGroup // commands in the pool, and the writer
	pooled atomic.Int32   // how many of the next writes go to the pool
}

func newConn(s *server, nc net.Conn) *conn {
	c := &conn{srv: s, net: nc, began: time.Now(), done: make(chan struct{})}
	c.reader = newReader(nc, c.park, c.unpark)
	c.wrote.L, c.wake.L = &c.mu, &c.mu
	c.out.memory, c.sending.memory = s.memory, s.memory
	if a, ok := nc.RemoteAddr().(*net.TCPAddr); ok {
		c.remote = netip.AddrPortFrom(a.AddrPort().Addr().Unmap(), uint16(a.Port))
	}
	return c
}

// serve runs a session that has logged in until its connection ends.
func (c *conn) serve() error {
	for {
		p, err := c.reader.next()
		if errors.Is(err, errDataDigest) {
			c.sayDamaged(p)
		}
		if err != nil {
			return err
		}
		c.breathe()
		c.mu.Lock()
		c.behind = c.reader.behind()
		err = c.session.Handle(p)
		ready, functions := c.takeReady(), c.functions
		c.functions = nil
		c.relieve()
		c.mu.Unlock()
		for _, m := range functions {
			c.manage(m)
		}
		c.runAll(ready)
		if err != nil {
			return err
		}
	}
}

// sayDamaged rejects a PDU whose data digest was wrong (RFC 7143 §7.8). The connection
// ends after it: at recovery level 0 nobody sends anything again.
func (c *conn) sayDamaged(p PDU) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.session.reject(p, dataDigestError)
	c.parked = true
	c.drain()
	for c.writing {
		c.wrote.Wait()
	}
}

// kill ends the connection at once; the reader notices and cleans up. The lock is held.
func (c *conn) kill(why string) {
	c.why = cmp.Or(c.why, why)
	c.dead = true
	c.over.Store(true)
	c.net.Close()
	c.srv.memory.nudge()
	c.wake.Signal()
	c.wrote.Broadcast()
}

// end is kill for those who do not hold the lock.
func (c *conn) end(why string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kill(why)
}

// endSoon closes the connection when all that has gathered is written.
func (c *conn) endSoon(why string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.Close(why)
	c.drain()
}

// goodbye asks the initiator to log out. A discovery just ends.
func (c *conn) goodbye(within time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.session == nil || c.device == nil {
		c.kill("the target stops")
		return
	}
	c.session.Goodbye(uint16(within.Seconds()))
	c.pool.submit(c.flush)
}

func (c *conn) observe(kind EventKind, reason string) {
	if c.srv.target.Observe != nil {
		c.srv.target.Observe(Event{Kind: kind, Initiator: c.key.initiator, ISID: c.key.isid, Target: c.key.target, Remote: c.remote, Reason: reason})
	}
}
