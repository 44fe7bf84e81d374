package iscsi

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"sync"
	"time"
)

// attempt is what a login asked for, as far as it came.
type attempt struct {
	began             bool   // a login request arrived
	initiator, target string // as they were sent, proper names or not
}

func (l *login) attempt() attempt {
	text := l.keys.texts
	return attempt{l.began, text["InitiatorName"], text["TargetName"]}
}

// loginFailed reports a login that failed. A connection that never sent a login request, a
// port scanner's for one, is none.
func (c *conn) loginFailed(err error) {
	if c.key.initiator != "" {
		c.observe(LoginFailed, err.Error())
	}
	if !c.attempt.began {
		c.srv.log.Debug("iSCSI connection without a login", "remote", c.remote, "err", err)
		return
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		c.srv.target.reached(LimitLoginTime)
	}
	if !c.srv.admitLine(c) {
		return
	}
	status := "none" // the connection broke, or took too long
	var le *loginError
	if errors.As(err, &le) {
		status = fmt.Sprintf("0x%04x %s", uint16(le.status), le.status)
	}
	c.srv.log.Warn("iSCSI login failed", "initiator", shortened(c.attempt.initiator), "target", shortened(c.attempt.target),
		"remote", c.remote, "status", status, "reason", err.Error())
}

// shortened is a name as it may stand in the log.
func shortened(name string) string { return cmp.Or(name[:min(len(name), maxNameLen)], "none") }

// failures keeps logins that fail by the thousand, or one that fails for ever, from filling the
// log. Those that it holds back are counted.
type failures struct {
	mu    sync.Mutex
	began time.Time          // of this minute; mu guards
	lines map[netip.Addr]int // in this minute, by source; mu guards
	shown int                // the sum of lines; mu guards
	held  int                // in this minute; mu guards
}

const (
	maxShown = 100 // lines a minute about failed logins, of all sources
	maxEach  = 10  // lines a minute about those of one
)

// admitLine reports whether a failure of the connection gets a line in the log.
func (s *server) admitLine(c *conn) bool {
	ok := s.failures.admit(c.remote.Addr())
	if !ok {
		s.target.reached(LimitLines)
	}
	return ok
}

// admit reports whether a failure gets a line in the log.
func (f *failures) admit(source netip.Addr) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.shown >= maxShown || f.lines[source] >= maxEach {
		f.held++
		return false
	}
	if f.lines == nil {
		f.lines = map[netip.Addr]int{}
	}
	f.lines[source]++
	f.shown++
	return true
}

// due reports whether a minute is over.
func (f *failures) due(now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return now.Sub(f.began) >= time.Minute
}

// summarize ends a minute.
func (f *failures) summarize(log *slog.Logger) {
	f.mu.Lock()
	held, sources := f.held, len(f.lines)
	f.began, f.lines, f.shown, f.held = time.Now(), nil, 0, 0
	f.mu.Unlock()
	if held > 0 {
		log.Warn("more iSCSI logins failed than the log has lines for", "more", held, "sources", sources)
	}
}
