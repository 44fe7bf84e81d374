package baremetalapi

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"ironhook/api/door"
	"ironhook/baremetal"
)

// htpasswd is a file with one user, at the lowest cost so that tests are quick.
func htpasswd(t testing.TB, name, password string) *door.Users {
	t.Helper()
	digest, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	users, err := door.ReadUsers(strings.NewReader(fmt.Sprintf("# operators\n\n%s:%s\n", name, digest)))
	if err != nil {
		t.Fatal(err)
	}
	return users
}

func basic(name, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(name+":"+password))
}

func TestBasicAuthentication(t *testing.T) {
	l := newLab(t, func(a *door.Accounts) {
		a.Users = htpasswd(t, "admin", "secret: with colon")
		a.Trusted = func(r *http.Request) (door.Who, bool) {
			return door.Who{User: "guest", Role: baremetal.RoleAdmin}, r.Header.Get("X-Session") == "good"
		}
	})
	const unauthorized = `{"error":{"code":401,"message":"Incorrect username or password"}}`
	for _, test := range []struct {
		path, header, value string
		status              int
		body                string
	}{
		{"/", "", "", 200, ""},
		{"/v1", "", "", 200, ""},
		{"/v1/", "", "", 200, ""},
		{"/healthz", "", "", 200, ""},
		{"/v1/lookup?node_uuid=c0ffee00-0000-4000-8000-000000000001", "", "", 404, ""},
		{"/v1/nodes", "", "", 401, `{"error":{"code":401,"message":"Authorization required"}}`},
		{"/nodes", "", "", 401, `{"error":{"code":401,"message":"Authorization required"}}`},
		{"/v1/openapi.json", "", "", 401, ""},
		{"/v1/nothing", "", "", 401, ""},
		{"/v1/nodes", "Authorization", basic("admin", "secret: with colon"), 200, ""},
		{"/v1/nodes", "Authorization", "basic " + strings.TrimPrefix(basic("admin", "secret: with colon"), "Basic "), 200, ""},
		{"/v1/nodes", "Authorization", basic("admin", "wrong"), 401, unauthorized},
		{"/v1/nodes", "Authorization", basic("nobody", "secret: with colon"), 401, unauthorized},
		{"/v1/nodes", "Authorization", basic("", ""), 401, unauthorized},
		{"/v1/nodes", "Authorization", "Bearer x", 400, `{"error":{"code":400,"message":"Unsupported authorization type \"Bearer\""}}`},
		{"/v1/nodes", "Authorization", "Basic", 400, `{"error":{"code":400,"message":"Could not parse Authorization header"}}`},
		{"/v1/nodes", "Authorization", "Basic ***", 400, `{"error":{"code":400,"message":"Could not decode authorization token"}}`},
		{"/v1/nodes", "X-Session", "good", 200, ""},
		{"/v1/nodes", "X-Session", "bad", 401, ""},
	} {
		var header []string
		if test.header != "" {
			header = []string{test.header, test.value}
		}
		status, body := l.do(t, "GET", test.path, nil, header...)
		if status != test.status || test.body != "" && string(body) != test.body {
			t.Errorf("GET %s with %q = %d %s, want %d %s", test.path, test.value, status, body, test.status, test.body)
		}
	}
}

func TestUnauthorizedNamesTheRealm(t *testing.T) {
	a := door.NewGuard(door.Accounts{Users: htpasswd(t, "admin", "x")}).Handler(http.NotFoundHandler(), door.Manner{})
	w := httptest.NewRecorder()
	a.ServeHTTP(w, httptest.NewRequest("GET", "/v1/nodes", nil))
	if got := w.Header().Get("WWW-Authenticate"); got != `Basic realm="Baremetal API"` {
		t.Errorf("WWW-Authenticate = %q", got)
	}
	// A browser that a page makes ask would keep the password for every page.
	page := httptest.NewRequest("GET", "/v1/nodes", nil)
	page.Header.Set("Sec-Fetch-Mode", "cors")
	w = httptest.NewRecorder()
	a.ServeHTTP(w, page)
	if got := w.Header().Get("WWW-Authenticate"); w.Code != 401 || got != "" {
		t.Errorf("a page is answered %d with WWW-Authenticate %q, want 401 without", w.Code, got)
	}
}

// TestNothingAcrossOrigins: a page of another site may neither ask nor read.
func TestNothingAcrossOrigins(t *testing.T) {
	l := newLab(t)
	for _, method := range []string{http.MethodOptions, http.MethodGet} {
		r, err := http.NewRequestWithContext(t.Context(), method, l.URL+"/v1/nodes", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Origin", "https://evil.example")
		r.Header.Set("Access-Control-Request-Method", http.MethodPut)
		resp, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := resp.Body.Close(); err != nil {
			t.Error(err)
		}
		for name := range resp.Header {
			if strings.HasPrefix(name, "Access-Control-") {
				t.Errorf("%s answers %s: %s, want no such header", method, name, resp.Header.Get(name))
			}
		}
	}
}
