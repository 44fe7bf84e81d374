package baremetal

import "context"

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
