package door

import (
	"bufio"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/bcrypt"
	"golang.org/x/sync/singleflight"

	"ironhook/baremetal"
	"ironhook/internal/limit"
)

// Users are the accounts of an htpasswd file with bcrypt digests, the only kind
// that Ironic accepts too, whose role is that of administrators; and the stored ones. Safe
// for concurrent use.
type Users struct {
	// Stored finds a stored account, nil where there is none of the name. It is set before
	// anything else, or nil where none are stored. A name of the file is not looked for.
	Stored func(ctx context.Context, name string) (*baremetal.User, error)

	digests atomic.Pointer[map[string][]byte] // replaced, never changed
	unknown []byte                            // compared with the password of an unknown user
	key     []byte                            // of known, made at start: the cache is of no use to a later reader
	hashing chan struct{}
	queue   chan struct{}               // those that hash, and those that wait for it
	guesses *limit.Attempts[guess]      // of one user
	sprays  *limit.Attempts[netip.Addr] // of any
	checks  singleflight.Group          // by fingerprint: requests at once with one password are one attempt

	mu    sync.Mutex
	known map[[sha256.Size]byte]struct{} // mu guards it: credentials that passed bcrypt
}

const (
	maxKnown    = 1024 // cached credentials
	bcryptLimit = 2    // comparisons at once: each takes a processor for tens of milliseconds
	maxQueue    = 32   // comparisons that run or wait; more are refused
	freeGuesses = 10   // wrong passwords before each next one waits
)

// guess is what failed attempts are counted by: an address, and a user, so that the wrong
// passwords of one do not keep another out who shares the address.
type guess struct {
	source netip.Addr
	user   [8]byte // of a hash: names are as long as the sender likes
}

// guessing slows down wrong passwords of one user, spraying those of many.
var (
	guessing = limit.Slowdown{Free: freeGuesses, Longest: time.Minute, Forget: 15 * time.Minute, Sources: 4096}
	spraying = limit.Slowdown{Free: 64, Longest: time.Minute, Forget: 15 * time.Minute, Sources: 4096}
)

// ReadUsers reads "name:digest" lines; empty lines and # comments are skipped.
func ReadUsers(file io.Reader) (*Users, error) {
	digests := map[string][]byte{}
	u := &Users{key: make([]byte, 32), hashing: make(chan struct{}, bcryptLimit),
		queue: make(chan struct{}, maxQueue), known: map[[sha256.Size]byte]struct{}{}, guesses: limit.NewAttempts[guess](guessing),
		sprays: limit.NewAttempts[netip.Addr](spraying)}
	if _, err := rand.Read(u.key); err != nil {
		return nil, fmt.Errorf("make a key for the login cache: %w", err)
	}
	cost := bcrypt.MinCost
	lines := bufio.NewScanner(file)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(strings.TrimPrefix(lines.Text(), "\ufeff")) // the mark that editors on Windows write
		if line == "" || line[0] == '#' {
			continue
		}
		name, digest, _ := strings.Cut(line, ":")
		c, err := bcrypt.Cost([]byte(digest))
		if err != nil {
			return nil, fmt.Errorf("line %d: only bcrypt digests are supported; make one with htpasswd -nbB %s PASSWORD", n, name)
		}
		digests[name], cost = []byte(digest), max(cost, c)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read users: %w", err)
	}
	u.digests.Store(&digests)
	var err error
	u.unknown, err = bcrypt.GenerateFromPassword(u.key, cost)
	return u, err
}

// Names are the users of the file.
func (u *Users) Names() []string { return slices.Sorted(maps.Keys(*u.digests.Load())) }

// Renew gives a user of the file another password, by its bcrypt digest. Its sessions end.
func (u *Users) Renew(name string, digest []byte) {
	digests := maps.Clone(*u.digests.Load())
	digests[name] = digest
	u.digests.Store(&digests)
}

