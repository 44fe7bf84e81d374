package iscsi

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"sync"
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
	if !c.srv.failures.admit() {
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

// failures keeps logins that fail by the thousand from filling the log. Those that it holds
// back are counted.
type failures struct {
	mu    sync.Mutex
	shown int // in this second; mu guards
	held  int // in this second; mu guards
}

// maxShown is how many failed logins a second the log has, each on a line of its own.
const maxShown = 100

// admit reports whether a failure gets a line in the log.
func (f *failures) admit() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.shown >= maxShown {
		f.held++
		return false
	}
	f.shown++
	return true
}

// summarize ends a second.
func (f *failures) summarize(log *slog.Logger) {
	f.mu.Lock()
	held := f.held
	f.shown, f.held = 0, 0
	f.mu.Unlock()
	if held > 0 {
		log.Warn("more iSCSI logins failed than the log has lines for", "more", held)
	}
}
