package web

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ironhook/baremetal"
	"ironhook/store"
	"ironhook/store/storetest"
)

func TestNothingIsShownWithoutLogin(t *testing.T) {
	r := newRoom(t)
	r.enroll(&baremetal.Node{UUID: "node-1", Name: "secret-name"}, "52:54:00:00:00:01")
	for _, test := range []struct {
		method, path string
		status       int
		to           string
	}{
		{"GET", "/ui", 303, "/ui/"},
		{"GET", "/ui/", 303, "/ui/login?next=%2Fui%2F"},
		{"HEAD", "/ui/", 303, "/ui/login?next=%2Fui%2F"},
		{"GET", "/ui/machines/secret-name", 303, "/ui/login?next=%2Fui%2Fmachines%2Fsecret-name"},
		{"GET", "/ui/machines/no-such-name", 303, "/ui/login?next=%2Fui%2Fmachines%2Fno-such-name"},
		{"GET", "/ui/nowhere", 303, "/ui/login?next=%2Fui%2Fnowhere"},
		{"POST", "/ui/", 303, "/ui/login?next=%2Fui%2F"},
		{"GET", "/ui/events", 401, ""},
		{"GET", "/ui/events?machine=secret-name", 401, ""},
		{"GET", "/ui/login", 200, ""},
		{"GET", "/ui/static/app.css", 200, ""},
		{"GET", "/ui/static/htmx.min.js", 200, ""},
		{"GET", "/ui/static/htmx.LICENSE", 200, ""},
		{"GET", "/ui/static/nothing.css", 404, ""},
		{"GET", "/ui/static/..%2Ftemplates%2Fdashboard.html", 404, ""},
		{"GET", "/ui/static/..%2F..%2F..%2Fschema.sql", 404, ""},
	} {
		for _, cookies := range []string{"", cookie + "=", cookie + "=AAAA", cookie + "=" + strings.Repeat("A", 43)} {
			a := r.do(test.method, test.path, "", "Cookie", cookies)
			if a.status != test.status || a.header.Get("Location") != test.to {
				t.Errorf("%s %s with %q = %d to %q, want %d to %q", test.method, test.path, cookies,
					a.status, a.header.Get("Location"), test.status, test.to)
			}
			if strings.Contains(a.body, "secret-name") && !strings.Contains(test.path, "secret-name") {
				t.Errorf("%s %s shows a machine", test.method, test.path)
			}
		}
	}
}

func TestLogin(t *testing.T) {
	r := newRoom(t)
	for _, test := range []struct {
		user, word string
		status     int
		says       string
	}{
		{"admin", "wrong", 401, "User name or password is wrong."},
		{"nobody", password, 401, "User name or password is wrong."},
		{"", "", 401, "User name or password is wrong."},
		{"admin", password, 303, ""},
	} {
		a := r.login(test.user, test.word)
		if a.status != test.status || !strings.Contains(a.body, test.says) {
			t.Errorf("login(%q, %q) = %d\n%s\nwant %d saying %q", test.user, test.word, a.status, a.body, test.status, test.says)
		}
		if got, want := a.header.Get("Set-Cookie") != "", test.status == 303; got != want {
			t.Errorf("login(%q, %q) sets a cookie: %v, want %v", test.user, test.word, got, want)
		}
	}
	if a := r.get("/ui/"); a.status != 200 {
		t.Errorf("GET /ui/ after login = %d, want 200", a.status)
	}
	if a := r.get("/ui/login?next=/ui/machines/x"); a.header.Get("Location") != "/ui/machines/x" {
		t.Errorf("login page after login leads to %q", a.header.Get("Location"))
	}
	if strings.Contains(r.log.String(), "wrong") || strings.Contains(r.log.String(), password) {
		t.Errorf("the log holds a password:\n%s", r.log)
	}
}

func TestCookie(t *testing.T) {
	w := New(Config{Login: func(string, string) bool { return true }})
	for _, secured := range []bool{false, true} {
		r := httptest.NewRequest("POST", "/ui/login", nil)
		if secured {
			r.TLS = &tls.ConnectionState{}
		}
		c := w.cookie(r, "token", lifetime)
		if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Secure != secured || c.Path != "/" || c.MaxAge <= 0 {
			t.Errorf("cookie over TLS %v = %+v", secured, c)
		}
	}
}

