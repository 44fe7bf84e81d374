package ipmi

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"ironhook/internal/limit"
	"ironhook/power/ipmi/rmcp"
)

// gate lets one caller at a time talk to a BMC, and not too soon after the last.
type gate struct {
	waiting atomic.Int32  // callers
	turn    chan struct{} // holds one token; its holder owns the fields below
	ready   time.Time     // the next session may begin
	begun   time.Time     // the session has
	suite   byte          // the cipher suite that worked last
	known   bool          // suite is set
}

func newGate() *gate {
	g := &gate{turn: make(chan struct{}, 1)}
	g.turn <- struct{}{}
	return g
}

// enter waits for the caller's turn.
func (g *gate) enter(ctx context.Context) error {
	g.waiting.Add(1)
	defer g.waiting.Add(-1)
	select {
	case <-g.turn:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// overdue reports whether the session has lasted for a turn while another caller waits. Only a caller whose turn it is may ask.
func (g *gate) overdue(turn time.Duration) bool {
	return g.waiting.Load() > 0 && time.Since(g.begun) >= turn
}

// leave gives the turn to the next.
func (g *gate) leave() { g.turn <- struct{}{} }

// session opens a session, has f use it and closes it.
func (g *gate) session(ctx context.Context, i info, pause time.Duration, f func(*rmcp.Session) error) error {
	if err := limit.Pause(ctx, time.Until(g.ready)); err != nil {
		return err
	}
	defer func() { g.ready = time.Now().Add(pause) }()
	g.begun = time.Now()
	s, err := g.dial(ctx, i)
	if err != nil {
		return err
	}
	return errors.Join(f(s), s.Close(ctx))
}

// dial tries the cipher suites that the node allows, the one that worked last
// before all others. It tries the next one after a refused suite or a refused
// privilege level, because BMCs can bind levels to suites, but not after a refused login.
func (g *gate) dial(ctx context.Context, i info) (s *rmcp.Session, err error) {
	try := i.suites
	if g.known && slices.Contains(try, g.suite) {
		try = append([]byte{g.suite}, slices.DeleteFunc(slices.Clone(try), func(id byte) bool { return id == g.suite })...)
	}
	for _, suite := range try {
		var c rmcp.Config
		if c, err = i.config(suite); err != nil {
			return nil, err
		}
		s, err = rmcp.Dial(ctx, c)
		if errors.Is(err, rmcp.ErrUnproven) { // one wrong authentication code does not prove a wrong password
			s, err = rmcp.Dial(ctx, c)
		}
		if err == nil {
			g.suite, g.known = suite, true
			return s, nil
		}
		if !errors.Is(err, rmcp.ErrSuite) && !errors.Is(err, rmcp.ErrLevel) {
			return nil, err
		}
	}
	return nil, err
}
