package web

import (
	"fmt"
	"math"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"ironhook/internal/limit"
)

// signature is the header that the pages' own script adds to its calls of the
// API. A page of another site cannot: a custom header needs a permission (CORS)
// that no part of Ironhook gives.
const signature = "X-Ironhook-UI"

// Signed names the user of a request that one of our pages sends: it carries a living
// session, the header X-Ironhook-UI: 1, and no sign of coming from another site. With
// authentication off there are no users.
func (w *Web) Signed(r *http.Request) (user string, ok bool) {
	if w.Login == nil || !w.ours(r) {
		return "", false
	}
	if s := w.sessions.find(r, w.now()); s != nil {
		return s.User, true
	}
	return "", false
}

// ours reports whether a page of ours sends a request. It says so in a header, which a foreign page cannot; the
// WebSocket of a console cannot have that, but with it the browser always tells the origin of the page.
func (w *Web) ours(r *http.Request) bool {
	if r.Header.Get(signature) == "1" {
		return w.foreign.Check(r) == nil
	}
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") || r.Header.Get("Origin") == "" {
		return false
	}
	changing := *r // what is sent later changes things, though a GET begins it
	changing.Method = http.MethodPost
	return w.foreign.Check(&changing) == nil
}

// private serves only users who are logged in; others get the login page, which
// returns them here afterwards.
func (w *Web) private(next http.HandlerFunc) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		if w.Login == nil || w.sessions.find(r, w.now()) != nil {
			next(rw, r)
			return
		}
		http.Redirect(rw, r, "/ui/login?next="+url.QueryEscape(r.URL.Path), http.StatusSeeOther)
	}
}

// loginPage is the content of the login page.
type loginPage struct {
	page
	Next, User, Problem string
	Keep                bool // stay signed in
}

func (w *Web) loginPage(rw http.ResponseWriter, r *http.Request) {
	next := local(r.URL.Query().Get("next"))
	if w.Login == nil || w.sessions.find(r, w.now()) != nil {
		http.Redirect(rw, r, next, http.StatusSeeOther)
		return
	}
	w.render(rw, http.StatusOK, "login", loginPage{page: w.page("Sign in"), Next: next})
}

func (w *Web) login(rw http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(rw, r.Body, 4<<10)
	d := loginPage{page: w.page("Sign in"), Next: local(r.PostFormValue("next")), User: r.PostFormValue("user"),
		Keep: r.PostFormValue("keep") != ""}
	if w.Login == nil {
		http.Redirect(rw, r, d.Next, http.StatusSeeOther)
		return
	}
	status, wait := w.check(r, d.User, r.PostFormValue("password"))
	switch status {
	case http.StatusSeeOther:
		w.firstRunIsOver()
		w.sessions.close(r)
		http.SetCookie(rw, w.cookie(r, w.sessions.open(d.User, d.Keep, w.now()), life(d.Keep)))
		http.Redirect(rw, r, d.Next, http.StatusSeeOther)
		return
	case http.StatusTooManyRequests:
		seconds := int(math.Ceil(wait.Seconds()))
		rw.Header().Set("Retry-After", fmt.Sprint(seconds))
		d.Problem = fmt.Sprintf("Too many tries. Wait %d s, then try again.", seconds)
	case http.StatusForbidden:
		d.Problem = "This form was sent from another site. Sign in here instead."
	default:
		d.Problem = "User name or password is wrong."
	}
	w.render(rw, status, "login", d)
}

// check handles one attempt to log in. It returns a status, SeeOther for a right
// password, and the wait before the next attempt.
func (w *Web) check(r *http.Request, user, password string) (int, time.Duration) {
	if w.foreign.Check(r) != nil {
		return http.StatusForbidden, 0
	}
	from := limit.SourceOf(r.RemoteAddr)
	by := guessOf(from, user)
	if wait := max(w.tries.Take(by, w.now()), w.sprays.Take(from, w.now())); wait > 0 {
		return http.StatusTooManyRequests, wait
	}
	select {
	case w.checks <- struct{}{}:
		defer func() { <-w.checks }()
	case <-r.Context().Done():
		return http.StatusUnauthorized, 0
	}
	if !w.Login(user, password) {
		w.Log.Warn("login refused", "from", from) // not the user: passwords get typed there
		return http.StatusUnauthorized, 0
	}
	w.tries.Forgive(by)
	w.sprays.Forgive(from)
	w.Log.Info("login", "user", user, "from", from)
	return http.StatusSeeOther, 0
}

func (w *Web) logout(rw http.ResponseWriter, r *http.Request) {
	if w.foreign.Check(r) != nil {
		http.Error(rw, "This request was sent from another site.", http.StatusForbidden)
		return
	}
	w.sessions.close(r)
	http.SetCookie(rw, w.cookie(r, "", -time.Second))
	http.Redirect(rw, r, "/ui/login", http.StatusSeeOther)
}

// cookie carries a session's token. Its path is the whole listener, because the
// API is beside the pages.
func (w *Web) cookie(r *http.Request, token string, life time.Duration) *http.Cookie {
	return &http.Cookie{
		Name: cookie, Value: token, Path: "/", MaxAge: int(life.Seconds()),
		HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteStrictMode,
	}
}

// local returns next when it is a page of ours, and the dashboard otherwise: the
// login page redirects to no other site.
func local(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || u.Opaque != "" || !strings.HasPrefix(path.Clean(u.Path), "/ui/") {
		return "/ui/"
	}
	return (&url.URL{Path: path.Clean(u.Path)}).String()
}
