package door

import (
	"bufio"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/bcrypt"

	"ironhook/internal/limit"
)

// Users are the accounts of an htpasswd file with bcrypt digests, the only kind
// that Ironic accepts too. Safe for concurrent use.
type Users struct {
	digests map[string][]byte
	unknown []byte // compared with the password of an unknown user
	key     []byte // of known, made at start: the cache is of no use to a later reader
	hashing chan struct{}
	guesses *limit.Attempts[netip.Addr] // by source

	mu    sync.Mutex
	known map[[sha256.Size]byte]struct{} // mu guards it: credentials that passed bcrypt
}

const (
	maxKnown    = 1024 // cached credentials
	bcryptLimit = 2    // comparisons at once: each takes a processor for tens of milliseconds
)

// guessing slows down an address that sends wrong passwords. As many are free as one
// client may have requests in flight, because a right password counts, too, until it has
// been compared.
var guessing = limit.Slowdown{Free: defaultInFlight, Longest: time.Minute, Forget: 15 * time.Minute, Sources: 4096}

// ReadUsers reads "name:digest" lines; empty lines and # comments are skipped.
func ReadUsers(file io.Reader) (*Users, error) {
	u := &Users{digests: map[string][]byte{}, key: make([]byte, 32), hashing: make(chan struct{}, bcryptLimit),
		known: map[[sha256.Size]byte]struct{}{}, guesses: limit.NewAttempts[netip.Addr](guessing)}
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
	u.unknown, err = bcrypt.GenerateFromPassword(u.key, cost)
	return u, err
}

// check reports whether the password is the user's. A source that guesses is not
// checked; its answer says how long to wait.
func (u *Users) check(name, password string, source netip.Addr) (ok bool, wait time.Duration) {
	mac := hmac.New(sha256.New, u.key)
	fmt.Fprintf(mac, "%d:%s%s", len(name), name, password)
	id := [sha256.Size]byte(mac.Sum(nil))
	if u.seen(id) {
		return true, 0
	}
	if wait := u.guesses.Take(source, time.Now()); wait > 0 {
		return false, wait
	}
	if !u.Verify(name, password) {
		return false, 0
	}
	u.guesses.Forgive(source)
	u.remember(id)
	return true, 0
}

// Verify reports whether the password is the user's, for callers that limit guessing
// themselves, as the pages' login form does. bcrypt compares in constant time; an unknown
// name takes as long as a known one.
func (u *Users) Verify(name, password string) bool {
	u.hashing <- struct{}{}
	defer func() { <-u.hashing }()
	digest, found := u.digests[name]
	if !found {
		digest = u.unknown
	}
	return bcrypt.CompareHashAndPassword(digest, []byte(password)) == nil && found
}

// Proof is a fingerprint of the user's digest, which changes with the password. It is ""
// for an unknown user.
func (u *Users) Proof(name string) string {
	digest, found := u.digests[name]
	if !found {
		return ""
	}
	return fmt.Sprintf("%x", sha256.Sum256(digest))
}

func (u *Users) seen(id [sha256.Size]byte) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	_, known := u.known[id]
	return known
}

func (u *Users) remember(id [sha256.Size]byte) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.known) >= maxKnown {
		clear(u.known)
	}
	u.known[id] = struct{}{}
}
