package cli_test

import (
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// unsafeCalls are some of each API and of the pages, with a status that says that the
// request has got through.
var unsafeCalls = []struct{ method, path string }{
	{"POST", "/v1/nodes"}, {"PATCH", "/v1/nodes/n"}, {"PUT", "/v1/nodes/n/states/power"}, {"DELETE", "/v1/volume/targets/t"},
	{"POST", "/image/v2/images"}, {"PUT", "/image/v2/images/i/file"}, {"DELETE", "/image/v2/images/i"},
	{"POST", "/volume/v3/standalone/volumes"}, {"POST", "/volume/v3/standalone/volumes/v/action"},
	{"DELETE", "/volume/v3/standalone/attachments/a"},
	{"POST", "/ironhook/v1/disks/d/check"}, {"POST", "/ironhook/v1/events"}, {"DELETE", "/ironhook/v1/sessions"},
	{"POST", "/ui/login"}, {"POST", "/ui/logout"}, {"DELETE", "/no/such/path"},
}

// ask sends a request with these headers, Host among them, as admin where there is a password.
func (r *running) ask(t *testing.T, client *http.Client, method, path string, header map[string]string) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, r.url(t)+path, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	if r.password != "" {
		request.SetBasicAuth("admin", r.password)
	}
	for name, v := range header {
		request.Header.Set(name, v)
	}
	if host := header["Host"]; host != "" {
		request.Host = host
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close() //nolint:errcheck // only read
	var text strings.Builder
	if err := response.Write(&text); err != nil {
		t.Fatal(err)
	}
	return response, text.String()
}

// stopped reports whether the door has answered, and not what is after it.
func stopped(response *http.Response, text string) bool {
	return response.StatusCode == http.StatusForbidden && strings.Contains(text, "another origin") ||
		response.StatusCode == http.StatusUnsupportedMediaType && strings.Contains(text, "A browser must send")
}

// TestForeignPagesAreRefused sends to every API what a browser sends for a page of
// another origin, and for pages of ours, with a password and without.
func TestForeignPagesAreRefused(t *testing.T) {
	for _, auth := range []string{"http_basic", "none"} {
		r := start(t, t.TempDir(), "--auth", auth)
		own := r.url(t)
		_, port, _ := net.SplitHostPort(strings.TrimPrefix(own, "http://"))
		for _, c := range []struct {
			what    string
			header  map[string]string
			refused bool
		}{
			{"no browser", nil, false},
			{"curl -d", map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, false},
			{"our page", map[string]string{"Sec-Fetch-Site": "same-origin", "Origin": own}, false},
			{"our page over plain HTTP", map[string]string{"Origin": own}, false},
			{"typed by the user", map[string]string{"Sec-Fetch-Site": "none"}, false},
			{"another site", map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, true},
			{"another site without Origin", map[string]string{"Sec-Fetch-Site": "cross-site"}, true},
			{"another port of this host", map[string]string{"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:1"}, true},
			{"another site over plain HTTP", map[string]string{"Origin": "http://evil.example"}, true},
			{"another port over plain HTTP", map[string]string{"Origin": "http://127.0.0.1:1"}, true},
			{"a sandbox", map[string]string{"Origin": "null"}, true},
			{"our page by another name", map[string]string{"Origin": "http://localhost:" + port, "Host": "localhost:" + port}, false},
		} {
			for _, u := range unsafeCalls {
				if response, text := r.ask(t, http.DefaultClient, u.method, u.path, c.header); stopped(response, text) != c.refused {
					t.Errorf("--auth %s, %s: %s %s = %d %s, want refused %v", auth, c.what, u.method, u.path, response.StatusCode, text, c.refused)
				}
			}
			for _, path := range []string{"/v1/nodes", "/image/v2/images", "/volume/v3/standalone/volumes", "/ui/login", "/healthz"} {
				if response, text := r.ask(t, http.DefaultClient, "GET", path, c.header); response.StatusCode >= 400 {
					t.Errorf("--auth %s, %s: GET %s = %d %s, want it served", auth, c.what, path, response.StatusCode, text)
				}
			}
		}
	}
}

// TestFormsAreNoJSON sends a body of each type that a form can have, as a page of ours.
func TestFormsAreNoJSON(t *testing.T) {
	r := start(t, t.TempDir(), "--auth", "none")
	for _, kind := range []string{"text/plain", "Text/Plain;charset=UTF-8", "application/x-www-form-urlencoded",
		"multipart/form-data; boundary=x"} {
		for _, u := range unsafeCalls {
			response, text := r.ask(t, http.DefaultClient, u.method, u.path, map[string]string{"Origin": r.url(t), "Content-Type": kind})
			if page := strings.HasPrefix(u.path, "/ui/"); stopped(response, text) == page {
				t.Errorf("%s %s with %s = %d %s", u.method, u.path, kind, response.StatusCode, text)
			}
		}
	}
}

// TestHostNames: without a password a name that is not this machine's is refused, for
// every method; DNS rebinding works with such a name.
func TestHostNames(t *testing.T) {
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	data := t.TempDir()
	none := start(t, data, "--auth", "none", "--host", "boot.example")
	basic, named := start(t, t.TempDir()), start(t, t.TempDir(), "--host", "boot.example")
	for _, c := range []struct {
		host   string
		served bool // without a password
	}{
		{"127.0.0.1:1", true}, {"[::1]:80", true}, {"localhost", true}, {"LOCALHOST:6385", true}, {host + ":6385", true},
		{"boot.example", true}, {"Boot.Example.:6385", true},
		{"evil.example", false}, {"evil.example:6385", false}, {"boot.example.evil.example", false}, {"127.0.0.1.evil.example", false},
		{"localhost.evil.example", false}, {"192.0.2.1", false}, {"[2001:db8::1]", false},
	} {
		for _, path := range []string{"/v1/nodes", "/image/v2/images", "/volume/v3/standalone/volumes", "/ironhook/v1/sessions", "/metrics",
			"/ui/login", "/healthz", "/"} {
			for _, r := range []struct {
				*running
				served bool
			}{{none, c.served}, {named, c.served}, {basic, true}} {
				response, text := r.ask(t, http.DefaultClient, "GET", path, map[string]string{"Host": c.host})
				refused := response.StatusCode == http.StatusForbidden && strings.Contains(text, "the option host")
				if served := response.StatusCode < 400; response.StatusCode != http.StatusBadRequest && (refused == r.served || served != r.served) {
					t.Errorf("GET %s of %s = %d %s, want served %v", path, c.host, response.StatusCode, text, r.served)
				}
			}
		}
	}
	socket := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", filepath.Join(data, "ironhook.sock"))
	}}, Timeout: time.Minute}
	if response, text := none.ask(t, socket, "POST", "/v1/nodes",
		map[string]string{"Host": "anything", "Origin": "http://evil.example"}); response.StatusCode == http.StatusForbidden {
		t.Errorf("through the local socket: %d %s, want it served", response.StatusCode, text)
	}
}

