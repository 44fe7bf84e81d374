package web

import (
	"crypto/sha256"
	"net/netip"
	"time"

	"ironhook/internal/limit"
)

// guess is what wrong passwords are counted by: an address, and a user, so that those of one do not
// keep another out who shares the address.
type guess struct {
	from netip.Addr
	user [8]byte // of a hash: names are as long as the sender likes
}

func guessOf(from netip.Addr, user string) guess {
	sum := sha256.Sum256([]byte(user))
	return guess{from, [8]byte(sum[:8])}
}

// guessing bounds guesses of the password of one user from one address, spraying those of any.
var (
	guessing = limit.Slowdown{Free: 5, Longest: time.Minute, Forget: 15 * time.Minute, Sources: 4096}
	spraying = limit.Slowdown{Free: 32, Longest: time.Minute, Forget: 15 * time.Minute, Sources: 4096}
)
