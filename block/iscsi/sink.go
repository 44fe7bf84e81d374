package iscsi

import (
	"cmp"

	"ironhook/block/scsi"
)

// The methods of [Sink]. The session calls them with the connection's lock held.

func (c *conn) Send(p PDU, last *Buffer) {
	if c.ending.dead {
		last.release()
		return
	}
	c.writer.out.add(p, last)
}

func (c *conn) Run(t *Task) {
	t.began, t.offload = c.scheduler.arrived, c.offload(t)
	c.scheduler.ready = append(c.scheduler.ready, t)
}

func (c *conn) Close(why string) {
	c.ending.closing = true
	c.ending.loggedOut = why == ""
	c.ending.why = cmp.Or(c.ending.why, why)
}

func (c *conn) List() { c.scheduler.listing = true }

func (c *conn) Starve(n int) {
	c.srv.target.reached(LimitMemory)
	c.session.budget.whenRoom(n, func() {
		if !c.pool.submit(c.feed) {
			c.srv.memory.feed() // this connection has ended: the next one may have the memory
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

func (c *conn) Manage(m Management) { c.scheduler.functions = append(c.scheduler.functions, m) }

// manage ends the commands of the other sessions of the device, and applies the function
// once all of them have finished.
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
	if len(ready) > 0 { // held back until now; it runs on the goroutine of another connection
		c.work.Add(1)
		defer c.work.Done()
	}
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
