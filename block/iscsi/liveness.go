package iscsi

import "time"

// liveness is what is known of whether a peer is alive. It is looked at by a ticking
// clock, so that no command has to look at one. The lock of the connection guards it.
type liveness struct {
	heard, wrote bool // since the last tick
	silence      time.Duration
	stuck        time.Duration // answers are not read
	owing        time.Duration // data that we asked for does not come
}

// leastPace is how many bytes of a write have to come between two ticks while others
// wait for the memory that is kept for them.
const leastPace = 64 << 10

// checkLiveness is called every tick. It asks a silent initiator for a sign of life, and
// gives up on one that does not answer although it once did, or that stops reading what
// it asked for or sending what it was asked for. iPXE never answers such questions: it
// is left alone much longer, for it may just be waiting at a prompt, and its network
// stack still acknowledges our keep-alives.
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
	short, enough := c.session.share.othersWait(), 1
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
		c.kill("the initiator is silent")
	case v.silence > l.Keepalive && c.device != nil && !c.session.pinging:
		c.session.Ping()
		c.pool.submit(c.flush)
	}
}

func (c *conn) flush() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drain()
}
