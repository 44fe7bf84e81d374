package door

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

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
	check := func(user, password string, source netip.Addr) (bool, time.Duration) {
		role, wait, err := u.check(t.Context(), user, password, source)
		if err != nil {
			t.Fatal(err)
		}
		return role != "", wait
	}
	for i := range guessing.Free {
		if ok, wait := check("admin", fmt.Sprint("wrong", i), one); ok || wait > 0 {
			t.Fatalf("guess %d = %v, wait %v; want a plain refusal", i, ok, wait)
		}
	}
	if ok, wait := check("admin", "right", one); ok || wait <= 0 || wait > guessing.Longest {
		t.Errorf("guess %d = %v, wait %v; want to be told to wait", guessing.Free+1, ok, wait)
	}
	if ok, _ := check("admin", "right", two); !ok {
		t.Error("another address is refused, too")
	}
	// What has once been proved needs no proof again, not even from an address that guesses.
	if ok, _ := check("admin", "right", one); !ok {
		t.Error("known credentials are refused")
	}
	for i := range spraying.Free {
		_, _ = check(fmt.Sprint("user", i), "wrong", two)
	}
	if _, wait := check("other", "wrong", two); wait <= 0 {
		t.Error("an address may try a password on any number of users")
	}
}

// TestGuessesAtOnce: no more passwords are hashed than are free, however many come at once,
// and the requests of a client that begins with many at once are one attempt.
func TestGuessesAtOnce(t *testing.T) {
	u := htpasswd(t, "admin", "right")
	var wait sync.WaitGroup
	var compared, passed atomic.Int32
	for i := range 200 {
		wait.Go(func() {
			if role, wait, err := u.check(t.Context(), "admin", fmt.Sprint("wrong", i), one); err == nil && role == "" && wait == 0 {
				compared.Add(1)
			}
		})
		wait.Go(func() {
			if role, _, err := u.check(t.Context(), "admin", "right", two); err == nil && role == baremetal.RoleAdmin {
				passed.Add(1)
			}
		})
	}
	wait.Wait()
	if n := int(compared.Load()); n > guessing.Free {
		t.Errorf("%d wrong passwords were compared, want at most %d", n, guessing.Free)
	}
	if n := passed.Load(); n != 200 {
		t.Errorf("%d of 200 requests with the right password passed", n)
	}
}

// TestRoles: a stored user does what the role allows and nothing else, at once another when
// the role or the password changes; a user of the file is an administrator.
func TestRoles(t *testing.T) {
	users := htpasswd(t, "admin", "x")
	digest := func(password string) string {
		d, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
		if err != nil {
			t.Fatal(err)
		}
		return string(d)
	}
	stored := map[string]*baremetal.User{
		"vera": {Name: "vera", Role: baremetal.RoleViewer, Digest: digest("x")},
		"olga": {Name: "olga", Role: baremetal.RoleOperator, Digest: digest("x")},
		"ada":  {Name: "ada", Role: baremetal.RoleAdmin, Digest: digest("x")}, "odd": {Name: "odd", Role: "root", Digest: digest("x")},
		"admin": {Name: "admin", Role: baremetal.RoleViewer, Digest: digest("y")},
	}
	var broken error
	users.Stored = func(_ context.Context, name string) (*baremetal.User, error) { return stored[name], broken }
	least := func(r *http.Request) baremetal.Role {
		if r.URL.Path == "/power" {
			return baremetal.RoleOperator
		}
		return baremetal.LeastRole(r.Method)
	}
	h := NewGuard(Accounts{Users: users,
		Log: slog.New(slog.DiscardHandler)}).Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), Manner{Least: least})
	do := func(user, password, method, path string) int {
		r := httptest.NewRequestWithContext(t.Context(), method, path, nil)
		r.SetBasicAuth(user, password)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code
	}
	for _, c := range []struct {
		user, password              string
		get, power, change, removal int
	}{
		{"vera", "x", 200, 403, 403, 403},
		{"olga", "x", 200, 200, 403, 403},
		{"ada", "x", 200, 200, 200, 200},
		{"admin", "x", 200, 200, 200, 200},
		{"admin", "y", 401, 401, 401, 401},
		{"odd", "x", 403, 403, 403, 403},
		{"eve", "x", 401, 401, 401, 401},
	} {
		got := [4]int{do(c.user, c.password, "GET", "/"), do(c.user, c.password, "PUT", "/power"), do(c.user, c.password, "POST", "/"),
			do(c.user, c.password, "DELETE", "/")}
		if want := [4]int{c.get, c.power, c.change, c.removal}; got != want {
			t.Errorf("%s: %v, want %v", c.user, got, want)
		}
	}
	stored["olga"].Role = baremetal.RoleViewer
	if got := do("olga", "x", "PUT", "/power"); got != 403 {
		t.Errorf("an operator who became a viewer: %d, want 403", got)
	}
	stored["vera"].Digest = digest("z")
	if got := do("vera", "x", "GET", "/"); got != 401 {
		t.Errorf("a password that was replaced: %d, want 401", got)
	}
	delete(stored, "ada")
	if got := do("ada", "x", "GET", "/"); got != 401 {
		t.Errorf("a user who was deleted: %d, want 401", got)
	}
	broken = errors.New("disk")
	if got := do("vera", "z", "GET", "/"); got != 503 {
		t.Errorf("accounts that cannot be read: %d, want 503", got)
	}
}

// TestReadUsersOfWindows: the mark that editors on Windows write is not part of a name.
func TestReadUsersOfWindows(t *testing.T) {
	digest, err := bcrypt.GenerateFromPassword([]byte("secret"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	users, err := ReadUsers(strings.NewReader("\ufeffolga:" + string(digest) + "\r\n"))
	if err != nil || len(users.Names()) != 1 || users.Names()[0] != "olga" {
		t.Errorf("users = %v, %v, want olga", users, err)
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
	local := func(r *http.Request) (Who, bool) {
		return Who{LocalSocket, baremetal.RoleAdmin}, r.Header.Get("Local") != ""
	}
	for _, c := range []struct {
		name     string
		accounts Accounts
		header   string
		path     string
		status   int
		want     Who
	}{
		{"no accounts", Accounts{}, "", "/", 200, Who{Role: baremetal.RoleAdmin}},
		{"no accounts, local", Accounts{Trusted: local}, "Local", "/", 200, Who{LocalSocket, baremetal.RoleAdmin}},
		{"a password", Accounts{Users: users, Trusted: local}, "Password", "/", 200, Who{"eve", baremetal.RoleAdmin}},
		{"local", Accounts{Users: users, Trusted: local}, "Local", "/", 200, Who{LocalSocket, baremetal.RoleAdmin}},
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
	h := NewGuard(Accounts{Log: slog.New(slog.NewTextHandler(&log, nil))}).Handler(http.HandlerFunc(func(http.ResponseWriter,
		*http.Request) {
		panic("s3")
	}), Manner{})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/", nil))
	id := w.Header().Get("Openstack-Request-Id")
	if w.Code != 500 || strings.Contains(w.Body.String(), "s3") || id == "" || !strings.Contains(log.String(), id) ||
		!strings.Contains(log.String(), "s3") {
		t.Errorf("answer = %d %s, log = %s; want a 500 without the cause, and the cause in the log under its id", w.Code, w.Body, &log)
	}
	defer func() {
		if recover() != http.ErrAbortHandler {
			t.Error("an aborted answer was finished")
		}
	}()
	NewGuard(Accounts{}).Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }),
		Manner{}).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/", nil))
}
