package door

import (
	"context"

	"ironhook/baremetal"
)

// Admin is the role of every account.
const Admin = "admin"

// LocalSocket is the user of a request through the appliance's local socket.
const LocalSocket = "local socket"

// Who is the sender of a request, zero where no account is required.
type Who struct{ User, Role string }

type principalKey struct{}

// Principal returns the sender of the request of this context.
func Principal(ctx context.Context) Who {
	who, _ := ctx.Value(principalKey{}).(Who)
	return who
}

// withPrincipal names the sender, also in the events that the request causes.
func withPrincipal(ctx context.Context, who Who) context.Context {
	if who == (Who{}) {
		return ctx
	}
	return baremetal.WithUser(context.WithValue(ctx, principalKey{}, who), who.User)
}
