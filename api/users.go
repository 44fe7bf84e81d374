package api

import (
	"bufio"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/bcrypt"
)

// Users are the accounts of an htpasswd file with bcrypt digests, the only kind
// that Ironic accepts too. Safe for concurrent use.
type Users struct {
	digests map[string][]byte
	nobody  []byte // what a password of an unknown user is compared with
	key     []byte // of known, made at start: the cache is of no use to who reads it later
	hashing chan struct{}

	mu     sync.Mutex
	known  map[[sha256.Size]byte]struct{} // credentials that passed bcrypt
	failed map[string]*failures           // by client address
}

// failures counts wrong passwords of one address.
type failures struct {
	count int
	until time.Time // when the count is forgotten
}

const (
	maxKnown    = 1024        // cached credentials
	maxFailures = 10          // wrong passwords of one address within
	lockout     = time.Minute //
	maxWatched  = 4096        // addresses
	bcryptLimit = 2           // comparisons at once: each takes a processor for tens of milliseconds
)

// ReadUsers reads "name:digest" lines; empty lines and # comments are skipped.
func ReadUsers(file io.Reader) (*Users, error) {
	u := &Users{digests: map[string][]byte{}, key: make([]byte, 32), hashing: make(chan struct{}, bcryptLimit),
		known: map[[sha256.Size]byte]struct{}{}, failed: map[string]*failures{}}
	if _, err := rand.Read(u.key); err != nil {
		return nil, fmt.Errorf("make a key for the login cache: %w", err)
	}
	cost := bcrypt.MinCost
	lines := bufio.NewScanner(file)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		name, digest, _ := strings.Cut(line, ":")
		c, err := bcrypt.Cost([]byte(digest))
		if err != nil {
			return nil, fmt.Errorf("line %d: only bcrypt digests are supported; make one with htpasswd -nbB %s PASSWORD", n, name)
		}
		u.digests[name], cost = []byte(digest), max(cost, c)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read users: %w", err)
	}
	var err error
	u.nobody, err = bcrypt.GenerateFromPassword(u.key, cost)
	return u, err
}

// check tells whether the password is the user's. An address that has failed too
// often is not answered but told how long to wait.
func (u *Users) check(name, password, address string) (ok bool, wait time.Duration) {
	mac := hmac.New(sha256.New, u.key)
	fmt.Fprintf(mac, "%d:%s%s", len(name), name, password)
	id := [sha256.Size]byte(mac.Sum(nil))
	if cached, wait := u.seen(id, address); cached || wait > 0 {
		return cached, wait
	}
	u.hashing <- struct{}{}
	defer func() { <-u.hashing }()
	digest, found := u.digests[name]
	if !found {
		digest = u.nobody
	}
	// bcrypt compares in constant time; an unknown name takes as long as a known one.
	ok = bcrypt.CompareHashAndPassword(digest, []byte(password)) == nil && found
	u.note(id, address, ok)
	return ok, 0
}

// Verify tells whether the password is the user's, for callers that limit guessing
// themselves, as the pages' login form does.
func (u *Users) Verify(name, password string) bool {
	ok, _ := u.check(name, password, "")
	return ok
}

func (u *Users) seen(id [sha256.Size]byte, address string) (cached bool, wait time.Duration) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if _, cached = u.known[id]; cached {
		return true, 0
	}
	if f := u.failed[address]; f != nil && address != "" && f.count >= maxFailures {
		return false, max(0, time.Until(f.until))
	}
	return false, 0
}

func (u *Users) note(id [sha256.Size]byte, address string, ok bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if ok {
		if len(u.known) >= maxKnown {
			clear(u.known)
		}
		u.known[id] = struct{}{}
		delete(u.failed, address)
		return
	}
	f := u.failed[address]
	if f == nil || time.Now().After(f.until) {
		if len(u.failed) >= maxWatched {
			clear(u.failed)
		}
		f = &failures{until: time.Now().Add(lockout)}
		u.failed[address] = f
	}
	f.count++
}
