package iscsi

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"ironhook/storage/scsi"
)

// server is one Serve: a listener and what its connections share.
type server struct {
	target *Target
	limits Limits
	log    *slog.Logger
	memory *buffers

	mu    sync.Mutex
	conns map[*conn]struct{}
	fresh []*conn // not logged in, oldest first
	pools map[*scsi.Device]*sharedPool
	wg    sync.WaitGroup
}

// sharedPool is the pool of a device: one per device, so that a disk that hangs holds
// up nobody else's.
type sharedPool struct {
	pool  *pool
	users int
}

// Serve accepts initiators on l until ctx ends. Then it asks the sessions to log out,
// gives them a moment, closes what is left, and returns nil once no goroutine and no
// I/O of theirs is left. It closes l. An error says that l failed.
func (t *Target) Serve(ctx context.Context, l net.Listener) error {
	s := &server{
		target: t, limits: t.Limits.withDefaults(), log: t.Log,
		conns: map[*conn]struct{}{}, pools: map[*scsi.Device]*sharedPool{},
	}
	s.memory = newBuffers(s.limits.Memory)
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	background, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	s.wg.Go(func() { s.tick(background) })
	err := s.accept(ctx, background, l)
	l.Close()
	s.farewell()
	cancel()
	s.wg.Wait()
	return err
}

// accept takes connections until ctx ends, no more in a second than it may: a flood of
// them must leave the processor to the sessions. An error that may pass, such as a lack
// of descriptors, is waited out.
func (s *server) accept(ctx, background context.Context, l net.Listener) error {
	var began time.Time
	taken := 0
	for {
		nc, err := l.Accept()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				nc.Close()
			}
			return nil
		case err == nil:
			s.take(background, nc)
		case errors.Is(err, net.ErrClosed):
			return fmt.Errorf("accept iSCSI connection: %w", err)
		default:
			s.log.Warn("accept iSCSI connection", "err", err)
			wait(ctx, 100*time.Millisecond)
		}
		if taken++; taken < s.limits.PerSecond/parts {
			continue
		}
		wait(ctx, time.Second/parts-time.Since(began))
		began, taken = time.Now(), 0
	}
}

// parts is into how many a second is cut, so that nobody waits for long.
const parts = 10

func wait(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// take starts a connection, if there may be one more. When too many have not logged in
// the oldest of them goes: a flood of connections that say nothing must not keep out an
// initiator that needs a few milliseconds to log in.
func (s *server) take(ctx context.Context, nc net.Conn) {
	tune(nc)
	c := &conn{srv: s, net: nc, began: time.Now(), done: make(chan struct{})}
	c.reader = newReader(nc, c.park, c.unpark)
	c.wrote.L, c.wake.L = &c.mu, &c.mu
	c.out.memory, c.sending.memory = s.memory, s.memory
	if a, ok := nc.RemoteAddr().(*net.TCPAddr); ok {
		c.remote = netip.AddrPortFrom(a.AddrPort().Addr().Unmap(), uint16(a.Port))
	}
	s.mu.Lock()
	var oldest *conn
	if len(s.conns) >= s.limits.Connections {
		oldest = c
	} else if len(s.fresh) >= s.limits.Unauthenticated {
		oldest = s.fresh[0]
	}
	if oldest != c {
		s.conns[c] = struct{}{}
		s.fresh = append(s.fresh, c)
	}
	s.mu.Unlock()
	if oldest != nil {
		oldest.end("too many connections")
	}
	if oldest != c {
		s.wg.Go(func() { c.live(ctx) })
	}
}

// tune has a dead peer noticed within half a minute even where nothing is sent.
func tune(nc net.Conn) {
	if t, ok := nc.(*net.TCPConn); ok {
		t.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3})
	}
}

