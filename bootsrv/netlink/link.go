package netlink

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"
)

// Link is the state of an interface at one moment.
type Link struct {
	net.Interface
	Prefixes []netip.Prefix // its IPv4 addresses, with the subnets' lengths
	Six      []netip.Prefix // its IPv6 addresses, likewise
}

// Up reports whether the link is administratively up.
func (l Link) Up() bool { return l.Flags&net.FlagUp != 0 }

// Running reports whether it has a carrier as well.
func (l Link) Running() bool { return l.Flags&net.FlagRunning != 0 }

// Read returns the link of that name. Its error is that of [net.InterfaceByName].
func Read(name string) (Link, error) {
	iface, err := net.InterfaceByName(name)
	if err != nil {
		return Link{}, err
	}
	addrs, err := iface.Addrs()
	if err != nil {
		return Link{}, fmt.Errorf("read the addresses of %s: %w", name, err)
	}
	l := Link{Interface: *iface}
	for _, a := range addrs {
		switch p, err := netip.ParsePrefix(a.String()); {
		case err != nil:
		case p.Addr().Is4():
			l.Prefixes = append(l.Prefixes, p)
		default:
			l.Six = append(l.Six, p)
		}
	}
	return l, nil
}

// Changes reports changes of links and addresses of this machine. Open it before the links
// are first read, so that no change is missed.
type Changes struct{ file *os.File }

// Listen opens Changes.
func Listen() (*Changes, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("watch the interfaces: %w", os.NewSyscallError("socket", err))
	}
	group := &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: unix.RTMGRP_LINK | unix.RTMGRP_IPV4_IFADDR | unix.RTMGRP_IPV6_IFADDR}
	if err := unix.Bind(fd, group); err != nil {
		return nil, errors.Join(fmt.Errorf("watch the interfaces: %w", os.NewSyscallError("bind", err)), unix.Close(fd))
	}
	return &Changes{os.NewFile(uintptr(fd), "rtnetlink")}, nil
}

// Close closes the socket and ends Follow.
func (c *Changes) Close() error { return c.file.Close() }

// Follow calls changed after each change until ctx ends, and closes c. The caller reads the
// new state: one call may stand for several changes, or for an overrun of the socket.
func (c *Changes) Follow(ctx context.Context, changed func()) error {
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	defer stop()
	for buffer := make([]byte, 64<<10); ; {
		_, err := c.file.Read(buffer)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil && !errors.Is(err, unix.ENOBUFS):
			return fmt.Errorf("watch the interfaces: %w", err)
		}
		changed()
	}
}
