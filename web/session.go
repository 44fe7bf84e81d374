package web

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"ironhook/baremetal"
	"ironhook/store"
)

// Limits of a session. An open page counts as use, for it asks for events.
const (
	idle     = 30 * time.Minute // without a request or an open stream
	lifetime = 12 * time.Hour   // whatever it does
	keptIdle = 30 * 24 * time.Hour
	keptLife = 180 * 24 * time.Hour // of a user who stays signed in, such as a wall display
	crowd    = 256                  // sessions at once; the one unused for longest makes room
	cookie   = "ironhook_session"

	recordEvery = 5 * time.Minute // how old the time of the last use in the store may be
	recordTime  = 5 * time.Second // for one write of it
)

// session is one login. Its fields but done belong to the lock of its sessions.
type session struct {
	baremetal.Login
	recorded time.Time     // the Used of the store
	done     chan struct{} // closed when the session ends
}

// sessions are the logins that live now. They are in the store, so that they survive
// a restart, and in memory, so that a request does not ask the store. Another password
// ends those of its user. The token itself is kept nowhere, so a dump of the memory or a
// copy of the database is no access.
type sessions struct {
	store *store.Store
	log   *slog.Logger
	proof func(user string) string // of the account as it is; "" for none

	mu   sync.Mutex
	live map[string]*session // by the hash of the token
}

// open begins a session and returns its token: 256 random bits. One that cannot be
// recorded ends with the process.
func (s *sessions) open(user string, keep bool, now time.Time) string {
	raw := make([]byte, 32)
	rand.Read(raw) //nolint:errcheck // crypto/rand.Read never fails
	token := base64.RawURLEncoding.EncodeToString(raw)
	l := baremetal.Login{Token: baremetal.TokenHash(token), User: user, Proof: s.proof(user), Begun: now, Used: now, Keep: keep}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.record(func(tx *store.Tx) error {
		if err := s.sweep(tx, now); err != nil {
			return err
		}
		return tx.Logins().Insert(&l)
	})
	if len(s.live) >= crowd {
		s.end(s.stalest())
	}
	s.live[l.Token] = &session{Login: l, recorded: now, done: make(chan struct{})}
	return token
}

// record writes to the store. A failure is logged: it costs the users another login after
// a restart, and nothing else.
func (s *sessions) record(change func(*store.Tx) error) {
	ctx, cancel := context.WithTimeout(context.Background(), recordTime)
	defer cancel()
	if err := s.store.Update(ctx, change); err != nil {
		s.log.Warn("record who is signed in", "error", err)
	}
}

// find returns the living session that r's cookie names, or nil, and counts it
// as used. The lookup of a hash leaks nothing through its timing.
func (s *sessions) find(r *http.Request, now time.Time) *session {
	c, err := r.Cookie(cookie)
	if err != nil {
		return nil
	}
	key := baremetal.TokenHash(c.Value)
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.live[key]
	if found == nil {
		found = s.recall(r.Context(), key)
	}
	if found == nil {
		return nil
	}
	if found.over(now) || found.Proof != s.proof(found.User) {
		s.end(key)
		return nil
	}
	s.use(found, now)
	return found
}

// recall reads a session of before a restart, nil when there is none.
func (s *sessions) recall(ctx context.Context, key string) *session {
	var l *baremetal.Login
	err := s.store.View(ctx, func(tx *store.Tx) (err error) {
		l, err = tx.Logins().Find(key)
		return err
	})
	if err != nil && ctx.Err() == nil {
		s.log.Warn("read who is signed in", "error", err)
	}
	if err != nil || l == nil {
		return nil
	}
	if len(s.live) >= crowd {
		s.end(s.stalest())
	}
	s.live[key] = &session{Login: *l, recorded: l.Used, done: make(chan struct{})}
	return s.live[key]
}

// use notes that a session is in use, in the store at intervals only.
func (s *sessions) use(one *session, now time.Time) {
	one.Used = now
	if now.Sub(one.recorded) < recordEvery {
		return
	}
	one.recorded = now
	s.record(func(tx *store.Tx) error { return tx.Logins().Update(&one.Login) })
}

// keep counts an open stream as use of its session and reports whether the session
// still lives.
func (s *sessions) keep(one *session, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if one.over(now) || one.Proof != s.proof(one.User) {
		return false
	}
	s.use(one, now)
	return true
}

// close ends the session that r's cookie names.
func (s *sessions) close(r *http.Request) {
	if c, err := r.Cookie(cookie); err == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.end(baremetal.TokenHash(c.Value))
	}
}

func (s *session) over(now time.Time) bool {
	if s.Keep {
		return now.Sub(s.Used) > keptIdle || now.Sub(s.Begun) > keptLife
	}
	return now.Sub(s.Used) > idle || now.Sub(s.Begun) > lifetime
}

// life is how long the browser keeps the cookie.
func life(keep bool) time.Duration {
	if keep {
		return keptLife
	}
	return lifetime
}

// sweep deletes the sessions that are over, here and in the store.
func (s *sessions) sweep(tx *store.Tx, now time.Time) error {
	for key, one := range s.live {
		if one.over(now) {
			close(one.done)
			delete(s.live, key)
		}
	}
	list, err := tx.Logins().List(store.Query{})
	if err != nil {
		return err
	}
	for _, l := range list {
		if (&session{Login: *l}).over(now) {
			err = errors.Join(err, tx.Logins().Delete(l.Token))
		}
	}
	return err
}

func (s *sessions) stalest() (oldest string) {
	var at time.Time
	for key, one := range s.live {
		if at.IsZero() || one.Used.Before(at) {
			oldest, at = key, one.Used
		}
	}
	return oldest
}

// end ends a session for good.
func (s *sessions) end(key string) {
	if one := s.live[key]; one != nil {
		close(one.done)
		delete(s.live, key)
	}
	s.record(func(tx *store.Tx) error {
		if err := tx.Logins().Delete(key); !errors.Is(err, baremetal.ErrNotFound) {
			return err
		}
		return nil
	})
}