// TestNoChallengeForPages: a browser is asked for a Basic password only where its user
// has typed the address.
func TestNoChallengeForPages(t *testing.T) {
	r := start(t, t.TempDir())
	r.password = ""
	for _, c := range []struct {
		what   string
		header map[string]string
		asked  bool
	}{
		{"curl", nil, true},
		{"the address bar", map[string]string{"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "none"}, true},
		{"fetch", map[string]string{"Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-origin"}, false},
		{"EventSource", map[string]string{"Sec-Fetch-Mode": "cors", "Accept": "text/event-stream"}, false},
		{"a link", map[string]string{"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "same-origin"}, false},
		{"htmx over plain HTTP", map[string]string{"HX-Request": "true"}, false},
		{"our script over plain HTTP", map[string]string{"X-Ironhook-UI": "1"}, false},
	} {
		for _, path := range []string{"/v1/nodes", "/image/v2/images", "/volume/v3/standalone/volumes", "/ironhook/v1/sessions",
			"/ironhook/v1/events", "/metrics"} {
			response, _ := r.ask(t, http.DefaultClient, "GET", path, c.header)
			if asked := response.Header.Get("WWW-Authenticate") != ""; response.StatusCode != http.StatusUnauthorized || asked != c.asked {
				t.Errorf("%s: GET %s = %d, asked %v, want 401, %v", c.what, path, response.StatusCode, asked, c.asked)
			}
		}
	}
}
