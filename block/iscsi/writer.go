package iscsi

import (
	"net"
	"time"
)

// Bytes of replies that gather while more requests wait to be read: from handOver on
// the writer takes them, at holdUp the reader waits for it. What the pool still reads
// counts towards the latter. So disk and network are at work at the same time when much
// is asked for at once, and an initiator that does not read what it asked for stops
// being heard.
const (
	handOver = 512 << 10
	holdUp   = 8 << 20
)

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

// relieve hands over to the writer once enough has gathered. The lock is held.
func (c *conn) relieve() {
	if c.out.bytes < handOver && c.reading < holdUp {
		return
	}
	if !c.writer {
		c.writer = true
		c.work.Go(c.write)
	}
	c.wake.Signal()
	for c.out.bytes+c.reading >= holdUp && !c.dead {
		c.wrote.Wait()
	}
}

// write is the writer: a goroutine of connections that move much data.
func (c *conn) write() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.drain(); !c.dead; c.drain() {
		c.wake.Wait()
	}
}

// drain writes what has gathered, if the reader waits or has handed over, or memory is
// short. The lock is held on entry and on return, but not while writing.
func (c *conn) drain() {
	for !c.writing && !c.dead && c.out.bytes > 0 && (c.parked || c.starved > 0 || c.out.bytes >= handOver) {
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
