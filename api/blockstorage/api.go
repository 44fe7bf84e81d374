package blockstorage

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"strconv"
	"strings"

	"github.com/gorilla/mux"

	"ironhook/api/wire"
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
		return 0, nil, wire.Refuse(http.StatusNotFound, "The resource could not be found.")
	})
	a.router.MethodNotAllowedHandler = a.serve(func(*call) (int, any, error) {
		return 0, nil, wire.Refuse(http.StatusMethodNotAllowed, "The method is not allowed for this resource.")
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
func (c *call) base() string { return wire.Base(c.r) + "/volume/v3/" + c.arg("project") }

func (a *API) serve(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		minor, err := negotiate(r.Header.Get("OpenStack-API-Version"))
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
		wire.Reply(w, status, body)
	})
}

// maxMinor is the newest microversion whose replies are known here.
const maxMinor = 70

// negotiate reads the microversion out of "volume 3.59".
func negotiate(header string) (minor int, err error) {
	for part := range strings.SplitSeq(header, ",") {
		version, ok := strings.CutPrefix(strings.TrimSpace(part), "volume ")
		if !ok {
			continue
		}
		if version == "latest" {
			return maxMinor, nil
		}
		digits, ok := strings.CutPrefix(version, "3.")
		minor, err := strconv.ParseUint(digits, 10, 16)
		if !ok || err != nil {
			return 0, wire.Refuse(http.StatusBadRequest, "API Version String %.32s is of invalid format. Must be of format MajorNum.MinorNum.", version)
		}
		if minor > maxMinor {
			return 0, wire.Refuse(http.StatusNotAcceptable, "Version %s is not supported by the API. Minimum is 3.0 and maximum is 3.%d.", version, maxMinor)
		}
		return int(minor), nil
	}
	return 0, nil
}

// envelopes are what Cinder calls errors, by their status.
var envelopes = map[int]string{
	400: "badRequest", 401: "unauthorized", 403: "forbidden", 404: "itemNotFound", 405: "badMethod", 406: "notAcceptable",
	409: "conflictingRequest", 413: "overLimit", 415: "badMediaType", 429: "overLimit", 501: "notImplemented", 503: "serviceUnavailable",
}

// fail writes an error in Cinder's envelope, and logs those that are ours.
func (a *API) fail(w http.ResponseWriter, r *http.Request, err error) {
	status, text := wire.Status(err)
	switch {
	case errors.Is(err, baremetal.ErrInvalid):
		text = "Invalid input received: " + text
	case errors.Is(err, baremetal.ErrConflict):
		status, text = http.StatusBadRequest, "Invalid volume: "+text // Cinder has no 409 for these
	case status >= 500:
		a.Log.Error("request failed", "method", r.Method, "path", r.URL.Path, "error", err)
	}
	name, ok := envelopes[status]
	if !ok {
		name = "computeFault" // so it is called
	}
	wire.Reply(w, status, map[string]any{name: map[string]any{"code": status, "message": text}})
}

// versions is the version document.
func versions(status int) handler {
	return func(c *call) (int, any, error) {
		return status, map[string]any{"versions": []any{map[string]any{
			"id": "v3.0", "status": "CURRENT", "min_version": "3.0", "version": fmt.Sprintf("3.%d", maxMinor),
			"updated":     "2023-03-22T00:00:00Z",
			"links":       []any{map[string]string{"rel": "self", "href": wire.Base(c.r) + "/volume/v3/"}},
			"media-types": []any{map[string]string{"base": "application/json", "type": "application/vnd.openstack.volume+json;version=3"}},
		}}}, nil
	}
}
