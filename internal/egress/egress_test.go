package egress

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"
)

// own is a machine with two addresses on its network.
func own(a netip.Addr) bool {
	return a == netip.MustParseAddr("192.168.1.2") || a == netip.MustParseAddr("2001:470::2")
}

// TestCheck is which addresses each policy allows.
func TestCheck(t *testing.T) {
	for _, c := range []struct {
		policy, allowed, refused string
	}{
		{"", "1.1.1.1 93.184.216.34 2606:4700::1111 64:ff9b::101:101 2002:101:101::1",
			"127.0.0.1 127.1.2.3 0.0.0.0 0.1.2.3 ::1 :: ::ffff:127.0.0.1 ::ffff:0:127.0.0.1 ::127.0.0.1 64:ff9b::7f00:1 64:ff9b:1::7f00:1 " +
				"2002:7f00:1::1 " +
				"169.254.169.254 169.254.0.1 fe80::1 fe80::1%eth0 ::ffff:169.254.169.254 64:ff9b::a9fe:a9fe " +
				"10.0.0.1 172.31.255.255 192.168.0.7 100.64.0.1 fd12::1 fec0::1 ::ffff:10.0.0.1 64:ff9b::c0a8:7 2002:a00:1::1 " +
				"fd00:ec2::254 fd20:ce::254 100.100.100.200 168.63.129.16 192.0.0.192 " +
				"192.0.2.1 198.18.0.1 203.0.113.9 224.0.0.1 239.1.1.1 255.255.255.255 240.0.0.1 ff02::1 2001:db8::1 2001::1 2002:7f00:1::1 " +
				"2002:a9fe:a9fe::1 4000::1 " +
				"192.168.1.2 2001:470::2 ::ffff:192.168.1.2 2002:c0a8:102::1"},
		{"private", "10.0.0.1 192.168.0.7 100.64.0.1 fd12::1 ::ffff:10.0.0.1 64:ff9b::c0a8:7 1.1.1.1",
			"127.0.0.1 169.254.169.254 fd00:ec2::254 fd20:ce::254 100.100.100.200 fe80::1 192.168.1.2 ::ffff:192.168.1.2 2001:470::2 0.0.0.0"},
		{"loopback", "127.0.0.1 ::1 0.0.0.0 192.168.1.2 ::ffff:127.0.0.1", "10.0.0.1 169.254.169.254 192.168.1.3"},
		{"link-local", "169.254.0.1 fe80::1%eth0", "169.254.169.254 127.0.0.1 10.0.0.1"},
		{"192.168.1.0/24, fd12::/16", "192.168.1.7 fd12::9 ::ffff:192.168.1.7 64:ff9b::c0a8:107", "192.168.2.7 10.0.0.1 fd13::1 127.0.0.1"},
		{"169.254.169.254", "169.254.169.254", "169.254.169.253"},
		{"private,loopback", "10.1.1.1 127.0.0.1", "169.254.169.254"},
	} {
		p, err := Parse(c.policy)
		if err != nil {
			t.Fatal(err)
		}
		for a := range strings.FieldsSeq(c.allowed) {
			if err := p.check(netip.MustParseAddr(a), own); err != nil {
				t.Errorf("%q: %s: %v, want it allowed", c.policy, a, err)
			}
		}
		for a := range strings.FieldsSeq(c.refused) {
			if err := p.check(netip.MustParseAddr(a), own); !errors.As(err, new(*Refused)) {
				t.Errorf("%q: %s is allowed, want it refused", c.policy, a)
			}
		}
	}
}

func TestParse(t *testing.T) {
	for _, bad := range []string{"public", "192.168.1.0/33", "example.org", "fe80::1%eth0", "private;loopback", "metadata"} {
		if _, err := Parse(bad); err == nil || !strings.Contains(err.Error(), "192.168.1.0/24") {
			t.Errorf("Parse(%q) = %v, want an error with an example", bad, err)
		}
	}
}

// TestOwnAddresses asks the kernel: the addresses of this machine are its own.
func TestOwnAddresses(t *testing.T) {
	list, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range list {
		a := netip.MustParsePrefix(i.String()).Addr()
		if err := (Policy{}).Check(a); err == nil {
			t.Errorf("%s is an address of this machine, and allowed", a)
		}
	}
}

// TestTransport asks a server on loopback in the ways in which it can be named, by
// redirects too. The control is the same with loopback allowed.
func TestTransport(t *testing.T) {
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if to := r.URL.Query().Get("to"); to != "" {
			http.Redirect(w, r, to, http.StatusFound)
		}
	}))
	defer target.Close()
	_, port, _ := net.SplitHostPort(target.Listener.Addr().String())
	allowed, _ := Parse("loopback")
	only, _ := Parse("127.0.0.1")
	for _, host := range []string{"127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0", "127.0.0.2"} {
		to := "http://" + host + ":" + port + "/"
		if err := get(Policy{}.Transport(time.Minute), to); !errors.As(err, new(*Refused)) {
			t.Errorf("%s: %v, want it refused", to, err)
		}
		if err := get(allowed.Transport(time.Minute), to); err != nil && host != "127.0.0.2" { // the server is at 127.0.0.1 only
			t.Errorf("%s where loopback is allowed: %v", to, err)
		}
		hop := "http://127.0.0.1:" + port + "/?to=" + url.QueryEscape("http://127.0.0.2:"+port)
		if err := get(only.Transport(time.Minute), hop); !errors.As(err, new(*Refused)) {
			t.Errorf("redirect to 127.0.0.2 where only 127.0.0.1 is allowed: %v", err)
		}
	}
}

// TestProxy: a proxy may be anywhere, and leads to no address that is refused.
func TestProxy(t *testing.T) {
	asked := ""
	proxy := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked = r.URL.String() }))
	defer proxy.Close()
	via, _ := url.Parse(proxy.URL)
	rt := Policy{}.Transport(time.Minute).(*transport)
	rt.proxy = func(*http.Request) (*url.URL, error) { return via, nil }
	if err := get(rt, "http://images.example/disk"); err != nil || asked != "http://images.example/disk" {
		t.Errorf("the proxy was asked for %q: %v", asked, err)
	}
	for _, to := range []string{"http://127.0.0.1/", "http://[::1]/", "http://169.254.169.254/"} {
		if err := get(rt, to); !errors.As(err, new(*Refused)) {
			t.Errorf("%s through the proxy: %v, want it refused", to, err)
		}
	}
}

func get(rt http.RoundTripper, address string) error {
	res, err := (&http.Client{Transport: rt}).Get(address)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, res.Body)
	return errors.Join(err, res.Body.Close())
}