func TestForeignSitesAreRefused(t *testing.T) {
	for _, header := range [][]string{
		{"Sec-Fetch-Site", "cross-site"},
		{"Sec-Fetch-Site", "same-site"},
		{"Origin", "https://evil.example"},
		{"Origin", "null"},
	} {
		r := newRoom(t)
		if a := r.login("admin", password, header...); a.status != http.StatusForbidden || a.header.Get("Set-Cookie") != "" {
			t.Errorf("login with %v = %d, %q; want 403 and no cookie", header, a.status, a.header.Get("Set-Cookie"))
		}
		r.enter()
		if a := r.do("POST", "/ui/logout", "", header...); a.status != http.StatusForbidden {
			t.Errorf("logout with %v = %d, want 403", header, a.status)
		}
		if a := r.get("/ui/"); a.status != 200 {
			t.Errorf("a foreign site ended a session")
		}
	}
}

func TestSigned(t *testing.T) {
	r := newRoom(t).enter()
	token := r.http.Jar.Cookies(mustURL(t, r.url))[0]
	for _, test := range []struct {
		name    string
		cookie  *http.Cookie
		headers []string
		want    bool
	}{
		{"our page", token, []string{signature, "1"}, true},
		{"our page, as browsers send it", token, []string{signature, "1", "Sec-Fetch-Site", "same-origin", "Origin", "http://appliance:6385"},
			true},
		{"no header", token, nil, false},
		{"another value", token, []string{signature, "yes"}, false},
		{"no cookie", nil, []string{signature, "1"}, false},
		{"another cookie", &http.Cookie{Name: cookie, Value: "guess"}, []string{signature, "1"}, false},
		{"another site", token, []string{signature, "1", "Sec-Fetch-Site", "cross-site"}, false},
		{"a console of our page", token, []string{"Upgrade", "websocket", "Origin", "http://appliance:6385"}, true},
		{"a console of our page, as newer browsers send it", token,
			[]string{"Upgrade", "websocket", "Origin", "http://appliance:6385", "Sec-Fetch-Site", "same-origin"}, true},
		{"a console without a cookie", nil, []string{"Upgrade", "websocket", "Origin", "http://appliance:6385"}, false},
		{"a console of another site", token, []string{"Upgrade", "websocket", "Origin", "http://evil.example"}, false},
		{"a console of another port", token, []string{"Upgrade", "websocket", "Origin", "http://appliance:8080"}, false},
		{"a console of a page that hides its origin", token, []string{"Upgrade", "websocket", "Origin", "null"}, false},
		{"a console of no page", token, []string{"Upgrade", "websocket"}, false},
		{"our origin alone", token, []string{"Origin", "http://appliance:6385"}, false},
		{"another port of this host", token, []string{signature, "1", "Origin", "http://appliance:8080"}, false},
	} {
		method := "PUT"
		if strings.Contains(test.name, "console") {
			method = "GET"
		}
		req := httptest.NewRequest(method, "http://appliance:6385/v1/nodes/x/states/power", nil)
		for i := 0; i < len(test.headers); i += 2 {
			req.Header.Set(test.headers[i], test.headers[i+1])
		}
		if test.cookie != nil {
			req.AddCookie(test.cookie)
		}
		if user, ok := r.web.Signed(req); ok != test.want || ok != (user == "admin") {
			t.Errorf("%s: Signed = %q, %v, want %v", test.name, user, ok, test.want)
		}
	}
}

func TestWithoutAuthenticationPagesAreOpenAndNothingIsSigned(t *testing.T) {
	r := newRoom(t, func(w *Web) { w.Login = nil })
	if a := r.get("/ui/"); a.status != 200 || strings.Contains(a.body, "Sign out") {
		t.Errorf("GET /ui/ = %d, want 200 without a way out", a.status)
	}
	if a := r.get("/ui/login"); a.status != 303 {
		t.Errorf("GET /ui/login = %d, want 303", a.status)
	}
	req := httptest.NewRequest("PUT", "/v1/nodes/x/states/power", nil)
	req.Header.Set(signature, "1")
	if _, ok := r.web.Signed(req); ok {
		t.Error("Signed = true with authentication off")
	}
}

func TestLogoutEndsTheSession(t *testing.T) {
	r := newRoom(t).enter()
	kept := r.http.Jar.Cookies(mustURL(t, r.url))[0]
	if a := r.do("POST", "/ui/logout", ""); a.status != 303 || !strings.Contains(a.header.Get("Set-Cookie"), "Max-Age=0") {
		t.Errorf("logout = %d, %q", a.status, a.header.Get("Set-Cookie"))
	}
	if a := r.get("/ui/", "Cookie", kept.String()); a.status != 303 {
		t.Errorf("GET /ui/ with the cookie of an ended session = %d, want 303", a.status)
	}
}

