package baremetalapi

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"ironhook/api/door"
	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/conductor"
	"ironhook/fleet"
	"ironhook/internal/limit"
	"ironhook/store"
)

// Config is the configuration of the API. Store and Conductor must be set.
type Config struct {
	Store     *store.Store
	Conductor *conductor.Conductor
	// StorageInterfaces and the like come from the conductor's hardware types.
	Log *slog.Logger
}

// API is the handler of the Bare Metal API. It is safe for concurrent use, and leaves
// authentication to a guard: see [API.Manner].
type API struct {
	store     *store.Store
	conductor *conductor.Conductor
	fleet     *fleet.Fleet
	nodes     table[node]
	log       *slog.Logger
	router    *rest.Router[*call]
	openapi   []byte
	reports   *limit.Places[netip.Addr] // of ramdisks
	started   time.Time
}

// New makes the handler.
func New(c Config) *API {
	a := &API{store: c.Store, conductor: c.Conductor, fleet: fleet.New(c.Store, c.Conductor), nodes: nodeTable(c.Conductor),
		log: c.Log, reports: newReports(), started: time.Now()}
	all := routes()
	a.router = rest.NewRouter(all, func(c *rest.Call) *call { return &call{c, a} })
	a.openapi = rest.Encode(a.document(all))
	return a
}

// Manner is how a guard treats requests to this API.
func (a *API) Manner() door.Manner {
	return door.Manner{Public: isPublic, Least: a.least, Refuse: func(w http.ResponseWriter, status int, text string) {
		rest.ReplyRaw(w, status, envelope(&rest.Refusal{Status: status, Text: text}))
	}}
}

// least is the least role for a request. A path that ends in .json is judged with and without
// that, for which it is depends on the microversion.
func (a *API) least(r *http.Request) baremetal.Role {
	short, _ := rest.Segments(r.URL.Path)
	role := a.router.Least(r.Method, short)
	if whole := a.router.Least(r.Method, rest.Elements(r.URL.Path)); whole.Allows(role) {
		return whole
	}
	return role
}

// public are the paths below /v1 that need no account: discovery, and those that a ramdisk on
// a machine calls before it can know a secret.
var public = regexp.MustCompile(`^(|lookup|continue_inspection|heartbeat/[a-z0-9-]+)$`)

func isPublic(r *http.Request) bool {
	if r.URL.Path == "/healthz" {
		return true
	}
	segments, _ := rest.Segments(r.URL.Path)
	return public.MatchString(strings.Join(segments, "/"))
}

// ServeHTTP answers one request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := a.serve(w, r); err != nil {
		a.fail(w, r, err)
	}
}

func (a *API) serve(w http.ResponseWriter, r *http.Request) error {
	switch r.URL.Path {
	case "", "/":
		return a.root(w, r)
	case "/healthz":
		return a.healthy(w, r)
	}
	segments, suffix := rest.Segments(r.URL.Path)
	if r.Method == http.MethodOptions {
		rest.ReplyRaw(w, http.StatusOK, nil) // nothing is allowed across origins, and Ironic says so with 200
		return nil
	}
	minor, err := negotiate(r.Header, w.Header())
	if err != nil {
		return a.router.Find(segments, err)
	}
	if suffix && minor >= 91 && !slices.Equal(segments, []string{"openapi"}) { // .json means nothing any more
		segments, suffix = rest.Elements(r.URL.Path), false
	}
	atIndex := len(segments) == 0
	c := &rest.Call{Request: r, Minor: minor, Suffix: suffix, Base: rest.Base(r)}
	if atIndex {
		return index(w, c)
	}
	if err := acceptsJSON(r); err != nil {
		return err
	}
	if err := identOf(segments); err != nil {
		return err
	}
	if slices.Equal(segments, []string{"continue_inspection"}) {
		long, done, err := a.admit(w, r)
		if err != nil {
			return err
		}
		defer done()
		c.Request = long
	}
	return a.router.Serve(w, c, segments)
}

// fail writes an error and logs it if it is a failure of ours.
func (a *API) fail(w http.ResponseWriter, r *http.Request, err error) {
	refusal := refusalOf(err)
	rest.Note(a.log, w, r, refusal.Status, err)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(refusal.Status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(envelope(refusal)) // the client is gone when this fails
	}
}

// acceptsJSON refuses clients that cannot read JSON, in the words of webob.
func acceptsJSON(r *http.Request) error {
	accept := r.Header.Get("Accept")
	if accept == "" {
		return nil
	}
	for part := range strings.SplitSeq(accept, ",") {
		kind, _, _ := strings.Cut(part, ";")
		switch strings.ToLower(strings.TrimSpace(kind)) {
		case "*/*", "application/*", "application/json":
			return nil
		}
	}
	return &rest.Refusal{Status: http.StatusNotAcceptable, Form: rest.Verbatim, Text: fmt.Sprintf(
		"406 Not Acceptable\n\nThe resource could not be generated that was acceptable to your browser (content of type %s. \n\n ", accept)}
}
