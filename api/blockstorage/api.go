package blockstorage

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"

	"github.com/gorilla/mux"

	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/storage/pool"
	"ironhook/store"
	"ironhook/volume"
)

// Config is what the API works with; all of it must be set.
type Config struct {
	Store   *store.Store
	Pool    *pool.Pool
	Volumes *volume.Dir
	// Portal is the address at which whoever sent a request reaches the iSCSI target.
	Portal func(*http.Request) (netip.AddrPort, error)
	Host   string // name of this machine
	Log    *slog.Logger
}

// API is the handler of everything below /volume. It is safe for concurrent use, and
// leaves authentication to whoever calls it.
type API struct {
	Config
	router *mux.Router
}

// New makes the handler.
func New(c Config) *API {
	a := &API{Config: c, router: mux.NewRouter().UseEncodedPath()}
	for _, path := range []string{"/volume", "/volume/"} {
		a.router.Handle(path, a.serve(versions(http.StatusMultipleChoices))).Methods("GET")
	}
	for _, path := range []string{"/volume/v3", "/volume/v3/"} {
		a.router.Handle(path, a.serve(versions(http.StatusOK))).Methods("GET")
	}
	for _, r := range routes {
		a.router.Handle("/volume/v3/{project}"+r.path, a.serve(r.handle)).Methods(r.method)
	}
	a.router.NotFoundHandler = a.serve(func(*call) (int, any, error) {
		return 0, nil, rest.Refuse(http.StatusNotFound, "The resource could not be found.")
	})
	a.router.MethodNotAllowedHandler = a.serve(func(*call) (int, any, error) {
		return 0, nil, rest.Refuse(http.StatusMethodNotAllowed, "The method is not allowed for this resource.")
	})
	return a
}

// ServeHTTP answers one request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.router.ServeHTTP(w, r) }

// call is one request.
type call struct {
	*API
	r     *http.Request
	minor int // of the microversion
}

// handler returns what the answer shall be; a nil body is none.
type handler func(*call) (status int, body any, err error)

func (c *call) arg(name string) string { return mux.Vars(c.r)[name] }

// base is what the links of a reply begin with.
func (c *call) base() string { return rest.Base(c.r) + "/volume/v3/" + c.arg("project") }

func (a *API) serve(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		minor, err := microversions.Negotiate(r.Header)
		w.Header().Set("Vary", "OpenStack-API-Version")
		var status int
		var body any
		if err == nil {
			w.Header().Set("OpenStack-API-Version", fmt.Sprintf("volume 3.%d", minor))
			status, body, err = h(&call{API: a, r: r, minor: minor})
		}
		if err != nil {
			a.fail(w, r, err)
			return
		}
		rest.Reply(w, status, body)
	})
}

// maxMinor is the newest microversion whose replies are known here.
const maxMinor = 70

// microversions is the negotiation in Cinder's words.
var microversions = rest.Versions{
	Service: "volume", Major: 3, Max: maxMinor,
	Malformed: func(asked string) error {
		return rest.Refuse(http.StatusBadRequest, "API Version String %.32s is of invalid format. Must be of format MajorNum.MinorNum.", asked)
	},
	Unsupported: func(major, minor int) error {
		return rest.Refuse(http.StatusNotAcceptable, "Version %d.%d is not supported by the API. Minimum is 3.0 and maximum is 3.%d.", major, minor, maxMinor)
	},
}

// envelopes are what Cinder calls errors, by their status.
var envelopes = map[int]string{
	400: "badRequest", 401: "unauthorized", 403: "forbidden", 404: "itemNotFound", 405: "badMethod", 406: "notAcceptable",
	409: "conflictingRequest", 413: "overLimit", 415: "badMediaType", 429: "overLimit", 501: "notImplemented", 503: "serviceUnavailable",
}

// fail writes an error in Cinder's envelope, and logs those that are ours.
func (a *API) fail(w http.ResponseWriter, r *http.Request, err error) {
	status, text := rest.Status(err)
	switch {
	case errors.Is(err, baremetal.ErrInvalid):
		text = "Invalid input received: " + text
	case errors.Is(err, baremetal.ErrConflict):
		status, text = http.StatusBadRequest, "Invalid volume: "+text // Cinder has no 409 for these
	case status >= 500:
		rest.Log(a.Log, w, r, err)
	}
	name, ok := envelopes[status]
	if !ok {
		name = "computeFault" // so it is called
	}
	rest.Reply(w, status, map[string]any{name: map[string]any{"code": status, "message": text}})
}

// versions is the version document.
func versions(status int) handler {
	return func(c *call) (int, any, error) {
		return status, map[string]any{"versions": []any{map[string]any{
			"id": "v3.0", "status": "CURRENT", "min_version": "3.0", "version": fmt.Sprintf("3.%d", maxMinor),
			"updated":     "2023-03-22T00:00:00Z",
			"links":       []any{map[string]string{"rel": "self", "href": rest.Base(c.r) + "/volume/v3/"}},
			"media-types": []any{map[string]string{"base": "application/json", "type": "application/vnd.openstack.volume+json;version=3"}},
		}}}, nil
	}
}
