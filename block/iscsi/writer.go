package iscsi

import (
	"net"
	"sync"
	"time"
)

// Bytes of answers that collect while more requests wait to be read: from handOver on the
// writer goroutine sends them, at holdUp the reader waits for it. Reads in the pool count
// towards holdUp. So disk and network work in parallel under load, and requests of an
// initiator that does not read its answers are no longer read.
const (
	handOver = 512 << 10
	holdUp   = 8 << 20
)

// writer holds the answers for the initiator until they are written. The lock of the
// connection guards all of it.
type writer struct {
	out     outbox
	sending outbox    // being written, without the lock
	writing bool      // sending is in use
	written sync.Cond // signals that writing has ended, or that the pool reads less
	running bool      // there is a writer goroutine
	wake    sync.Cond // signals work for that goroutine
	parked  bool      // the reader waits for the initiator
	starved int       // goroutines of this connection that wait for memory
	reading int       // bytes that the pool is about to read
}

func (w *writer) init(mu *sync.Mutex, memory *buffers) {
	w.written.L, w.wake.L = mu, mu
	w.out.memory, w.sending.memory = memory, memory
}

// park is called by the reader before it waits: from here on answers are written at once.
func (c *conn) park() error {
	c.turn.give()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writer.parked = true
	c.drain()
	if c.ending.dead {
		return net.ErrClosed
	}
	return nil
}

// unpark is called when data has arrived: answers collect again.
func (c *conn) unpark() {
	c.turn.take()
	now := time.Now()
	c.mu.Lock()
	c.scheduler.arrived = now
	c.writer.parked = false
	c.liveness.heard = true
	c.mu.Unlock()
}

// relieve hands over to the writer goroutine once enough answers have collected. The lock
// is held.
func (c *conn) relieve() {
	if c.writer.out.bytes < handOver && c.writer.reading < holdUp {
		return
	}
	if !c.writer.running {
		c.writer.running = true
		c.work.Go(c.write)
	}
	c.writer.wake.Signal()
	if c.writer.out.bytes+c.writer.reading >= holdUp {
		c.turn.give()
	}
	for c.writer.out.bytes+c.writer.reading >= holdUp && !c.ending.dead {
		c.writer.written.Wait()
	}
}

// write is the writer: a goroutine of connections that move much data.
func (c *conn) write() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.drain(); !c.ending.dead; c.drain() {
		c.writer.wake.Wait()
	}
}

// drain writes the collected answers, if the reader waits or has handed over, or memory is
// short. The lock is held on entry and on return, but not while writing.
func (c *conn) drain() {
	for !c.writer.writing && !c.ending.dead && c.writer.out.bytes > 0 &&
		(c.writer.parked || c.writer.starved > 0 || c.writer.out.bytes >= handOver) {
		c.writer.out.take(&c.writer.sending)
		c.writer.writing = true
		c.mu.Unlock()
		c.turn.give()
		err := c.writer.sending.send(c.net)
		c.mu.Lock()
		c.writer.writing = false
		c.liveness.wrote = true
		c.writer.written.Broadcast()
		if err != nil {
			c.kill("write: " + err.Error())
		}
	}
	if c.ending.closing && !c.writer.writing && c.writer.out.bytes == 0 {
		c.kill(c.ending.why)
	}
}

// waitMemory waits until there is memory for more requests. Meanwhile answers are written
// without delay, because they hold memory.
func (c *conn) waitMemory() {
	memory := c.session.budget
	if !memory.full() {
		return
	}
	c.turn.give()
	c.mu.Lock()
	owed := c.session.Owed()
	c.mu.Unlock()
	if !owed {
		c.srv.target.reached(LimitMemory)
		c.addStarved(1)
		memory.waitMemory(c.ended)
		c.addStarved(-1)
	}
}

// addStarved counts goroutines that wait for memory; while there are any, answers are
// written without delay.
func (c *conn) addStarved(waiters int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writer.starved += waiters
	c.drain()
}

// ended reports whether the connection has ended.
func (c *conn) ended() bool { return c.over.Load() }
