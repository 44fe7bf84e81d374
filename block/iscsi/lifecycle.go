package iscsi

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"ironhook/block"
)

// live is a connection from its first byte to its last.
func (c *conn) live(ctx context.Context) {
	defer close(c.done)
	s := c.srv
	err := c.logIn(ctx)
	if err == nil {
		c.observe(Login, "")
		err = c.serve(ctx)
	} else {
		c.loginFailed(err)
	}
	if pe := (*ProtocolError)(nil); errors.As(err, &pe) && pe.long {
		s.target.reached(LimitLength)
	}
	c.cleanUp(err)
	s.leave(c)
	if c.session == nil {
		return
	}
	c.mu.Lock()
	kind, why := Closed, c.ending.why
	if c.ending.loggedOut {
		kind, why = Logout, ""
	}
	c.mu.Unlock()
	c.observe(kind, why)
}

// logIn takes a connection through the login phase.
func (c *conn) logIn(ctx context.Context) error {
	s := c.srv
	hurry, cancel := context.WithTimeout(ctx, s.limits.LoginTime)
	defer cancel()
	c.net.SetDeadline(c.began.Add(s.limits.LoginTime))
	l := &login{
		random: rand.Reader, window: uint32(s.limits.QueueDepth),
		lookup: func(key sessionKey) (block.Grant, error) {
			s.target.announce(c, key)
			if key.target == "" {
				return block.Grant{}, nil
			}
			return s.target.Lookup(hurry, key.initiator, key.target)
		},
	}
	l.admit = func() (uint16, error) { return s.target.admit(hurry, c, l.grant.Device, s.limits.PerInitiator) }
	defer func() { c.attempt = l.attempt() }()
	for !l.full() {
		req, err := ReadPDU(c.net, Digests{}, maxLoginData)
		if err != nil {
			return fmt.Errorf("read login request: %w", err)
		}
		resp, failure := l.step(req)
		if resp.Header != nil {
			if _, err := c.net.Write(AppendPDU(nil, resp, Digests{})); err != nil {
				return fmt.Errorf("write login response: %w", err)
			}
		}
		if failure != nil {
			return failure
		}
	}
	c.start(ctx, l)
	return nil
}

// start begins the session after a login.
func (c *conn) start(ctx context.Context, l *login) {
	c.net.SetDeadline(time.Time{})
	tune(c.net)
	c.srv.loggedIn(c)
	params := l.keys.params()
	session := newSession(c, params, newBudget(c.srv.memory, c.budget, params), c.srv.limits.QueueDepth, l.first.CmdSN, l.statSN)
	session.cid = l.first.CID
	if c.device == nil {
		c.reader.lender = discoveryBuffers
	} else {
		c.nexus = c.device.Login(c.key.port())
		session.device, session.nexus = c.device, c.nexus
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.session = session
	c.writer.out.digests, c.reader.digests = session.params.Digests, session.params.Digests
}

// cleanUp ends a session: it waits for the commands in flight, so that none of them writes
// to a disk afterwards.
func (c *conn) cleanUp(err error) {
	c.mu.Lock()
	c.kill(reason(err))
	if c.session != nil {
		c.session.leaving = true
		b := newBarrier(func() {})
		c.session.Abort(func(*Task) bool { return true }, b)
		b.leave()
	}
	for c.writer.writing {
		c.writer.written.Wait()
	}
	c.writer.out.take(&c.writer.sending)
	c.writer.sending.discard()
	c.mu.Unlock()
	c.reader.giveBack()
	c.work.Wait()
	if c.nexus != nil {
		c.device.Logout(c.nexus)
	}
}

// reason describes the error that ended a connection; it is "" for a clean end of the
// stream.
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

// visible lists the targets of a SendTargets, each with the address that the initiator
// connected to.
func (c *conn) visible(ctx context.Context) (pairs []Pair, err error) {
	names := []string{c.key.target}
	if c.device == nil && c.srv.target.Discover != nil {
		if names, err = c.discover(ctx); err != nil {
			return nil, fmt.Errorf("list targets for %s: %w", c.key.initiator, err)
		}
	}
	address := fmt.Sprintf("%s,%d", c.portal(), portalGroup)
	for _, name := range names {
		if name != "" {
			pairs = append(pairs, Pair{"TargetName", name}, Pair{"TargetAddress", address})
		}
	}
	return pairs, nil
}

// portal is the address of the target as the initiator is to know it. A zone is a name of
// ours for one of our own links: it means nothing to another machine.
func (c *conn) portal() string {
	if a := c.srv.target.Advertised; a.IsValid() {
		return a.String()
	}
	if a, ok := c.net.LocalAddr().(*net.TCPAddr); ok {
		return netip.AddrPortFrom(a.AddrPort().Addr().Unmap().WithZone(""), uint16(a.Port)).String()
	}
	return c.net.LocalAddr().String()
}

// discover looks up the targets that the initiator may see, after waiting for its turn.
func (c *conn) discover(ctx context.Context) ([]string, error) {
	select {
	case c.srv.listing <- struct{}{}:
		defer func() { <-c.srv.listing }()
		return c.srv.target.Discover(ctx, c.key.initiator)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// tune sets TCP timeouts so that a dead peer is noticed within half a minute even on an
// idle connection.
func tune(nc net.Conn) {
	if t, ok := nc.(*net.TCPConn); ok {
		t.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3})
	}
}
