package door

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"ironhook/baremetal"
	"ironhook/internal/limit"
)

// refusal is an answer of the door.
type refusal struct {
	status int
	text   string
	wait   time.Duration // until the client may try again
}

// authenticate returns the sender of the request, or the reason for its refusal.
func (g *Guard) authenticate(r *http.Request) (Who, *refusal) {
	if g.Trusted != nil {
		if who, ok := g.Trusted(r); ok {
			return who, nil
		}
	}
	if g.Users == nil {
		return Who{Role: baremetal.RoleAdmin}, nil
	}
	name, password, refused := credentials(r.Header.Get("Authorization"))
	if refused != nil {
		return Who{}, refused
	}
	role, wait, err := g.Users.check(r.Context(), name, password, limit.SourceOf(r.RemoteAddr))
	switch {
	case err != nil:
		g.Log.Error("read the accounts", "error", err)
		return Who{}, &refusal{http.StatusServiceUnavailable, "The accounts cannot be read; the log has the cause.", time.Second}
	case wait > 0:
		return Who{}, &refusal{http.StatusTooManyRequests, "Too many failed logins from this address; try again later.", wait}
	case role == "":
		return Who{}, &refusal{http.StatusUnauthorized, "Incorrect username or password", 0}
	}
	return Who{name, role}, nil
}

// permit refuses what the role of the sender does not allow.
func permit(who Who, r *http.Request, m Manner) *refusal {
	if who.Role == baremetal.RoleAdmin {
		return nil
	}
	least := baremetal.LeastRole(r.Method)
	if m.Least != nil {
		least = m.Least(r)
	}
	if who.Role.Allows(least) {
		return nil
	}
	return &refusal{http.StatusForbidden, fmt.Sprintf("This needs the role %s, and %s has the role %s.", least, who.User, who.Role), 0}
}

// credentials reads an Authorization header (RFC 7617).
func credentials(header string) (name, password string, refused *refusal) {
	if header == "" {
		return "", "", &refusal{http.StatusUnauthorized, "Authorization required", 0}
	}
	scheme, token, ok := strings.Cut(strings.TrimSpace(header), " ")
	if !ok {
		return "", "", &refusal{http.StatusBadRequest, "Could not parse Authorization header", 0}
	}
	if !strings.EqualFold(scheme, "basic") {
		return "", "", &refusal{http.StatusBadRequest, fmt.Sprintf("Unsupported authorization type %q", scheme), 0}
	}
	pair, err := base64.StdEncoding.DecodeString(strings.TrimSpace(token))
	name, password, found := strings.Cut(string(pair), ":")
	if err != nil || !found || !utf8.ValidString(name) {
		return "", "", &refusal{http.StatusBadRequest, "Could not decode authorization token", 0}
	}
	return name, password, nil
}

// challenge asks a client for a password, unless the request comes from a page: see [FromPage].
func challenge(w http.ResponseWriter, r *http.Request, no *refusal) {
	if no.status == http.StatusUnauthorized && !FromPage(r) {
		w.Header().Set("WWW-Authenticate", `Basic realm="Baremetal API"`)
	}
	if no.wait > 0 {
		w.Header().Set("Retry-After", fmt.Sprint(int(no.wait.Seconds())+1))
	}
}