// newSessions are sessions over a store of their own.
func newSessions(t *testing.T) *sessions {
	t.Helper()
	return restarted(storetest.OpenAt(t, filepath.Join(t.TempDir(), "ironhook.db")), "")
}

// restarted are the sessions of a process that has just begun.
func restarted(s *store.Store, proof string) *sessions {
	return &sessions{store: s, log: slog.New(slog.DiscardHandler), proof: func(string) string { return proof }, live: map[string]*session{}}
}

func carrying(token string) *http.Request {
	r := httptest.NewRequest("GET", "/ui/", nil)
	r.AddCookie(&http.Cookie{Name: cookie, Value: token})
	return r
}

// A restart signs out those who have signed out, whose time is over, whose password has
// changed, and no others.
func TestSessionsSurviveARestart(t *testing.T) {
	before := newSessions(t)
	token := map[string]string{}
	for _, name := range []string{"stays", "leaves", "wall"} {
		token[name] = before.open(name, name == "wall", dawn)
	}
	before.close(carrying(token["leaves"]))
	for _, test := range []struct {
		user, proof string
		after       time.Duration
		want        bool
	}{
		{"stays", "", time.Minute, true},
		{"leaves", "", time.Minute, false},
		{"wall", "", 24 * time.Hour, true},
		{"stays", "another password", time.Minute, false},
		{"wall", "another password", time.Minute, false},
		{"stays", "", time.Minute, false}, // ended for good
	} {
		s := restarted(before.store, test.proof)
		found := s.find(carrying(token[test.user]), dawn.Add(test.after))
		if got := found != nil; got != test.want || got && found.User != test.user {
			t.Errorf("%s, %v later with the account %q, is signed in: %v, want %v", test.user, test.after, test.proof, got, test.want)
		}
	}
	if restarted(before.store, "").find(carrying("nonsense"), dawn) != nil {
		t.Error("a token of no session is one")
	}
}

// Time that a session was in use before a restart counts after it.
func TestUseIsRemembered(t *testing.T) {
	before := newSessions(t)
	r := carrying(before.open("admin", false, dawn))
	now := dawn.Add(idle - time.Minute)
	before.find(r, now)
	now = now.Add(idle - time.Minute)
	if restarted(before.store, "").find(r, now) == nil {
		t.Error("a session that was used half an hour ago ended with the restart")
	}
	if restarted(before.store, "").find(r, now.Add(idle+recordEvery)) != nil {
		t.Error("a session that is not used lives on")
	}
}

func TestSessionsExpire(t *testing.T) {
	s := newSessions(t)
	now := dawn
	request := carrying
	used, unused := request(s.open("admin", false, now)), request(s.open("admin", false, now))
	for now = now.Add(idle); now.Sub(dawn) <= lifetime; now = now.Add(idle) {
		if s.find(used, now) == nil {
			t.Fatalf("a session in use ended after %v", now.Sub(dawn))
		}
		if s.find(unused, now) != nil && now.Sub(dawn) > idle+time.Second {
			t.Fatalf("a session lives after %v", now.Sub(dawn))
		}
		now = now.Add(time.Second)
		s.find(used, now)
	}
	if s.find(used, now) != nil {
		t.Errorf("a session in use lives after %v", now.Sub(dawn))
	}
	first := request(s.open("admin", false, now))
	for range crowd {
		now = now.Add(time.Millisecond)
		s.open("admin", false, now)
	}
	if len(s.live) != crowd || s.find(first, now) != nil {
		t.Errorf("%d sessions live, the oldest among them: %v; want %d and false", len(s.live), s.find(first, now) != nil, crowd)
	}
}

func TestAnOpenStreamIsUse(t *testing.T) {
	s := newSessions(t)
	r := httptest.NewRequest("GET", "/ui/events", nil)
	r.AddCookie(&http.Cookie{Name: cookie, Value: s.open("admin", false, dawn)})
	one := s.find(r, dawn)
	for at := idle; at <= lifetime; at += idle {
		if !s.keep(one, dawn.Add(at)) {
			t.Fatalf("a session with an open stream ended after %v", at)
		}
	}
	if s.keep(one, dawn.Add(lifetime+time.Second)) {
		t.Error("a session lives longer than its life")
	}
}

func TestTokensAreNotKept(t *testing.T) {
	s := newSessions(t)
	a, b := s.open("admin", false, dawn), s.open("admin", false, dawn)
	if a == b || len(a) != 43 {
		t.Errorf("tokens %q and %q, want two different ones of 256 bits", a, b)
	}
	if kept := fmt.Sprintf("%v", s.live); strings.Contains(kept, a) {
		t.Error("the token is kept as it is")
	}
}

