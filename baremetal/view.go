package baremetal

import (
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// Wall is a link to the wall of machines that needs no login, and only shows.
type Wall struct {
	Name      string
	Token     string // SHA-256 of the link's token, in hex: a copy of the database is no access
	CreatedAt time.Time
}

// View is what the dashboard shows, under a name.
type View struct {
	Name      string
	Query     string // of the address of the page, without "?"
	CreatedAt time.Time
}

// TokenHash is what is kept of a token that opens something: its SHA-256, in hex.
func TokenHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
