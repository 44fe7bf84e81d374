package appliance

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// SocketIn is the path of the local socket of an appliance with this data directory.
func SocketIn(data string) string { return filepath.Join(data, "ironhook.sock") }

// localKey marks the context of a request that came through the local socket.
type localKey struct{}

// trusted marks the requests that h gets as those of the appliance's own machine, which
// need no password. Only the handler of the local socket is wrapped so; nothing in a
// request can make it local.
func trusted(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), localKey{}, true)))
	})
}

// isLocal reports whether a request came through the local socket.
func isLocal(r *http.Request) bool { return r.Context().Value(localKey{}) == true }

// openSocket opens the local socket, or returns nil where its path is too long.
func openSocket(ctx context.Context, data string, log *slog.Logger, all *stack) (net.Listener, error) {
	path := SocketIn(data)
	if len(path) > maxSocket {
		log.Warn("no local socket, and commands on this machine need a URL: the path is longer than the system allows", "path", path)
		return nil, nil
	}
	l, err := listenLocal(ctx, path, log)
	if err != nil {
		return nil, err
	}
	all.push(l.Close)
	return l, nil
}

// maxSocket is how long the path of a socket may be (unix(7)).
const maxSocket = 107

// listenLocal opens the local socket in place of one that a killed appliance left:
// the lock on the directory proves that no other appliance listens there.
func listenLocal(ctx context.Context, path string, log *slog.Logger) (net.Listener, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("local socket: %w", err)
	}
	l, err := new(net.ListenConfig).Listen(ctx, "unix", path)
	if err != nil {
		return nil, &Fault{Setting: Data, Err: fmt.Errorf("local socket: %w", err)}
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("local socket: %w", err), l.Close())
	}
	return ownersOnly{l, log}, nil
}

// ownersOnly lets in the user that runs the appliance and root, whatever the mode of
// the socket has been made.
type ownersOnly struct {
	net.Listener
	log *slog.Logger
}

// Accept waits for a connection of a permitted user; others are closed.
func (l ownersOnly) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		uid, err := peer(c)
		if err == nil && permitted(uid) {
			return c, nil
		}
		l.log.Warn("local socket: refused", "uid", uid, "error", err)
		c.Close() //nolint:errcheck // nothing was said on it
	}
}

func permitted(uid uint32) bool { return uid == 0 || uid == uint32(os.Geteuid()) }

// peer is the user at the other end, whom the kernel vouches for (SO_PEERCRED, unix(7)).
func peer(c net.Conn) (uint32, error) {
	raw, err := c.(*net.UnixConn).SyscallConn()
	if err != nil {
		return 0, err
	}
	var who *unix.Ucred
	failed := raw.Control(func(fd uintptr) {
		who, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	if err = errors.Join(failed, err); err != nil {
		return 0, err
	}
	return who.Uid, nil
}