func TestLoginIsLimited(t *testing.T) {
	var mu sync.Mutex
	checked := 0
	r := newRoom(t, func(w *Web) {
		inner := w.Login
		w.Login = func(user, word string) bool {
			mu.Lock()
			defer mu.Unlock()
			checked++
			return inner(user, word)
		}
	})
	var statuses []int
	for range 8 {
		statuses = append(statuses, r.login("admin", "wrong").status)
	}
	if want := []int{401, 401, 401, 401, 401, 429, 429, 429}; !slices.Equal(statuses, want) || checked != 5 {
		t.Errorf("eight tries = %v with %d passwords checked, want %v with 5", statuses, checked, want)
	}
	a := r.login("admin", password)
	if a.status != 429 || a.header.Get("Retry-After") != "1" || !strings.Contains(a.body, "Too many tries. Wait 1 s") {
		t.Errorf("the right password among guesses = %d, Retry-After %q", a.status, a.header.Get("Retry-After"))
	}
	r.web.now = func() time.Time { return time.Now().Add(time.Hour) }
	r.enter()
}

// The wrong passwords of one user keep out no other who shares the address, until there are many.
func TestGuessesOfOthers(t *testing.T) {
	r := newRoom(t)
	for range 8 {
		r.login("somebody", "wrong")
	}
	if a := r.login("admin", password); a.status != 303 {
		t.Errorf("the right password beside guesses for another user = %d, want 303", a.status)
	}
	refused := 0
	for n := range 40 {
		if r.login(fmt.Sprintf("user%d", n), "wrong").status == 429 {
			refused++
		}
	}
	if refused < 5 {
		t.Errorf("%d of 40 wrong passwords of as many users are refused", refused)
	}
}

func TestLoginReadsNoNovel(t *testing.T) {
	r := newRoom(t)
	if a := r.login("admin", strings.Repeat("a", 1<<20)); a.status == 303 {
		t.Errorf("a password of a megabyte = %d", a.status)
	}
}

// TestButtonsOfARole: only who may press a button sees one, on the page and in its stream.
func TestButtonsOfARole(t *testing.T) {
	for _, c := range []struct {
		role    baremetal.Role
		buttons bool
	}{
		{baremetal.RoleViewer, false}, {baremetal.RoleOperator, true}, {baremetal.RoleAdmin, true}, {"", false},
	} {
		r := newRoom(t, func(w *Web) { w.Role = func(string) baremetal.Role { return c.role } }).enter()
		r.update(func(tx *store.Tx) error {
			return tx.Nodes().Insert(&baremetal.Node{UUID: "node-1", Name: "pc-01", Driver: "fake-hardware", ProvisionState: baremetal.Manageable})
		})
		if a := r.get("/ui/machines/node-1"); a.status != 200 || strings.Contains(a.body, "data-method") != c.buttons {
			t.Errorf("%q: page with status %d has buttons: %v, want %v", c.role, a.status, !c.buttons, c.buttons)
		}
		l := r.follow("/ui/events?machine=node-1")
		if m, ok := l.read(); !ok || strings.Contains(m.data, "data-method") != c.buttons {
			t.Errorf("%q: stream has buttons: %v, want %v", c.role, !c.buttons, c.buttons)
		}
	}
}

// TestPagesOfARole: what only an administrator may do is neither shown to others nor answered.
func TestPagesOfARole(t *testing.T) {
	for _, c := range []struct {
		role          baremetal.Role
		status        int
		hidesSwitches bool
		hidesForms    bool
	}{
		{baremetal.RoleViewer, 403, true, true}, {baremetal.RoleOperator, 403, false, true}, {baremetal.RoleAdmin, 200, false, false},
	} {
		r := newRoom(t, func(w *Web) { w.Role = func(string) baremetal.Role { return c.role } }).enter()
		if a := r.get("/ui/enrol"); a.status != c.status {
			t.Errorf("%s: GET /ui/enrol = %d, want %d", c.role, a.status, c.status)
		}
		for _, path := range []string{"/ui/machines/m/edit", "/ui/disks/d/file?format=raw"} {
			if a := r.get(path); (a.status == 403) != (c.status == 403) {
				t.Errorf("%s: GET %s = %d", c.role, path, a.status)
			}
		}
		style := r.get("/ui/role.css").body
		if strings.Contains(style, ofOperators) != c.hidesSwitches || strings.Contains(style, ofAdmins) != c.hidesForms {
			t.Errorf("%s: style is %q", c.role, style)
		}
	}
}
