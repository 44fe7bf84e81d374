package door

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestBehind: only a named proxy says who the client is and how it came.
func TestBehind(t *testing.T) {
	proxies, err := ParseProxies("10.0.0.1, fd00::/64")
	if err != nil {
		t.Fatal(err)
	}
	type seen struct {
		from, host string
		encrypted  bool
	}
	for name, c := range map[string]struct {
		peer   string
		header http.Header
		want   seen
	}{
		"a proxy": {"10.0.0.1:5",
			http.Header{"X-Forwarded-For": {"192.0.2.7"}, "X-Forwarded-Host": {"metal.example"}, "X-Forwarded-Proto": {"https"}},
			seen{"192.0.2.7:0", "metal.example", true}},
		"anybody": {"10.0.0.2:5",
			http.Header{"X-Forwarded-For": {"192.0.2.7"}, "X-Forwarded-Host": {"metal.example"}, "X-Forwarded-Proto": {"https"}},
			seen{"10.0.0.2:5", "ours", false}},
		"no headers":   {"10.0.0.1:5", nil, seen{"10.0.0.1:5", "ours", false}},
		"by IPv6":      {"[fd00::9]:5", http.Header{"X-Forwarded-For": {"2001:db8::1"}}, seen{"[2001:db8::1]:0", "ours", false}},
		"in brackets":  {"[fd00::9]:5", http.Header{"X-Forwarded-For": {"[2001:db8::1]"}}, seen{"[2001:db8::1]:0", "ours", false}},
		"mapped":       {"[::ffff:10.0.0.1]:5", http.Header{"X-Forwarded-For": {"::ffff:192.0.2.7"}}, seen{"192.0.2.7:0", "ours", false}},
		"two proxies":  {"10.0.0.1:5", http.Header{"X-Forwarded-For": {"192.0.2.7, fd00::3"}}, seen{"192.0.2.7:0", "ours", false}},
		"a forged hop": {"10.0.0.1:5", http.Header{"X-Forwarded-For": {"198.51.100.1", "192.0.2.7"}}, seen{"192.0.2.7:0", "ours", false}},
		"nonsense":     {"10.0.0.1:5", http.Header{"X-Forwarded-For": {"192.0.2.7, unknown"}}, seen{"10.0.0.1:5", "ours", false}},
		"only proxies": {"10.0.0.1:5", http.Header{"X-Forwarded-For": {"10.0.0.1"}}, seen{"10.0.0.1:5", "ours", false}},
		"a forged host": {"10.0.0.1:5", http.Header{"X-Forwarded-Host": {"evil.example, metal.example"}},
			seen{"10.0.0.1:5", "metal.example", false}},
		"a forged scheme": {"10.0.0.1:5", http.Header{"X-Forwarded-Proto": {"https", "http"}},
			seen{"10.0.0.1:5", "ours", false}},
		"a local socket": {"@", http.Header{"X-Forwarded-For": {"192.0.2.7"}}, seen{"@", "ours", false}},
	} {
		r := httptest.NewRequest(http.MethodGet, "http://ours/", nil)
		r.RemoteAddr = c.peer
		if c.header != nil {
			r.Header = c.header
		}
		var got seen
		Behind(proxies, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			got = seen{r.RemoteAddr, r.Host, r.TLS != nil}
		})).ServeHTTP(httptest.NewRecorder(), r)
		if got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
		if r.RemoteAddr != c.peer {
			t.Errorf("%s: the request itself was changed", name)
		}
	}
}

func TestParseProxies(t *testing.T) {
	for _, wrong := range []string{"", "proxy", "10.0.0.1/33", "fe80::1%eth0", "10.0.0.1,"} {
		if list, err := ParseProxies(wrong); err == nil {
			t.Errorf("%q is read as %v", wrong, list)
		}
	}
}
