package lab

import (
	"context"
	"fmt"
	"net"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// netns is a network namespace, alive as long as it is open or a process is in it.
type netns struct {
	file *os.File
}

// newNetns makes an empty one.
func newNetns() (netns, error) {
	var ns netns
	err := onThread(func() (err error) {
		if err = unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("make a network namespace: %w", err)
		}
		ns.file, err = os.Open("/proc/thread-self/ns/net")
		return err
	})
	return ns, err
}

// do runs f in the namespace. Sockets that f opens and processes that f starts
// stay in it; goroutines that f starts do not.
func (ns netns) do(f func() error) error {
	return onThread(func() error {
		if err := unix.Setns(int(ns.file.Fd()), unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("enter the network namespace: %w", err)
		}
		return f()
	})
}

// onThread runs f on a thread that is thrown away, so that what f does to its
// thread can affect no other thread.
func onThread(f func() error) error {
	result := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		result <- f()
	}()
	return <-result
}

// Dial connects from inside the lab. The address must be numeric. It fits
// http.Transport.DialContext.
func (l *Lab) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return l.DialFrom(ctx, nil, network, address)
}

// DialFrom is Dial from a local address, which the lab must have.
func (l *Lab) DialFrom(ctx context.Context, from net.Addr, network, address string) (net.Conn, error) {
	var conn net.Conn
	err := l.ns.do(func() (err error) {
		conn, err = (&net.Dialer{LocalAddr: from}).DialContext(ctx, network, address)
		return err
	})
	return conn, err
}

// Listen listens inside the lab; the listener closes with the lab.
func (l *Lab) Listen(network, address string) (net.Listener, error) {
	var listener net.Listener
	err := l.ns.do(func() (err error) {
		listener, err = net.Listen(network, address)
		return err
	})
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closers = append(l.closers, listener)
	return listener, nil
}
