package iscsi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"ironhook/block/scsi"
)

// server is one Serve: a listener and what its connections share.
type server struct {
	target *Target
	limits Limits
	log    *slog.Logger
	memory *buffers
	turns  turns

	mu    sync.Mutex
	conns map[*conn]struct{}
	fresh []*conn // not logged in, or for discovery only; oldest first
	pools map[*scsi.Device]*sharedPool
	wg    sync.WaitGroup

	listing  chan struct{} // limits the discoveries answered at once
	failures failures      // of logins
}

// maxListing is how many discoveries are answered at once: they are unauthenticated, so
// they must leave the processor to the sessions.
const maxListing = 2

// sharedPool is the pool of a device: one for each device, so that a hanging disk delays no
// other.
type sharedPool struct {
	pool   *pool
	budget budget // of memory, of all sessions of the device
	users  int
}

// Serve accepts initiators on l until ctx ends. Then it asks the sessions to log out, waits
// up to Limits.Drain, closes the rest, and returns nil once all their goroutines and I/O
// have ended. It closes l. An error means that l failed.
func (t *Target) Serve(ctx context.Context, l net.Listener) error {
	s := &server{
		target: t, limits: t.Limits.withDefaults(), log: t.Log,
		conns: map[*conn]struct{}{}, pools: map[*scsi.Device]*sharedPool{}, listing: make(chan struct{}, maxListing),
	}
	s.memory, s.turns = newBuffers(s.limits.Memory), make(turns, s.limits.Busy)
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
	s.failures.summarize(s.log)
	return err
}

// accept accepts connections until ctx ends, limited per second: a flood of them must leave
// the processor to the sessions. It retries after temporary errors, such as a lack of
// descriptors.
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
		if rest := time.Second/parts - time.Since(began); rest > 0 {
			s.target.reached(LimitRate)
			wait(ctx, rest)
		}
		began, taken = time.Now(), 0
	}
}

// parts is how many intervals of the rate limit make a second, so that no connection waits
// for long.
const parts = 10

func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// take starts a connection, unless the limit is reached.
func (s *server) take(ctx context.Context, nc net.Conn) {
	c := newConn(s, nc)
	loser := s.enter(c)
	if loser != nil {
		if loser == c {
			s.target.reached(LimitConnections)
		} else {
			s.target.reached(LimitUnauthenticated)
		}
		loser.end("too many connections")
	}
	if loser != c {
		s.wg.Go(func() { c.live(ctx) })
	} else if s.admitLine(c) {
		s.log.Warn("iSCSI connection refused", "remote", c.remote, "reason",
			fmt.Sprintf("%d connections are open, the most that the target accepts", s.limits.Connections))
	}
}

// enter registers a connection, and returns the one to close in exchange, perhaps itself.
// When too many have not logged in, it is one of them: a flood of silent connections must not
// keep out an initiator that needs milliseconds to log in, or seconds in a crowd.
func (s *server) enter(c *conn) (loser *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.conns) >= s.limits.Connections {
		return c
	}
	if len(s.fresh) >= s.limits.Unauthenticated {
		loser = oldestOfCrowd(s.fresh)
		s.fresh = slices.DeleteFunc(s.fresh, func(o *conn) bool { return o == loser }) // closing it takes a moment: the next call picks another
	}
	s.conns[c] = struct{}{}
	s.fresh = append(s.fresh, c)
	return loser
}

// oldestOfCrowd returns the oldest connection of the address that has the most of them.
func oldestOfCrowd(fresh []*conn) *conn {
	held := map[netip.Addr]int{}
	for _, c := range fresh {
		held[c.remote.Addr()]++
	}
	most := fresh[0]
	for _, c := range fresh {
		if held[c.remote.Addr()] > held[most.remote.Addr()] {
			most = c
		}
	}
	return most
}

// loggedIn marks a connection as logged in, and finds the pool of its device. A discovery
// keeps counting as not logged in, because it is unauthenticated.
func (s *server) loggedIn(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := c.device
	if d == nil {
		return
	}
	s.fresh = slices.DeleteFunc(s.fresh, func(o *conn) bool { return o == c })
	if s.pools[d] == nil {
		s.pools[d] = &sharedPool{pool: newPool(s.limits.Workers)}
	}
	s.pools[d].users++
	c.pool, c.budget = s.pools[d].pool, &s.pools[d].budget
}

// leave removes a connection that has ended; the last one of a device closes its pool.
func (s *server) leave(c *conn) {
	s.target.leave(c)
	s.mu.Lock()
	delete(s.conns, c)
	s.fresh = slices.DeleteFunc(s.fresh, func(o *conn) bool { return o == c })
	var unused *pool
	if c.pool != nil { // it has been counted
		p := s.pools[c.device]
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

// tick checks the liveness of the connections once a second.
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
				c.checkLiveness(every)
			}
			if s.failures.due(time.Now()) {
				s.failures.summarize(s.log)
			}
		}
	}
}

// farewell asks every session to log out, waits up to Limits.Drain, and closes the rest.
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
