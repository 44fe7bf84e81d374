package door

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"time"

	"github.com/google/uuid"

	"ironhook/baremetal"
	"ironhook/internal/limit"
)

// Accounts are the users whose requests a guard lets in, as far as their roles allow.
type Accounts struct {
	// Users are the accounts of HTTP basic authentication; nil is Ironic's "none", which
	// lets every request in.
	Users *Users
	// Trusted returns the sender of a request that carries another proof, such as a session
	// cookie of the pages; it must itself guard against forged requests. nil: no request
	// does.
	Trusted  func(*http.Request) (Who, bool)
	InFlight int           // requests at once per client address; 0 is 64
	Patience time.Duration // for which a request beyond them waits; 0 is 30 s
	Log      *slog.Logger
}

const (
	defaultInFlight = 64
	defaultPatience = 30 * time.Second
)

// Guard stands before every API. It is safe for concurrent use, and counts the requests
// of a client together, whichever of its APIs they are for.
type Guard struct {
	Accounts
	flights *limit.Share[netip.Addr]
}

// NewGuard makes a guard.
func NewGuard(a Accounts) *Guard {
	return &Guard{a, limit.NewShare[netip.Addr](cmp.Or(a.InFlight, defaultInFlight), 0, limit.APIRequests)}
}

// Manner is how an API differs from the others at the door; the zero one does not.
type Manner struct {
	// Public reports whether a request needs no account. nil: every request needs one.
	Public func(*http.Request) bool
	// Least returns the least role for a request, from the row of its route. nil:
	// [baremetal.LeastRole] of its method.
	Least func(*http.Request) baremetal.Role
	// Refuse answers with a refusal that is not of authentication, which has the shape of
	// Keystone's middleware everywhere. nil: that shape.
	Refuse func(w http.ResponseWriter, status int, text string)
}

// The texts of Guard's own refusals.
const (
	tooMany  = "Too many requests of this client are in flight."
	internal = "Internal server error; the log has its cause under this request's id."
)

// Handler returns next with the guard before it: a request has an id, which the answer carries; it
// counts among its client's; its sender is in its context (see [Principal]); and a panic
// is a 500 for the client and a stack in the log, not the end of the process.
func (g *Guard) Handler(next http.Handler, m Manner) http.Handler {
	say := m.Refuse
	if say == nil {
		say = keystone
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := "req-" + uuid.NewString()
		w.Header()["Openstack-Request-Id"] = []string{id}
		w.Header()["X-Openstack-Request-Id"] = []string{id}
		defer func() {
			switch p := recover(); p {
			case nil:
			case http.ErrAbortHandler:
				panic(p) // the answer has begun and cannot be finished
			default:
				g.Log.Error("panic in a request", "request", id, "method", r.Method, "path", r.URL.Path, "panic", p, "stack", string(debug.Stack()))
				say(w, http.StatusInternalServerError, internal)
			}
		}()
		client := limit.SourceOf(r.RemoteAddr)
		if !g.admit(r, client) {
			say(w, http.StatusTooManyRequests, tooMany)
			return
		}
		defer g.flights.Return(client)
		if m.Public == nil || !m.Public(r) {
			who, refused := g.authenticate(r)
			if refused != nil {
				challenge(w, r, refused)
				keystone(w, refused.status, refused.text)
				return
			}
			if refused = permit(who, r, m); refused != nil {
				say(w, refused.status, refused.text)
				return
			}
			r = r.WithContext(withPrincipal(r.Context(), who))
		}
		next.ServeHTTP(w, r)
	})
}

// admit waits until the request may begin. Two hundred at once are an ordinary script.
func (g *Guard) admit(r *http.Request, client netip.Addr) bool {
	ctx, cancel := context.WithTimeout(r.Context(), cmp.Or(g.Patience, defaultPatience))
	defer cancel()
	return g.flights.Wait(ctx, client)
}
