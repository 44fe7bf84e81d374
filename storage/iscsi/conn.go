package iscsi

import (
	"cmp"
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"ironhook/storage/scsi"
)

// conn is a connection and, after its login, the session on it. One goroutine reads it (serve); pool workers bring back what they ran.
// Whatever is answered gathers in out, and is written by whoever finds that nobody else will: the reader just before it waits, a
// worker while the reader waits.
type conn struct {
	srv    *server
	net    net.Conn
	remote netip.AddrPort
	reader *reader
	began  time.Time
	done   chan struct{} // closed at the end of everything, I/O of commands included

	// Set once at login, before anybody else can see the connection.
	key    sessionKey
	device *scsi.Device // nil: discovery
	nexus  *scsi.Nexus
	pool   *pool

	mu        sync.Mutex
	session   *Session // nil before the end of login
	out       outbox
	sending   outbox // being written, without the lock
	writing   bool
	wrote     sync.Cond    // writing is no longer so
	writer    bool         // there is a writer goroutine
	wake      sync.Cond    // there is work for the writer
	parked    bool         // the reader waits for the initiator
	starved   int          // how many here wait for memory
	reading   int          // bytes that the pool is about to read
	ready     []*Task      // given out by the session, to be run once it is unlocked
	functions []Management // likewise
	closing   bool         // close when all is written
	dead      bool         // nothing can be written any more
	over      atomic.Bool  // dead, for those who do not hold the lock
	why       string       // it ended
	logout    bool
	vital     vital
	arrived   time.Time // when the latest requests came
	touched   [2]bool   // a first read, a first write

	work   sync.WaitGroup // commands in the pool, and the writer
	pooled atomic.Int32   // how many of the next writes go to the pool
}

// Bytes of replies that gather while more requests wait to be read: from handOver on the writer takes them, at holdUp the reader waits for
// it. What the pool still reads counts towards the latter. So disk and network are at work at the same time when much is asked for at once,
// and an initiator that does not read what it asked for stops being heard.
const (
	handOver = 256 << 10
	holdUp   = 8 << 20
)

