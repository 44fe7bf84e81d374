package door

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestDoor is the rules of the door: whom it lets pass, and with which status it sends
// the others away.
func TestDoor(t *testing.T) {
	const passed = http.StatusTeapot
	local := func(r *http.Request) bool { return r.Header.Get("Through") == "socket" }
	closed, open := Config{Local: local, Hosts: []string{"Boot.Example.", "rack.example:8080"}}, Config{Local: local, AnyHost: true}
	for _, c := range []struct {
		what, method, url, host string
		config                  Config
		header                  map[string]string
		want                    int
	}{
		{"a client that is no browser", "POST", "/v1/nodes", "localhost", closed, nil, passed},
		{"our own page", "PUT", "/v1/nodes/n", "localhost", closed, map[string]string{"Sec-Fetch-Site": "same-origin"}, passed},
		{"a page of another site", "PUT", "/v1/nodes/n", "localhost", closed, map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
		{"the same where any host will do", "PUT", "/v1/nodes/n", "localhost", open, map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
		{"a page of another site in an old browser", "POST", "/v1/nodes", "localhost", closed, map[string]string{"Origin": "http://evil.example"},
			403},
		{"a page of another site that only reads", "GET", "/v1/nodes", "localhost", closed, map[string]string{"Sec-Fetch-Site": "cross-site"},
			passed},
		{"a form of our page", "POST", "/ui/login", "localhost", closed,
			map[string]string{"Sec-Fetch-Site": "same-origin", "Content-Type": "application/x-www-form-urlencoded"}, passed},
		{"a form that calls an API", "POST", "/v1/nodes", "localhost", closed,
			map[string]string{"Sec-Fetch-Site": "same-origin", "Content-Type": "Text/Plain; charset=utf-8"}, 415},
		{"curl -d", "POST", "/v1/nodes", "localhost", closed, map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, passed},
		{"a name that was rebound to us", "GET", "/v1/nodes", "evil.example", closed, nil, 403},
		{"the same where a password is asked for", "GET", "/v1/nodes", "evil.example", open, nil, passed},
		{"the name of the machine", "GET", "/v1/nodes", "boot.example:6385", closed, nil, passed},
		{"another of its names", "GET", "/v1/nodes", "RACK.example.", closed, nil, passed},
		{"a name that ends like it", "GET", "/v1/nodes", "xboot.example", closed, nil, 403},
		{"a name of this machine's own", "GET", "/v1/nodes", "lab.localhost", closed, nil, passed},
		{"the address at which it arrived", "GET", "/v1/nodes", "192.0.2.1:6385", closed, nil, passed},
		{"another address", "GET", "/v1/nodes", "192.0.2.2", closed, nil, 403},
		{"loopback", "GET", "/v1/nodes", "[::1]:6385", closed, nil, passed},
		{"HTTP/1.0", "GET", "/v1/nodes", "", closed, nil, passed},
		{"the socket in the file system", "POST", "/v1/nodes", "evil.example", closed,
			map[string]string{"Through": "socket", "Sec-Fetch-Site": "cross-site"}, passed},
	} {
		r := httptest.NewRequestWithContext(
			context.WithValue(t.Context(), http.LocalAddrContextKey, &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 6385}), c.method, c.url, nil)
		r.Host = c.host
		for name, value := range c.header {
			r.Header.Set(name, value)
		}
		w := httptest.NewRecorder()
		New(c.config, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(passed) })).ServeHTTP(w, r)
		if w.Code != c.want {
			t.Errorf("%s: %d %s, want %d", c.what, w.Code, w.Body, c.want)
		}
	}
}

// TestFromPage: a browser that is asked for a password keeps it for every page.
func TestFromPage(t *testing.T) {
	for _, c := range []struct {
		what   string
		header map[string]string
		want   bool
	}{
		{"a client that is no browser", nil, false},
		{"an address that the user typed", map[string]string{"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "none"}, false},
		{"a link of a page", map[string]string{"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "cross-site"}, true},
		{"a picture of a page", map[string]string{"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Site": "same-origin"}, true},
		{"a script of an old browser", map[string]string{"Origin": "http://evil.example"}, true},
		{"a script of our pages", map[string]string{"X-Ironhook-Ui": "1"}, true},
		{"htmx", map[string]string{"Hx-Request": "true"}, true},
	} {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/v1/nodes", nil)
		for name, value := range c.header {
			r.Header.Set(name, value)
		}
		if got := FromPage(r); got != c.want {
			t.Errorf("%s: FromPage = %v, want %v", c.what, got, c.want)
		}
	}
}
