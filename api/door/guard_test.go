package door

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"ironhook/baremetal"
)

// htpasswd is a file with one user, at the lowest cost so that tests are quick.
func htpasswd(t *testing.T, name, password string) *Users {
	t.Helper()
	digest, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	users, err := ReadUsers(strings.NewReader(fmt.Sprintf("# operators\n\n%s:%s\n", name, digest)))
	if err != nil {
		t.Fatal(err)
	}
	return users
}

// Two sources of requests.
var one, two = netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")

func TestGuessingIsSlowedDown(t *testing.T) {
	u := htpasswd(t, "admin", "right")
	for i := range guessing.Free {
		if ok, wait := u.check("admin", fmt.Sprint("wrong", i), one); ok || wait > 0 {
			t.Fatalf("guess %d = %v, wait %v; want a plain refusal", i, ok, wait)
		}
	}
	if ok, wait := u.check("admin", "right", one); ok || wait <= 0 || wait > guessing.Longest {
		t.Errorf("guess %d = %v, wait %v; want to be told to wait", guessing.Free+1, ok, wait)
	}
	if ok, _ := u.check("admin", "right", two); !ok {
		t.Error("another address is refused, too")
	}
	// What has once been proved needs no proof again, not even from an address that guesses.
	if ok, _ := u.check("admin", "right", one); !ok {
		t.Error("known credentials are refused")
	}
}

func TestReadUsersRefusesOtherDigests(t *testing.T) {
	for _, line := range []string{"admin:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=", "admin:$apr1$x$y", "admin", "admin:plain"} {
		if _, err := ReadUsers(bytes.NewBufferString(line + "\n")); err == nil || !strings.Contains(err.Error(), "line 1") {
			t.Errorf("ReadUsers(%q) = %v, want a refusal that names the line", line, err)
		}
	}
}

// TestPrincipal asks who a handler sees as the sender.
func TestPrincipal(t *testing.T) {
	users := htpasswd(t, "eve", "x")
	local := func(r *http.Request) (string, bool) { return LocalSocket, r.Header.Get("Local") != "" }
	for _, c := range []struct {
		name     string
		accounts Accounts
		header   string
		path     string
		status   int
		want     Who
	}{
		{"no accounts", Accounts{}, "", "/", 200, Who{}},
		{"no accounts, local", Accounts{Trusted: local}, "Local", "/", 200, Who{LocalSocket, Admin}},
		{"a password", Accounts{Users: users, Trusted: local}, "Password", "/", 200, Who{"eve", Admin}},
		{"local", Accounts{Users: users, Trusted: local}, "Local", "/", 200, Who{LocalSocket, Admin}},
		{"nothing", Accounts{Users: users, Trusted: local}, "", "/", 401, Who{}},
		{"nothing, public", Accounts{Users: users, Trusted: local}, "", "/public", 200, Who{}},
	} {
		var got Who
		var cause string
		h := NewGuard(c.accounts).Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			got, cause = Principal(r.Context()), baremetal.UserOf(r.Context())
		}), Manner{Public: func(r *http.Request) bool { return r.URL.Path == "/public" }})
		r := httptest.NewRequestWithContext(t.Context(), "GET", c.path, nil)
		switch c.header {
		case "Password":
			r.SetBasicAuth("eve", "x")
		case "Local":
			r.Header.Set("Local", "1")
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != c.status || got != c.want || cause != c.want.User {
			t.Errorf("%s: %d, principal %v, events of %q; want %d, %v", c.name, w.Code, got, cause, c.status, c.want)
		}
	}
}

func TestPanicIsAnAnswer(t *testing.T) {
	var log bytes.Buffer
	h := NewGuard(Accounts{Log: slog.New(slog.NewTextHandler(&log, nil))}).Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("s3") }), Manner{})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/", nil))
	id := w.Header().Get("Openstack-Request-Id")
	if w.Code != 500 || strings.Contains(w.Body.String(), "s3") || id == "" || !strings.Contains(log.String(), id) || !strings.Contains(log.String(), "s3") {
		t.Errorf("answer = %d %s, log = %s; want a 500 without the cause, and the cause in the log under its id", w.Code, w.Body, &log)
	}
	defer func() {
		if recover() != http.ErrAbortHandler {
			t.Error("an aborted answer was finished")
		}
	}()
	NewGuard(Accounts{}).Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }), Manner{}).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/", nil))
}