// serve runs a session that has logged in until its connection ends.
func (c *conn) serve() error {
	for {
		p, err := c.reader.next()
		if err != nil {
			return err
		}
		c.breathe()
		c.mu.Lock()
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

// park is what the reader does before it waits: from here on answers are written at once.
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
	for !c.dead {
		c.drain()
		c.wake.Wait()
	}
}

// drain writes what has gathered, if the reader waits or has handed over, or memory is short. The lock is held on entry and on return, but not while writing.
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

// breathe waits until there is memory for more requests. Meanwhile answers are written without delay, for they hold some.
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

func (c *conn) takeReady() []*Task {
	ready := c.ready
	c.ready = nil
	return ready
}

func (c *conn) runAll(tasks []*Task) {
	for _, t := range tasks {
		c.run(t)
	}
}

// patience is how long a write may take before we stop running writes where they were received, and pooledWrites for how many: when the
// kernel throttles writers, pings and reads must still get through.
const (
	patience     = 2 * time.Millisecond
	pooledWrites = 64
)

// run executes a command here if that is quick, else in the pool.
func (c *conn) run(t *Task) {
	if n := t.room(); n > 0 {
		t.in = c.srv.memory.get(n)
	}
	switch t.plan.Cost {
	case scsi.Quick, scsi.Read:
		if r, ok := c.device.TryExecute(t.command(c.nexus)); ok {
			c.complete(t, r)
			return
		}
	case scsi.Write:
		if c.pooled.Load() <= 0 {
			start := time.Now()
			r := c.device.Execute(t.command(c.nexus))
			if time.Since(start) > patience {
				c.pooled.Store(pooledWrites)
			}
			c.complete(t, r)
			return
		}
		c.pooled.Add(-1)
	}
	t.own(c.srv.memory)
	c.read(t.room())
	c.work.Add(1)
	c.pool.submit(func() {
		defer c.work.Done()
		r := c.device.Execute(t.command(c.nexus))
		c.read(-t.room())
		c.complete(t, r)
	})
}

// read notes how much the pool is about to read, or has read.
func (c *conn) read(n int) {
	if n != 0 {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.reading += n
		c.wrote.Broadcast()
	}
}

// complete gives a result back to the session, and runs what waited for it.
func (c *conn) complete(t *Task, r scsi.Result) {
	took := time.Since(t.began)
	c.mu.Lock()
	c.touch(t, &r)
	c.session.Complete(t, r, took)
	ready := c.takeReady()
	c.drain()
	c.mu.Unlock()
	c.runAll(ready)
}

// touch tells of the first command that read or wrote data.
func (c *conn) touch(t *Task, r *scsi.Result) {
	if r.Status != scsi.Good {
		return
	}
	if t.plan.In > 0 && !c.touched[0] {
		c.touched[0] = true
		c.observe(FirstRead, "")
	}
	if t.plan.Out > 0 && t.plan.Cost >= scsi.Write && !c.touched[1] {
		c.touched[1] = true
		c.observe(FirstWrite, "")
	}
}

func (c *conn) observe(kind EventKind, reason string) {
	if c.srv.target.Observe != nil {
		c.srv.target.Observe(Event{Kind: kind, Initiator: c.key.initiator, ISID: c.key.isid, Target: c.key.target, Remote: c.remote, Reason: reason})
	}
}

// The methods of Sink. The session calls them with the lock held.

func (c *conn) Send(p PDU, last *Buffer) {
	if c.dead {
		last.release()
		return
	}
	c.out.add(p, last)
}

func (c *conn) Run(t *Task) {
	t.began = c.arrived
	c.ready = append(c.ready, t)
}

func (c *conn) Close(why string) {
	c.closing = true
	c.logout = why == ""
	c.why = cmp.Or(c.why, why)
}

func (c *conn) Starve() {
	c.srv.memory.whenRoom(func() {
		if !c.pool.submit(c.feed) {
			c.srv.memory.feed() // this connection is gone: it is the next one's turn
		}
	})
}

func (c *conn) feed() {
	c.mu.Lock()
	c.session.Feed()
	c.drain()
	c.mu.Unlock()
	c.srv.memory.feed()
}

func (c *conn) Manage(m Management) { c.functions = append(c.functions, m) }

// manage ends the commands of the other sessions of the device, and once all of them have come to rest has the function take effect.
func (c *conn) manage(m Management) {
	var victims []*scsi.Nexus
	m.rest.done = func() { c.pool.submit(func() { c.managed(m, victims) }) }
	for _, o := range c.srv.target.sessionsOf(func(o *conn) bool { return o != c && o.device == c.device }) {
		if o.abort(m.covers, m.rest) > 0 {
			victims = append(victims, o.nexus)
		}
	}
	m.rest.leave()
}

func (c *conn) abort(match func(*Task) bool, b *barrier) int {
	c.mu.Lock()
	if c.session == nil {
		c.mu.Unlock()
		return 0
	}
	n := c.session.Abort(match, b)
	ready := c.takeReady()
	c.mu.Unlock()
	c.runAll(ready)
	return n
}

func (c *conn) managed(m Management, victims []*scsi.Nexus) {
	response := m.effect(c.device, victims)
	c.mu.Lock()
	c.session.Managed(m, response)
	c.drain()
	c.mu.Unlock()
	if m.Function == ColdReset {
		for _, o := range c.srv.target.sessionsOf(func(o *conn) bool { return o.device == c.device }) {
			o.endSoon("cold reset of the target")
		}
	}
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

// cleanUp ends what is left of a session: it waits for its commands in flight, so that nothing of it is written to a disk afterwards.
func (c *conn) cleanUp(err error) {
	c.mu.Lock()
	c.kill(reason(err))
	if c.session != nil {
		c.session.leaving = true
		b := newBarrier(func() {})
		c.session.Abort(func(*Task) bool { return true }, b)
		b.leave()
	}
	for c.writing {
		c.wrote.Wait()
	}
	c.out.take(&c.sending)
	c.sending.discard()
	c.mu.Unlock()
	c.reader.giveBack()
	c.work.Wait()
	if c.nexus != nil {
		c.device.Logout(c.nexus)
	}
}

// reason puts the error that ended a connection into words; "" is a stream that simply ended.
func reason(err error) string {
	var pe *ProtocolError
	switch {
	case errors.As(err, &pe):
		return pe.Error()
	case err == nil:
		return ""
	}
	return "connection lost: " + err.Error()
}
