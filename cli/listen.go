package cli

import (
	"context"
	"errors"
	"net"

	"golang.org/x/sys/unix"
)

// listen opens a TCP listener for the option, or says what stands in the way and
// what to do about it.
func listen(ctx context.Context, option, address string) (net.Listener, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", address)
	switch {
	case err == nil:
		return l, nil
	case errors.Is(err, unix.EADDRINUSE):
		return nil, misuse("%s %s: another program listens there; stop it (ss -ltnp shows it) or give another address", option, address)
	case errors.Is(err, unix.EACCES):
		return nil, misuse("%s %s: ports below 1024 need root or CAP_NET_BIND_SERVICE; run as root or give a higher port", option, address)
	case errors.Is(err, unix.EADDRNOTAVAIL):
		return nil, misuse("%s %s: no interface of this machine has that address; ip addr shows which there are", option, address)
	}
	return nil, misuse("%s %s: %w", option, address, err)
}
