// Package door decides which requests pass: [Guard] checks those to an API against the
// accounts, counts them and names their sender.
//
// [New] guards the listener of all APIs and pages against what a browser can be made to do: a page of another origin can send requests to
// this one, with the credentials that the browser has cached, and a page that rebinds its name to our address (DNS rebinding) can read
// the answers as well. Clients that are not browsers send none of the headers that are looked at, and pass.
package door

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Config says which requests a door lets pass.
type Config struct {
	// Local reports whether a request came from where no browser is, as through a
	// socket in the file system; it passes unseen. nil: no request does.
	Local func(*http.Request) bool
	// AnyHost lets requests pass whatever host name they ask for. It is safe where a
	// password is asked for: the browser has none for a foreign name.
	AnyHost bool
	// Hosts are the names of this machine, besides localhost and the address at
	// which a request arrives.
	Hosts []string
}

// New returns next with a door before it. A refusal is a 403, or a 415 for a body that
// a form can send; it says what to do.
func New(c Config, next http.Handler) http.Handler {
	foreign := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case c.Local != nil && c.Local(r):
		case !c.AnyHost && !c.answersTo(r):
			refuse(w, r, http.StatusForbidden, fmt.Sprintf("Ironhook does not answer to the host name %.100q. "+
				"Use its address or the name of its machine, or have its operator name this one (the option host).", hostname(r.Host)))
			return
		case foreign.Check(r) != nil:
			refuse(w, r, http.StatusForbidden, "This request was sent by a page of another origin. "+
				"Use Ironhook's own pages, or a client that is not a browser; a proxy must pass the Host header on.")
			return
		case formBody(r):
			refuse(w, r, http.StatusUnsupportedMediaType,
				"A browser must send a body to an API as application/json, or as the type that the call asks for.")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// FromPage reports whether a script or an element of a page has sent r, or a link in
// one. A challenge (RFC 9110 section 11.6.1) would make the browser ask for a password,
// keep it, and send it with every later request to this origin, whichever page
// makes it.
func FromPage(r *http.Request) bool {
	mode, site := r.Header.Get("Sec-Fetch-Mode"), r.Header.Get("Sec-Fetch-Site")
	return mode != "" && mode != "navigate" || site != "" && site != "none" ||
		r.Header.Get("Origin") != "" || r.Header.Get("Hx-Request") != "" || r.Header.Get("X-Ironhook-Ui") != ""
}

// forms are the media types that a page of any origin may send without asking (Fetch,
// "CORS-safelisted request-header").
var forms = []string{"text/plain", "application/x-www-form-urlencoded", "multipart/form-data"}

// formBody reports whether a browser sends a form to an API. The pages take forms.
func formBody(r *http.Request) bool {
	browser := r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") != ""
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	return browser && !safe(r) && !ofPages(r) && slices.Contains(forms, strings.ToLower(strings.TrimSpace(kind)))
}

func safe(r *http.Request) bool {
	return r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions
}

func ofPages(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/ui/") }

// refuse answers in the form that OpenStack's clients read from middleware, and
// pages in plain text.
func refuse(w http.ResponseWriter, r *http.Request, status int, text string) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	if !ofPages(r) {
		keystone(w, status, text)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text + "\n")) // the client is gone when this fails
}

// keystone answers as the middleware before OpenStack's services does.
func keystone(w http.ResponseWriter, status int, text string) {
	body, _ := json.Marshal(map[string]any{"error": map[string]any{"code": status, "message": text}}) // it cannot fail
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client is gone when this fails
}
