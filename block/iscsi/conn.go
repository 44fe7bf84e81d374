package iscsi

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"ironhook/block/scsi"
)

// conn is a connection and, after its login, the session on it. One goroutine reads it
// (serve); pool workers bring back the commands that they ran. Answers gather in the
// writer's outbox. The reader writes them just before it waits, a worker while the
// reader waits, and the writer goroutine when much has gathered.
//
// Its parts are the login (lifecycle.go), the reader (reader.go), the scheduler, the writer
// and the liveness of the peer.
type conn struct {
	srv    *server
	net    net.Conn
	remote netip.AddrPort
	reader *reader // used by the goroutine of live only
	turn   turn
	began  time.Time
	done   chan struct{} // closed at the end of everything, I/O of commands included

	attempt attempt // what the login asked for; for the goroutine of live only

	// Set during the login, and constant once the session has begun.
	key    sessionKey   // Target.mu guards
	device *scsi.Device // Target.mu guards; nil: discovery
	pool   *pool        // server.mu guards
	budget *budget      // of the device; server.mu guards; nil: discovery
	nexus  *scsi.Nexus

	mu        sync.Mutex
	session   *Session  // mu guards; nil before the end of login
	scheduler scheduler // mu guards
	writer    writer    // mu guards
	liveness  liveness  // mu guards
	ending    ending    // mu guards

	over atomic.Bool    // copy of ending.dead, for a waiter that must not take mu
	work sync.WaitGroup // commands in the pool, and the writer goroutine
}

// ending is how a connection ends.
type ending struct {
	closing   bool // close when all is written
	dead      bool // nothing more can be written
	loggedOut bool
	why       string
}

func newConn(s *server, nc net.Conn) *conn {
	c := &conn{srv: s, net: nc, began: time.Now(), done: make(chan struct{})}
	c.turn.of = s.turns
	c.reader = newReader(nc, c.park, c.turn.take, c.unpark)
	c.writer.init(&c.mu, s.memory)
	if a, ok := nc.RemoteAddr().(*net.TCPAddr); ok {
		c.remote = netip.AddrPortFrom(a.AddrPort().Addr().Unmap(), uint16(a.Port))
	}
	return c
}

// serve runs a session that has logged in until its connection ends.
func (c *conn) serve(ctx context.Context) error {
	defer c.turn.give()
	for {
		p, err := c.reader.next()
		if errors.Is(err, errDataDigest) {
			c.rejectDamaged(p)
		}
		if err != nil {
			return err
		}
		c.waitMemory()
		c.mu.Lock()
		c.scheduler.backlog = c.reader.backlog()
		err = c.session.Handle(p)
		todo := c.scheduler.take()
		c.relieve()
		c.mu.Unlock()
		for _, m := range todo.functions {
			c.manage(m)
		}
		c.runAll(todo.ready)
		if err == nil && todo.listing {
			err = c.list(ctx)
		}
		if err != nil {
			return err
		}
	}
}

// list answers a SendTargets. No lock is held while the names are looked up.
func (c *conn) list(ctx context.Context) error {
	c.turn.give()
	names, err := c.visible(ctx)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.session.Listed(names)
	c.relieve()
	return nil
}

// rejectDamaged rejects a PDU whose data digest was wrong (RFC 7143 §7.8). The connection
// ends after it: at recovery level 0 nothing is sent a second time.
func (c *conn) rejectDamaged(p PDU) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.session.reject(p, dataDigestError)
	c.writer.parked = true
	c.turn.give()
	c.drain()
	for c.writer.writing {
		c.writer.written.Wait()
	}
}

// kill ends the connection at once; the reader notices and cleans up. The lock is held.
func (c *conn) kill(why string) {
	c.ending.why = cmp.Or(c.ending.why, why)
	c.ending.dead = true
	c.over.Store(true)
	c.net.Close()
	c.srv.memory.wakeWaiters()
	c.writer.wake.Signal()
	c.writer.written.Broadcast()
}

// end is kill for a caller without the lock.
func (c *conn) end(why string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kill(why)
}

// endSoon closes the connection when the pending answers are written.
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
	c.turn.give()
	if c.srv.target.Observe != nil {
		c.srv.target.Observe(Event{Kind: kind, Initiator: c.key.initiator, ISID: c.key.isid, Target: c.key.target, Remote: c.remote,
			Reason: reason})
	}
}
