package api

import (
	"cmp"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"ironhook/conductor"
	"ironhook/fleet"
	"ironhook/store"

	"github.com/google/uuid"
	"github.com/gorilla/mux"
)

// Config is what the API works with. Store and Conductor must be set.
type Config struct {
	Store     *store.Store
	Conductor *conductor.Conductor
	Auth      Auth   // zero lets everybody in
	PublicURL string // scheme and host for links, where a proxy hides them; "" takes the request's
	// StorageInterfaces and the like come from the conductor's hardware types.
	InFlight int // requests at once per client address; 0 is 64
	Log      *slog.Logger
}

// API is the handler of the whole HTTP API. It is safe for concurrent use.
type API struct {
	store     *store.Store
	conductor *conductor.Conductor
	fleet     *fleet.Fleet
	auth      Auth
	publicURL string
	log       *slog.Logger
	flights   flights
	router    *mux.Router
	openapi   []byte
	started   time.Time
}

// New makes the handler.
func New(c Config) *API {
	a := &API{store: c.Store, conductor: c.Conductor, fleet: fleet.New(c.Store, c.Conductor), auth: c.Auth, publicURL: strings.TrimSuffix(c.PublicURL, "/"),
		log: c.Log, flights: newFlights(cmp.Or(c.InFlight, 64)), started: time.Now()}
	all := routes()
	a.router, a.openapi = a.route(all), encode(openAPI(all))
	return a
}

// ServeHTTP answers one request. A panic is the API's fault, not the process's
// end: the client gets a 500 and the log the stack, under the same request id.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := "req-" + uuid.NewString()
	w.Header()["Openstack-Request-Id"] = []string{id}
	w.Header()["X-Openstack-Request-Id"] = []string{id}
	defer func() {
		if p := recover(); p != nil {
			a.log.Error("panic in a request", "request", id, "method", r.Method, "path", r.URL.Path, "panic", p, "stack", string(debug.Stack()))
			a.fail(w, r, id, fmt.Errorf("panic: %v", p))
		}
	}()
	leave, ok := a.flights.enter(r)
	if !ok {
		a.fail(w, r, id, faultf(http.StatusTooManyRequests, "Too many requests of this client are in flight."))
		return
	}
	defer leave()
	if err := a.serve(w, r); err != nil {
		a.fail(w, r, id, err)
	}
}

func (a *API) serve(w http.ResponseWriter, r *http.Request) error {
	switch r.URL.Path {
	case "", "/":
		return a.root(w, r)
	case "/healthz":
		return a.healthy(w, r)
	}
	segments, suffix := segments(r.URL.Path)
	if err := a.authenticate(w, r, segments); err != nil {
		return err
	}
	if len(segments) > 0 && segments[0] == "ironhook" {
		return a.own(w, r, segments[1:])
	}
	if r.Method == http.MethodOptions {
		return reply(w, http.StatusOK, nil) // nothing is allowed across origins, and Ironic says so with 200
	}
	index := len(segments) == 0
	minor, err := negotiate(r.Header, w.Header())
	if err != nil {
		return indexFault(err, index)
	}
	c := &call{API: a, ctx: r.Context(), r: r, minor: minor, suffix: suffix, base: a.baseURL(r)}
	if index {
		return c.index(w)
	}
	if err := acceptsJSON(r); err != nil {
		return err
	}
	return a.dispatch(w, c, segments)
}

// segments splits a path behind /v1, which may be missing as in Ironic, without
// empty elements at either end and without a suffix .json.
func segments(path string) (list []string, suffix bool) {
	path = strings.Trim(path, "/")
	path, suffix = strings.CutSuffix(path, ".json")
	if path == "v1" {
		return nil, suffix
	}
	return strings.Split(strings.TrimPrefix(path, "v1/"), "/"), suffix
}

// reply writes the body of a success.
func reply(w http.ResponseWriter, status int, body []byte) error {
	if len(body) > 0 {
		w.Header()["Content-Type"] = jsonType
		w.Header()["Content-Length"] = []string{strconv.Itoa(len(body))}
	}
	w.WriteHeader(status)
	if len(body) > 0 {
		// The client is gone when this fails; there is nobody to tell.
		_, _ = w.Write(body)
	}
	return nil
}

var jsonType = []string{"application/json"}

// fail writes an error and logs those that are ours.
func (a *API) fail(w http.ResponseWriter, r *http.Request, id string, err error) {
	f := asFault(err)
	if f.status >= 500 {
		a.log.Error("request failed", "request", id, "method", r.Method, "path", r.URL.Path, "error", err)
	}
	body := f.body()
	if f.auth {
		body = f.authBody()
	}
	w.Header()["Content-Type"] = jsonType
	w.WriteHeader(f.status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
}

// baseURL is where the client thinks we are.
func (a *API) baseURL(r *http.Request) string {
	if a.publicURL != "" {
		return a.publicURL
	}
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
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
	return &fault{status: http.StatusNotAcceptable, plain: true, text: fmt.Sprintf(
		"406 Not Acceptable\n\nThe resource could not be generated that was acceptable to your browser (content of type %s. \n\n ", accept)}
}
