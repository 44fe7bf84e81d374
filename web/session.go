package web

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"sync"
	"time"
)

// Limits of a session. An open page counts as use, for it asks for events.
const (
	idle     = 30 * time.Minute // without a request or an open stream
	lifetime = 12 * time.Hour   // whatever it does
	crowd    = 256              // sessions at once; the one unused for longest makes room
	cookie   = "ironhook_session"
)

// session is one login. Its fields but done belong to the lock of its sessions.
type session struct {
	user        string // never changes
	begun, used time.Time
	done        chan struct{} // closed when the session ends
}

// sessions are the logins that live now. They are kept in memory only: a restart
// requires all users to sign in again. The token itself is not kept, so a dump
// of the memory is no access.
type sessions struct {
	mu   sync.Mutex
	live map[[sha256.Size]byte]*session
}

// open begins a session and returns its token: 256 random bits.
func (s *sessions) open(user string, now time.Time) string {
	raw := make([]byte, 32)
	rand.Read(raw) //nolint:errcheck // crypto/rand.Read never fails
	token := base64.RawURLEncoding.EncodeToString(raw)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep(now)
	if len(s.live) >= crowd {
		s.end(s.stalest())
	}
	s.live[sha256.Sum256([]byte(token))] = &session{user: user, begun: now, used: now, done: make(chan struct{})}
	return token
}

// find returns the living session that r's cookie names, or nil, and counts it
// as used. The lookup of a hash leaks nothing through its timing.
func (s *sessions) find(r *http.Request, now time.Time) *session {
	c, err := r.Cookie(cookie)
	if err != nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key := sha256.Sum256([]byte(c.Value))
	found := s.live[key]
	if found == nil {
		return nil
	}
	if found.over(now) {
		s.end(key)
		return nil
	}
	found.used = now
	return found
}

// keep counts an open stream as use of its session and reports whether the session
// still lives.
func (s *sessions) keep(one *session, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if one.over(now) {
		return false
	}
	one.used = now
	return true
}

// close ends the session that r's cookie names.
func (s *sessions) close(r *http.Request) {
	if c, err := r.Cookie(cookie); err == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.end(sha256.Sum256([]byte(c.Value)))
	}
}

func (s *session) over(now time.Time) bool {
	return now.Sub(s.used) > idle || now.Sub(s.begun) > lifetime
}

func (s *sessions) sweep(now time.Time) {
	for key, one := range s.live {
		if one.over(now) {
			s.end(key)
		}
	}
}

func (s *sessions) stalest() (oldest [sha256.Size]byte) {
	var at time.Time
	for key, one := range s.live {
		if at.IsZero() || one.used.Before(at) {
			oldest, at = key, one.used
		}
	}
	return oldest
}

func (s *sessions) end(key [sha256.Size]byte) {
	if one := s.live[key]; one != nil {
		close(one.done)
		delete(s.live, key)
	}
}
