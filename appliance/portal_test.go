package appliance

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"testing"
)

func TestPortalOf(t *testing.T) {
	for _, c := range []struct{ advertised, listening, want string }{
		{"", "192.0.2.1:3260", "192.0.2.1:3260"},
		{"", "[::ffff:192.0.2.1]:3260", "192.0.2.1:3260"},
		{"", "[fe80::1%eth0]:3260", "[fe80::1]:3260"},
		{"198.51.100.7:99", "192.0.2.1:3260", "198.51.100.7:99"},
		{"198.51.100.7:0", "[::]:3260", "198.51.100.7:3260"},
	} {
		var advertised netip.AddrPort
		if c.advertised != "" {
			advertised = netip.MustParseAddrPort(c.advertised)
		}
		if got := portalOf(advertised, netip.MustParseAddrPort(c.listening)); got != netip.MustParseAddrPort(c.want) {
			t.Errorf("portalOf(%s, %s) = %s, want %s", c.advertised, c.listening, got, c.want)
		}
	}
	if got := portalOf(netip.AddrPort{}, netip.MustParseAddrPort("[::]:99")); got.IsValid() || got.Port() != 99 {
		t.Errorf("portalOf of a target on all addresses = %s, want none with port 99", got)
	}
}

// TestPortalOfRequest has hosts that come to several addresses of ours.
func TestPortalOfRequest(t *testing.T) {
	l, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := uint16(l.Addr().(*net.TCPAddr).Port)
	a := &appliance{opened: opened{target: l}}
	ask := func(came string) (netip.AddrPort, error) {
		ctx := t.Context()
		if came != "" {
			ctx = context.WithValue(ctx, http.LocalAddrContextKey, net.TCPAddrFromAddrPort(netip.MustParseAddrPort(came)))
		}
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "/", nil)
		if err != nil {
			t.Fatal(err)
		}
		return a.portalOfRequest(r)
	}
	for came, want := range map[string]string{"192.0.2.1:6385": "192.0.2.1", "[fe80::1%eth0]:6385": "fe80::1",
		"[::ffff:192.0.2.1]:6385": "192.0.2.1"} {
		if got, err := ask(came); err != nil || got != netip.AddrPortFrom(netip.MustParseAddr(want), port) {
			t.Errorf("portal of a request to %s = %s, %v, want %s", came, got, err, want)
		}
	}
	if got, err := ask(""); err == nil {
		t.Errorf("portal of a request to an address that is not known = %s, want an error", got)
	}
	a.config.Portal = netip.MustParseAddrPort("198.51.100.7:99")
	if got, err := ask("192.0.2.1:6385"); err != nil || got != a.config.Portal {
		t.Errorf("portal of a request = %s, %v, want the advertised %s", got, err, a.config.Portal)
	}
	if got, err := a.portalOfNode(t.Context(), nil); err != nil || got != a.config.Portal {
		t.Errorf("portal of a node = %s, %v, want the advertised %s", got, err, a.config.Portal)
	}
}