// live is a connection from its first byte to its last.
func (c *conn) live(ctx context.Context) {
	defer close(c.done)
	s := c.srv
	err := c.logIn(ctx)
	if err == nil {
		c.observe(Login, "")
		err = c.serve()
	} else if c.key.initiator != "" {
		c.observe(LoginFailed, err.Error())
	} else {
		s.log.Debug("iSCSI connection without a login", "remote", c.remote, "err", err)
	}
	c.cleanUp(err)
	s.leave(c)
	if c.session == nil {
		return
	}
	c.mu.Lock()
	kind, why := Closed, c.why
	if c.loggedOut {
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
		lookup: func(key sessionKey) (Grant, error) {
			s.target.announce(c, key)
			if key.target == "" {
				return Grant{}, nil
			}
			return s.target.Lookup(hurry, key.initiator, key.target)
		},
	}
	l.admit = func() (uint16, error) { return s.target.admit(hurry, c, l.grant.Device, s.limits.PerInitiator) }
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

// start begins the session that a login has led to.
func (c *conn) start(ctx context.Context, l *login) {
	c.net.SetDeadline(time.Time{})
	c.srv.loggedIn(c)
	session := newSession(c, l.keys.params(), c.srv.memory, c.srv.limits.QueueDepth, l.cmdSN(), l.statSN)
	session.names = func() ([]Pair, error) { return c.visible(ctx) }
	if c.device != nil {
		c.nexus = c.device.Login(c.key.port())
		session.device, session.nexus = c.device, c.nexus
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.session = session
	c.out.digests, c.reader.digests = session.params.Digests, session.params.Digests
}

// visible lists the targets of a SendTargets, each with the address that the initiator
// came to.
func (c *conn) visible(ctx context.Context) (pairs []Pair, err error) {
	names := []string{c.key.target}
	if c.device == nil && c.srv.target.Discover != nil {
		if names, err = c.srv.target.Discover(ctx, c.key.initiator); err != nil {
			return nil, fmt.Errorf("list targets for %s: %w", c.key.initiator, err)
		}
	}
	address := fmt.Sprintf("%s,%d", c.net.LocalAddr(), portalGroup)
	for _, name := range names {
		if name != "" {
			pairs = append(pairs, Pair{"TargetName", name}, Pair{"TargetAddress", address})
		}
	}
	return pairs, nil
}

// loggedIn notes that a connection has become a session, and finds the pool of its
// device.
func (s *server) loggedIn(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fresh = slices.DeleteFunc(s.fresh, func(o *conn) bool { return o == c })
	d := c.device
	if d == nil {
		return
	}
	if s.pools[d] == nil {
		s.pools[d] = &sharedPool{pool: newPool(s.limits.Workers)}
	}
	s.pools[d].users++
	c.pool = s.pools[d].pool
}

// leave forgets a connection of which nothing is left; the last one of a device closes
// its pool.
func (s *server) leave(c *conn) {
	s.target.leave(c)
	s.mu.Lock()
	delete(s.conns, c)
	s.fresh = slices.DeleteFunc(s.fresh, func(o *conn) bool { return o == c })
	var unused *pool
	if p := s.pools[c.device]; p != nil {
		if p.users--; p.users == 0 {
			delete(s.pools, c.device)
			unused = p.pool
		}
	}
	s.mu.Unlock()
	if unused != nil {
		unused.close()
	}
}

func (s *server) all() []*conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Keys(s.conns))
}

// tick looks after the connections once a second.
func (s *server) tick(ctx context.Context) {
	const every = time.Second
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			for _, c := range s.all() {
				c.checkUp(every)
			}
		}
	}
}

// farewell asks every session to log out, waits a moment for that, and closes what is
// left.
func (s *server) farewell() {
	all := s.all()
	for _, c := range all {
		c.goodbye(s.limits.Drain)
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.limits.Drain)
	defer cancel()
	for _, c := range all {
		select {
		case <-c.done:
		case <-ctx.Done():
			c.end("the target stops")
		}
	}
}
