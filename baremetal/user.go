package baremetal

import (
	"context"
	"slices"
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

// Role is what a user may do. Each includes the one before it.
type Role string

// The roles.
const (
	RoleViewer   Role = "viewer"   // sees everything but secrets and the bytes of disks
	RoleOperator Role = "operator" // also power, provisioning, maintenance, and the reset of volumes
	RoleAdmin    Role = "admin"
)

// Roles are all roles, the least first.
var Roles = []Role{RoleViewer, RoleOperator, RoleAdmin}

// Allows reports whether a user of this role may do what needs at least another. An
// unknown role allows nothing.
func (r Role) Allows(least Role) bool {
	has := slices.Index(Roles, r)
	return has >= 0 && has >= slices.Index(Roles, least)
}

// LeastRole is the least role for a method of HTTP, unless the row of a route says
// otherwise: who sees may read, and only an administrator changes.
func LeastRole(method string) Role {
	switch method {
	case "GET", "HEAD", "OPTIONS":
		return RoleViewer
	}
	return RoleAdmin
}

type roleKey struct{}

// WithRole returns a context of what a user of this role causes.
func WithRole(ctx context.Context, r Role) context.Context {
	return context.WithValue(ctx, roleKey{}, r)
}

// RoleOf returns the role of the user of a context: RoleAdmin where no user is.
func RoleOf(ctx context.Context) Role {
	if r, ok := ctx.Value(roleKey{}).(Role); ok {
		return r
	}
	return RoleAdmin
}

// User is an account for the APIs and the pages.
type User struct {
	Name      string
	Role      Role
	Digest    string // bcrypt, of the password
	CreatedAt time.Time
	UpdatedAt time.Time
}
