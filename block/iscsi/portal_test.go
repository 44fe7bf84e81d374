package iscsi_test

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"testing"

	"ironhook/block/iscsi"
	"ironhook/block/iscsi/initiatortest"
)

// reachedAt is a listener whose connections say that they were made to another address.
type reachedAt struct {
	net.Listener
	address netip.AddrPort
}

type connTo struct {
	net.Conn
	address netip.AddrPort
}

func (l reachedAt) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return connTo{c, l.address}, nil
}

func (c connTo) LocalAddr() net.Addr { return net.TCPAddrFromAddrPort(c.address) }

// TestPortalOfSendTargets asks for targets at several addresses.
func TestPortalOfSendTargets(t *testing.T) {
	for _, c := range []struct{ reached, advertised, want string }{
		{"192.0.2.1:3260", "", "192.0.2.1:3260,1"},
		{"[2001:db8::1]:3260", "", "[2001:db8::1]:3260,1"},
		{"[fe80::1%eth0]:3260", "", "[fe80::1]:3260,1"},
		{"192.0.2.1:3260", "198.51.100.7:99", "198.51.100.7:99,1"},
	} {
		target := &iscsi.Target{Discover: func(context.Context, string) ([]string, error) { return []string{targetName}, nil }}
		if c.advertised != "" {
			target.Advertised = netip.MustParseAddrPort(c.advertised)
		}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- target.Serve(ctx, reachedAt{l, netip.MustParseAddrPort(c.reached)}) }()
		patience, cancel := initiatortest.Patience(t.Context())
		i, err := initiatortest.Dial(patience, l.Addr().String(), initiatortest.Options{Name: initiatorName})
		if err != nil {
			t.Fatal(err)
		}
		if text, _ := sendTargets(t, i, "All"); !strings.Contains(string(text), "TargetAddress="+c.want+"\x00") {
			t.Errorf("SendTargets at %s, advertised %q: %q, want %s", c.reached, c.advertised, text, c.want)
		}
		i.Close()
		cancel()
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
