package iscsi

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"ironhook/block"
	"ironhook/block/scsi"
)

// announce registers a connection under its target before the grant is looked up: from here
// on End finds it.
func (t *Target) announce(c *conn, key sessionKey) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.conns == nil {
		t.conns = map[*conn]struct{}{}
		t.sessions = map[sessionKey]*conn{}
	}
	c.key = key
	t.conns[c] = struct{}{}
}

// admit registers a session. An old one with the same key is ended first, and its last I/O
// awaited: the new session must not see the old one write (RFC 7143 §6.3.5).
func (t *Target) admit(ctx context.Context, c *conn, d *scsi.Device, most int) (tsih uint16, err error) {
	for {
		old, tsih, err := t.tryAdmit(c, d, most)
		if old == nil {
			return tsih, err
		}
		old.end("the initiator logged in anew")
		select {
		case <-old.done:
		case <-ctx.Done():
			return 0, loginFailure(serviceUnavailable, "open %s: an earlier session still has commands at the disk", c.key.target)
		}
	}
}

// tryAdmit returns the session that has to end first, if there is one.
func (t *Target) tryAdmit(c *conn, d *scsi.Device, most int) (old *conn, tsih uint16, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if old := t.sessions[c.key]; old != nil {
		return old, 0, nil
	}
	n := 0
	for key := range t.sessions {
		if key.initiator == c.key.initiator && key.target == c.key.target {
			n++
		}
	}
	if n >= most {
		t.reached(LimitSessions)
		return nil, 0, loginFailure(tooManyConnections, "initiator %s has %d sessions with this target already, the most that one may have",
			c.key.initiator, n)
	}
	c.device = d
	if d != nil { // discoveries do not exclude each other
		t.sessions[c.key] = c
	}
	if t.lastTSIH++; t.lastTSIH == 0 {
		t.lastTSIH = 1
	}
	return nil, t.lastTSIH, nil
}

// leave forgets a connection.
func (t *Target) leave(c *conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.conns, c)
	if t.sessions[c.key] == c {
		delete(t.sessions, c.key)
	}
}

// sessionsOf returns the connections that match, also those whose login is not
// complete.
func (t *Target) sessionsOf(match func(*conn) bool) (found []*conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for c := range t.conns {
		if match(c) {
			found = append(found, c)
		}
	}
	return found
}

// End ends every session of a target name, and logins to it that are under way. It returns
// when none of their I/O is in flight. To withdraw a target, let Lookup refuse it first.
func (t *Target) End(target string) {
	target = strings.ToLower(target)
	ended := t.sessionsOf(func(c *conn) bool { return c.key.target == target })
	for _, c := range ended {
		c.end("the target was withdrawn")
	}
	for _, c := range ended {
		<-c.done
	}
}

// InUse reports whether any of these target names has a session.
func (t *Target) InUse(targets []string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for key := range t.sessions {
		if slices.ContainsFunc(targets, func(name string) bool { return strings.EqualFold(name, key.target) }) {
			return true
		}
	}
	return false
}

// Sessions describes the current sessions, oldest first.
func (t *Target) Sessions() []SessionInfo {
	var all []SessionInfo
	for _, c := range t.sessionsOf(func(*conn) bool { return true }) {
		if info, ok := c.info(); ok {
			all = append(all, info)
		}
	}
	slices.SortFunc(all, func(a, b SessionInfo) int { return a.Since.Compare(b.Since) })
	return all
}

func (c *conn) info() (SessionInfo, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.session == nil || c.ending.dead {
		return SessionInfo{}, false
	}
	s := block.Session{Initiator: c.key.initiator, Target: c.key.target, Remote: c.remote, Since: c.began, LUNs: c.session.Stats()}
	return SessionInfo{Session: s, ISID: c.key.isid, Digests: c.writer.out.digests}, true
}

// port is the name of the initiator port, by which persistent reservations know it (RFC
// 7143 §4.2.7.1).
func (k sessionKey) port() string { return fmt.Sprintf("%s,i,0x%x", k.initiator, k.isid) }
