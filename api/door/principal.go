package door

import (
	"context"

	"ironhook/baremetal"
)

// LocalSocket is the user of a request through the appliance's local socket.
const LocalSocket = "local socket"

// Who is the sender of a request. Where no account is required it has no name, and the
// role of an administrator.
type Who struct {
	User string
	Role baremetal.Role
}

type principalKey struct{}

// Principal returns the sender of the request of this context.
func Principal(ctx context.Context) Who {
	who, _ := ctx.Value(principalKey{}).(Who)
	return who
}

// withPrincipal names the sender, also in the events that the request causes.
func withPrincipal(ctx context.Context, who Who) context.Context {
	ctx = baremetal.WithRole(context.WithValue(ctx, principalKey{}, who), who.Role)
	return baremetal.WithUser(ctx, who.User)
}
