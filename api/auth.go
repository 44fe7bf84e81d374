package api

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"unicode/utf8"

	"ironhook/api/door"
)

// Auth decides whose requests are served. Like Ironic without Keystone it knows
// no roles: whoever may call may do everything.
type Auth struct {
	// Users are the accounts of HTTP basic authentication; nil is Ironic's "none",
	// which lets everybody in.
	Users *Users
	// Trusted lets in a request that carries another proof, such as a session
	// cookie of the pages; it must itself guard against forged requests.
	Trusted func(*http.Request) bool
}

// public are the paths that need no authentication: discovery, and what a ramdisk
// on a machine calls before it can know a secret.
var public = regexp.MustCompile(`^(|lookup|heartbeat/[a-z0-9-]+)$`)

// authenticate returns nil when the request may go on.
func (a *API) authenticate(w http.ResponseWriter, r *http.Request, segments []string) error {
	switch {
	case a.auth.Users == nil, public.MatchString(strings.Join(segments, "/")):
		return nil
	case a.auth.Trusted != nil && a.auth.Trusted(r):
		return nil
	}
	name, password, err := credentials(r.Header.Get("Authorization"))
	if err != nil {
		return challenge(w, r, err)
	}
	ok, wait := a.auth.Users.check(name, password, clientAddress(r))
	if wait > 0 {
		w.Header().Set("Retry-After", fmt.Sprint(int(wait.Seconds())+1))
		return authFault(http.StatusTooManyRequests, "Too many failed logins from this address; try again later.")
	}
	if !ok {
		return challenge(w, r, authFault(http.StatusUnauthorized, "Incorrect username or password"))
	}
	return nil
}

// authFault is an error of authentication, which has a shape of its own.
func authFault(status int, text string) error { return &fault{status: status, text: text, auth: true} }

// challenge asks a client for a password, but for a page: see [door.FromPage].
func challenge(w http.ResponseWriter, r *http.Request, err error) error {
	if asFault(err).status == http.StatusUnauthorized && !door.FromPage(r) {
		w.Header().Set("WWW-Authenticate", `Basic realm="Baremetal API"`)
	}
	return err
}

func (f *fault) authBody() []byte {
	return encode(map[string]any{"error": map[string]any{"message": f.text, "code": f.status}})
}

// credentials reads an Authorization header (RFC 7617).
func credentials(header string) (name, password string, err error) {
	if header == "" {
		return "", "", authFault(http.StatusUnauthorized, "Authorization required")
	}
	scheme, token, ok := strings.Cut(strings.TrimSpace(header), " ")
	if !ok {
		return "", "", authFault(http.StatusBadRequest, "Could not parse Authorization header")
	}
	if !strings.EqualFold(scheme, "basic") {
		return "", "", authFault(http.StatusBadRequest, fmt.Sprintf("Unsupported authorization type %q", scheme))
	}
	pair, err := base64.StdEncoding.DecodeString(strings.TrimSpace(token))
	name, password, found := strings.Cut(string(pair), ":")
	if err != nil || !found || !utf8.ValidString(name) {
		return "", "", authFault(http.StatusBadRequest, "Could not decode authorization token")
	}
	return name, password, nil
}
