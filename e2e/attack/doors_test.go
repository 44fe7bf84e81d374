package attack_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// exchange sends a request as it is, with a password or none, and returns the answer.
func (v *victim) exchange(method, path, body, password string, headers map[string]string) *http.Response {
	v.Helper()
	r, err := http.NewRequestWithContext(v.Context(), method, v.url+path, strings.NewReader(body))
	if err != nil {
		v.Fatal(err)
	}
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	if host := headers["Host"]; host != "" {
		r.Host = host
	}
	if password != "" {
		r.SetBasicAuth("admin", password)
	}
	res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	if err != nil {
		v.Fatal(err)
	}
	v.Cleanup(func() { res.Body.Close() })
	return res
}

// TestForeignPages has the browser of an administrator send what a page of another site can
// make it send: to every API, with every type of a form, with the password that the browser
// has kept and without one. Nothing changes.
func TestForeignPages(t *testing.T) {
	open, closed := start(t, t.TempDir(), "--auth", "none"), start(t, t.TempDir())
	node := `{"name": "foreign", "driver": "fake-hardware"}`
	calls := []struct{ method, path, body string }{
		{"POST", "/v1/nodes", node},
		{"POST", "/v1/chassis", `{"description": "foreign"}`},
		{"POST", "/image/v2/images", `{"name": "foreign", "disk_format": "raw", "container_format": "bare"}`},
		{"POST", "/volume/v3/volumes", `{"volume": {"size": 1, "name": "foreign"}}`},
		{"POST", "/ironhook/v1/users", `{"name": "foreign", "role": "admin", "password": "correct horse battery"}`},
		{"DELETE", "/v1/nodes/foreign", ""},
	}
	for _, origin := range []map[string]string{
		{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
	} {
		for _, kind := range []string{"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json",
			""} {
			for _, c := range calls {
				headers := map[string]string{"Content-Type": kind}
				for name, value := range origin {
					headers[name] = value
				}
				for _, v := range []*victim{open, closed} {
					if res := v.exchange(c.method, c.path, c.body, v.password, headers); res.StatusCode != 403 && res.StatusCode != 415 {
						t.Errorf("%s %s with %v = %s", c.method, c.path, headers, res.Status)
					}
				}
			}
		}
	}
	for _, path := range []string{"/v1/nodes", "/v1/chassis", "/image/v2/images", "/volume/v3/volumes", "/ironhook/v1/users"} {
		if status, text := closed.do(closed.password, "GET", path, "", ""); status != 200 || strings.Contains(text, "foreign") {
			t.Errorf("after that GET %s = %d %s", path, status, text)
		}
	}
}

// TestForeignNames asks without a password for names that a foreign page may have rebound to
// our address: the page could read what is answered.
func TestForeignNames(t *testing.T) {
	v := start(t, t.TempDir(), "--auth", "none", "--host", "metal.example")
	for _, path := range []string{"/v1/nodes", "/", "/ironhook/v1/events", "/image/v2/images", "/metrics"} {
		for host, want := range map[string]int{
			"evil.example": 403, "evil.example:6385": 403, "203.0.113.5": 403, "localhost.evil.example": 403, "metal.example.evil.example": 403,
			"[2001:db8::1]": 403,
			"metal.example": 0, "metal.example.": 0, "localhost:6385": 0, "127.0.0.1": 0,
		} {
			if res := v.exchange("GET", path, "", "", map[string]string{"Host": host}); (res.StatusCode == 403) != (want == 403) {
				t.Errorf("GET %s of host %s = %s", path, host, res.Status)
			}
		}
	}
}

// TestNoChallengeToPages asks without a password as scripts of a page do. A challenge would
// make the browser keep the password and send it for any page.
func TestNoChallengeToPages(t *testing.T) {
	v := start(t, t.TempDir())
	for _, path := range []string{"/v1/nodes", "/image/v2/images", "/volume/v3/volumes", "/ironhook/v1/events", "/metrics"} {
		for _, headers := range []map[string]string{
			{"Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "same-origin"}, {"Hx-Request": "true"},
			{"Origin": v.url},
			{"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
		} {
			if res := v.exchange("GET", path, "", "", headers); res.StatusCode != 401 || res.Header.Get("WWW-Authenticate") != "" {
				t.Errorf("GET %s with %v = %s, challenge %q", path, headers, res.Status, res.Header.Get("WWW-Authenticate"))
			}
		}
		if res := v.exchange("GET", path, "", "", nil); res.StatusCode != 401 || res.Header.Get("WWW-Authenticate") == "" {
			t.Errorf("GET %s of a client = %s without a challenge", path, res.Status)
		}
	}
}

// TestIdleConnections holds connections from several addresses in every way that costs the
// attacker nothing. An honest client is answered at once.
func TestIdleConnections(t *testing.T) {
	v := start(t, t.TempDir())
	for _, server := range []struct {
		name, address, ask, answer string
	}{
		{"API", strings.TrimPrefix(v.url, "http://"), "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 200"},
		{"boot files", v.boot, "GET /boot.ipxe HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 200"},
	} {
		for name, held := range map[string]string{
			"silent":             "",
			"half a header":      "GET / HTTP/1.1\r\nHost: loc",
			"answered, idle":     server.ask,
			"body never comes":   "POST /v1/nodes HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{",
			"report never comes": "POST /v1/continue_inspection HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{",
			"login never comes": "POST /ui/login HTTP/1.1\r\nHost: localhost\r\n" +
				"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\nuser=",
		} {
			t.Run(server.name+", "+name, func(t *testing.T) {
				for i := range 1200 {
					c := connect(t, netip.AddrFrom4([4]byte{127, 0, 1, byte(i % 40)}), server.address)
					_, _ = c.Write([]byte(held)) // one too many is closed
				}
				begun, line := time.Now(), ""
				var err error
				for !strings.HasPrefix(line, server.answer) && time.Since(begun) < 5*time.Second { // as clients do that lose their connection
					c := connect(t, netip.AddrFrom4([4]byte{127, 0, 2, 1}), server.address)
					if _, err = io.WriteString(c, server.ask); err == nil {
						line, err = bufio.NewReader(c).ReadString('\n')
					}
				}
				if err != nil || !strings.HasPrefix(line, server.answer) {
					t.Errorf("an honest request: %q, %v after %v", line, err, time.Since(begun))
				}
			})
		}
	}
}

// connect connects from an address of loopback; the connection lasts as long as the test.
func connect(t *testing.T, from netip.Addr, to string) net.Conn {
	t.Helper()
	d := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(from, 0)), Timeout: 10 * time.Second}
	c, err := d.DialContext(t.Context(), "tcp", to)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestModes starts on data directories that others can read, as after a restore.
func TestModes(t *testing.T) {
	dir := t.TempDir()
	t.Run("first start", func(t *testing.T) { start(t, dir) })
	for _, loose := range []struct {
		mode  os.FileMode
		paths []string
	}{
		{0o755, []string{"."}}, {0o644, []string{"ironhook.db", "htpasswd"}}, {0o777, []string{".", "volumes"}}, {0o666, []string{"ironhook.db"}},
	} {
		t.Run(fmt.Sprintf("%v %v", loose.mode, loose.paths), func(t *testing.T) {
			for _, path := range loose.paths {
				if err := os.Chmod(filepath.Join(dir, path), loose.mode); err != nil {
					t.Fatal(err)
				}
			}
			start(t, dir)
			for _, path := range loose.paths {
				if info, err := os.Stat(filepath.Join(dir, path)); err != nil || info.Mode().Perm()&0o077 != 0 {
					t.Errorf("%s has mode %v after the start, %v", path, info.Mode(), err)
				}
			}
		})
	}
}
