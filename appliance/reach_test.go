package appliance

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
)

// network is an address of an interface.
type network string

func (network) Network() string  { return "ip+net" }
func (n network) String() string { return string(n) }

// Links for others begin with what only we know, and else are the asker's matter.
func TestLinkBase(t *testing.T) {
	far := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil)
	near := far.WithContext(context.WithValue(far.Context(), localKey{}, true))
	for _, test := range []struct {
		public    string
		far, near string
	}{
		{"", "", "http://192.0.2.7:8080"},
		{"https://boot.example", "https://boot.example", "https://boot.example"},
	} {
		a := &appliance{opened: opened{url: "http://192.0.2.7:8080"}, config: Config{PublicURL: test.public}}
		if got := a.linkBase(far); got != test.far {
			t.Errorf("from afar, with --public-url %q: %q, want %q", test.public, got, test.far)
		}
		if got := a.linkBase(near); got != test.near {
			t.Errorf("by the local socket, with --public-url %q: %q, want %q", test.public, got, test.near)
		}
	}
}

func TestAPersonCanTypeTheAddress(t *testing.T) {
	for _, test := range []struct {
		from string
		ours []net.Addr
		want string
	}{
		{"http://[::]:6385", []net.Addr{network("127.0.0.1/8"), network("fe80::1/64"), network("2001:db8::7/64"), network("192.0.2.7/24")},
			"http://192.0.2.7:6385"},
		{"https://0.0.0.0:6385", []net.Addr{network("::1/128"), network("2001:db8::7/64")}, "https://[2001:db8::7]:6385"},
		{"http://[::]:6385", []net.Addr{network("127.0.0.1/8")}, "http://127.0.0.1:6385"},
		{"http://[::]:6385", nil, "http://127.0.0.1:6385"},
		{"http://198.51.100.1:80", []net.Addr{network("192.0.2.7/24")}, "http://198.51.100.1:80"},
		{"http://[::1]:80", []net.Addr{network("192.0.2.7/24")}, "http://[::1]:80"},
	} {
		if got := typed(test.from, test.ours); got != test.want {
			t.Errorf("typed(%s, %v) = %s, want %s", test.from, test.ours, got, test.want)
		}
	}
}
