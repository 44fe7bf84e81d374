package iscsi

import "time"

// liveness tracks whether a peer is alive. A tick checks it, so that no command has to read
// the clock. The lock of the connection guards it.
type liveness struct {
	heard, wrote bool // since the last tick
	silence      time.Duration
	stuck        time.Duration // answers are not read
	owing        time.Duration // solicited data does not come
}

// leastPace is how many bytes of solicited data must arrive between two ticks while other
// sessions wait for the memory reserved for it.
const leastPace = 64 << 10

// checkLiveness is called every tick. It pings a silent initiator, and drops one that has
// answered pings before and no longer does, that stops reading its answers or that stops
// sending solicited data. iPXE never answers pings: its timeout is much longer, because it
// may be waiting at a prompt while its network stack still acknowledges our keep-alives.
func (c *conn) checkLiveness(tick time.Duration) {
	l := &c.srv.limits
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.session == nil || c.ending.dead {
		return
	}
	v := &c.liveness
	v.silence += tick
	v.stuck += tick
	if v.heard {
		v.silence = 0
	}
	if v.wrote || !c.writer.writing {
		v.stuck = 0
	}
	v.owing += tick
	short, enough := c.session.budget.othersWait(), 1
	if short {
		enough = leastPace
	}
	if c.session.took >= enough || !c.session.Owed() {
		v.owing = 0
	}
	v.heard, v.wrote, c.session.took = false, false, 0
	switch {
	case v.stuck > l.Keepalive:
		c.kill("the initiator does not read")
	case v.owing > 2*l.Keepalive:
		c.kill("the initiator does not send the data of its writes")
	case short && v.owing > l.Keepalive/6:
		c.kill("the initiator sends the data of its writes too slowly while others wait for the memory")
	case v.silence > l.Idle, v.silence > 2*l.Keepalive && (c.device == nil || c.session.ponged):
		c.srv.target.reached(LimitSilence)
		c.kill("the initiator is silent")
	case v.silence > l.Keepalive && c.device != nil && !c.session.pinging:
		c.srv.target.reached(LimitPing)
		c.session.Ping()
		c.pool.submit(c.flush)
	}
}

func (c *conn) flush() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drain()
}
