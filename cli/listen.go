package cli

import (
	"context"
	"net"

	"ironhook/bootsrv"
)

// listen opens a TCP listener for the option, or says what stands in the way and
// what to do about it.
func listen(ctx context.Context, option, address string) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, usageError{bootsrv.Explain(option, address, err)}
	}
	return l, nil
}