// account is what a password is compared with. An unknown user has no role.
type account struct {
	digest []byte
	role   baremetal.Role
}

func (u *Users) account(ctx context.Context, name string) (account, error) {
	if digest, found := (*u.digests.Load())[name]; found {
		return account{digest, baremetal.RoleAdmin}, nil
	}
	if u.Stored == nil {
		return account{digest: u.unknown}, nil
	}
	stored, err := u.Stored(ctx, name)
	if err != nil || stored == nil {
		return account{digest: u.unknown}, err
	}
	return account{[]byte(stored.Digest), stored.Role}, nil
}

// check returns the role of the user whose password this is, "" for a wrong one. A source
// that guesses is not checked; its answer says how long to wait.
func (u *Users) check(ctx context.Context, name, password string, source netip.Addr) (role baremetal.Role, wait time.Duration, err error) {
	a, err := u.account(ctx, name)
	if err != nil {
		return "", 0, err
	}
	id := u.fingerprint(name, password, a.digest)
	if u.seen(id) {
		return a.role, 0, nil
	}
	type outcome struct {
		ok   bool
		wait time.Duration
	}
	done, _, _ := u.checks.Do(string(id[:]), func() (any, error) {
		sum := sha256.Sum256([]byte(name))
		by := guess{source, [8]byte(sum[:8])}
		if wait := max(u.guesses.Take(by, time.Now()), u.sprays.Take(source, time.Now())); wait > 0 {
			limit.Reached(limit.PasswordGuesses)
			return outcome{wait: wait}, nil
		}
		ok, wait := u.compare(a, password)
		if ok {
			u.guesses.Forgive(by)
			u.sprays.Forgive(source)
			u.remember(id)
		}
		return outcome{ok, wait}, nil
	})
	if o := done.(outcome); !o.ok {
		return "", o.wait, nil
	}
	return a.role, 0, nil
}

// fingerprint names a user's password in the cache of those that are right. It changes
// with the digest, so that another password ends what the old one allowed.
func (u *Users) fingerprint(name, password string, digest []byte) [sha256.Size]byte {
	mac := hmac.New(sha256.New, u.key)
	fmt.Fprintf(mac, "%d:%d:%s%s%s", len(name), len(digest), name, digest, password)
	return [sha256.Size]byte(mac.Sum(nil))
}

// compare reports whether the password is the account's; where too many wait for that, it
// returns when to ask again. bcrypt compares in constant time; an unknown name takes as
// long as a known one.
func (u *Users) compare(a account, password string) (ok bool, wait time.Duration) {
	select {
	case u.queue <- struct{}{}:
		defer func() { <-u.queue }()
	default:
		limit.Reached(limit.PasswordQueue)
		return false, time.Second
	}
	select {
	case u.hashing <- struct{}{}:
	default:
		limit.Reached(limit.PasswordChecks)
		u.hashing <- struct{}{}
	}
	defer func() { <-u.hashing }()
	return bcrypt.CompareHashAndPassword(a.digest, []byte(password)) == nil && a.role != "", 0
}

// Verify reports whether the password is the user's, for callers that limit guessing
// themselves, as the pages' login form does.
func (u *Users) Verify(ctx context.Context, name, password string) bool {
	a, err := u.account(ctx, name)
	if err != nil {
		return false
	}
	ok, _ := u.compare(a, password)
	return ok
}

// Role is that of a user, "" for an unknown one.
func (u *Users) Role(ctx context.Context, name string) (baremetal.Role, error) {
	a, err := u.account(ctx, name)
	return a.role, err
}

// Proof is a fingerprint of the user's digest, which changes with the password. It is ""
// for an unknown user.
func (u *Users) Proof(ctx context.Context, name string) string {
	a, err := u.account(ctx, name)
	if err != nil || a.role == "" {
		return ""
	}
	return fmt.Sprintf("%x", sha256.Sum256(a.digest))
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
