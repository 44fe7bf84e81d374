package iscsi

import (
	"sync/atomic"
	"time"

	"ironhook/block/scsi"
)

// scheduler holds the work that the session has issued, to be done once it is unlocked, and
// the state that decides where to run it. The lock of the connection guards all but pooled.
type scheduler struct {
	todo
	backlog    int       // estimated number of requests after the one being handled
	arrived    time.Time // when the latest requests came
	hasRead    bool
	hasWritten bool

	pooled atomic.Int32 // how many of the following writes go to the pool
}

// todo is the work that a session has issued and its connection carries out.
type todo struct {
	ready     []*Task      // to be run
	functions []Management // to be managed
	listing   bool         // the names of the targets are asked for
}

// take empties the list.
func (t *todo) take() (all todo) {
	all, *t = *t, todo{}
	return all
}

func (c *conn) takeReady() []*Task {
	ready := c.scheduler.ready
	c.scheduler.ready = nil
	return ready
}

func (c *conn) runAll(tasks []*Task) {
	for _, t := range tasks {
		c.run(t)
	}
}

// patience is how long a write may take before writes move from the reader to the pool, and
// pooledWrites how many then do: when the kernel throttles writers, pings and reads must
// still get through.
const (
	patience     = 2 * time.Millisecond
	pooledWrites = 64
)

// Reads of offloadFrom bytes and more run in the pool when enough requests have come after
// them: then copying in parallel pays for the change of thread. Shorter reads, and long
// ones that come one by one, are slower in the pool.
const (
	offloadFrom = 128 << 10
	longBacklog = 3
)

// offload reports whether a read should run in the pool. The lock is held.
func (c *conn) offload(t *Task) bool {
	return t.plan.Cost == scsi.Read && t.room() >= offloadFrom && c.scheduler.backlog >= longBacklog
}

// run executes a command on this goroutine if it is quick, otherwise in the pool.
func (c *conn) run(t *Task) {
	if n := t.room(); n > 0 {
		t.in = c.session.budget.get(n)
	}
	switch t.plan.Cost {
	case scsi.Quick, scsi.Read:
		if t.offload {
			break
		}
		if r, ok := c.device.TryExecute(t.command(c.nexus)); ok {
			c.complete(t, r)
			return
		}
	case scsi.Write:
		if c.scheduler.pooled.Load() <= 0 {
			c.turn.give() // the kernel may throttle who writes
			start := time.Now()
			r := c.device.Execute(t.command(c.nexus))
			if time.Since(start) > patience {
				c.scheduler.pooled.Store(pooledWrites)
			}
			c.complete(t, r)
			return
		}
		c.scheduler.pooled.Add(-1)
	}
	t.own(c.session.budget)
	c.read(t.room())
	c.work.Add(1)
	c.pool.submit(func() {
		defer c.work.Done()
		r := c.device.Execute(t.command(c.nexus))
		c.read(-t.room())
		c.complete(t, r)
	})
}

// read counts the bytes that the pool is reading.
func (c *conn) read(n int) {
	if n != 0 {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.writer.reading += n
		c.writer.written.Broadcast()
	}
}

// complete hands a result to the session, and runs the commands that waited for it.
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

// touch reports the first command that read or wrote data.
func (c *conn) touch(t *Task, r *scsi.Result) {
	if r.Status != scsi.Good {
		return
	}
	if t.plan.In > 0 && !c.scheduler.hasRead {
		c.scheduler.hasRead = true
		c.observe(FirstRead, "")
	}
	if t.plan.Out > 0 && t.plan.Cost >= scsi.Write && !c.scheduler.hasWritten {
		c.scheduler.hasWritten = true
		c.observe(FirstWrite, "")
	}
}
