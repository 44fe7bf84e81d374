package iscsi

import (
	"net"
	"time"
)

// enough is how many bytes of answers gather while more requests wait to be read, before
// they are written nevertheless. With a quarter of it both sides wake up so often that a
// fifth of the speed is lost.
const enough = 1 << 20

// holdUp is how many bytes the pool may be reading for a connection before its reader
// takes no more requests.
const holdUp = 8 << 20

// park is what the reader does before it waits: from here on answers are written at
// once.
func (c *conn) park() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.parked = true
	c.drain()
	if c.dead {
		return net.ErrClosed
	}
	return nil
}

// unpark is called when something has come: answers gather again.
func (c *conn) unpark() {
	now := time.Now()
	c.mu.Lock()
	c.arrived = now
	c.parked = false
	c.vital.heard = true
	c.mu.Unlock()
}

// relieve writes when enough has gathered. An initiator that does not read its answers
// is not heard any more meanwhile. The lock is held.
func (c *conn) relieve() {
	for !c.dead && (c.reading >= holdUp || c.writing && c.out.bytes >= enough) {
		c.wrote.Wait()
	}
	c.drain()
}

// drain writes what has gathered if the reader waits, or memory is short, or it is
// enough. The lock is held on entry and on return, but not while writing.
func (c *conn) drain() {
	for !c.writing && !c.dead && c.out.bytes > 0 && (c.parked || c.starved > 0 || c.out.bytes >= enough) {
		c.out.take(&c.sending)
		c.writing = true
		c.mu.Unlock()
		err := c.sending.send(c.net)
		c.mu.Lock()
		c.writing = false
		c.vital.wrote = true
		c.wrote.Broadcast()
		if err != nil {
			c.kill("write: " + err.Error())
		}
	}
	if c.closing && !c.writing && c.out.bytes == 0 {
		c.kill(c.why)
	}
}

// breathe waits until there is memory for more requests. Meanwhile answers are written
// without delay, for they hold some.
func (c *conn) breathe() {
	if !c.srv.memory.full() {
		return
	}
	c.mu.Lock()
	owed := c.session.Owed()
	c.mu.Unlock()
	if !owed {
		c.letGo(1)
		c.srv.memory.breathe(c.gone)
		c.letGo(-1)
	}
}

func (c *conn) letGo(waiters int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.starved += waiters
	c.drain()
}

// gone reports whether the connection has ended.
func (c *conn) gone() bool { return c.over.Load() }
