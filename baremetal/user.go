package baremetal

import (
	"context"
	"time"
)

type userKey struct{}

// WithUser returns a context of what a user causes. [Event] says in User what is meant.
func WithUser(ctx context.Context, user string) context.Context {
	return context.WithValue(ctx, userKey{}, user)
}

// UserOf returns the user of a context, or "".
func UserOf(ctx context.Context) string {
	user, _ := ctx.Value(userKey{}).(string)
	return user
}

// Login is a user who is signed in to the pages.
type Login struct {
	Token       string // SHA-256 of the cookie's token, in hex: a copy of the database is no access
	User        string
	Proof       string // of the account; it changes with the password
	Begun, Used time.Time
	Keep        bool // signed in for months, as a wall display is
}
