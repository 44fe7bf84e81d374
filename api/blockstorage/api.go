package blockstorage

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"

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
	// Portal is the address at which the sender of a request reaches the iSCSI target.
	Portal func(*http.Request) (netip.AddrPort, error)
	Host   string // name of this machine
	Log    *slog.Logger
}

// API is the handler of everything below /volume. It is safe for concurrent use, and
// leaves authentication to its caller.
type API struct {
	Config
	router *mux.Router
}

// New makes the handler. Each path is there twice, with a project and without one.
func New(c Config) *API {
	a := &API{Config: c, router: mux.NewRouter().UseEncodedPath()}
	for path, status := range map[string]int{"/volume": 300, "/volume/": 300, "/volume/v3": 200, "/volume/v3/": 200} {
		a.router.Handle(path, a.serve(0, versions(status))).Methods("GET")
	}
	for _, prefix := range []string{"/volume/v3", "/volume/v3/{project}"} {
		for _, r := range routes {
			a.router.Handle(prefix+r.path, a.serve(r.since, r.handle)).Methods(r.method)
		}
	}
	a.router.NotFoundHandler = a.serve(0, func(*call) (int, any, error) { return 0, nil, errNoSuchPath })
	a.router.MethodNotAllowedHandler = a.serve(0, func(*call) (int, any, error) {
		return 0, nil, rest.Refuse(http.StatusMethodNotAllowed, "The method is not allowed for this resource.")
	})
	return a
}

// errNoSuchPath is the answer to a path that there is not, or not at that microversion.
var errNoSuchPath = rest.Refuse(http.StatusNotFound, "The resource could not be found.")

// ServeHTTP answers one request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.router.ServeHTTP(w, r) }

// Least is the least role for a request. Each action has its own, of which the body decides.
func (a *API) Least(r *http.Request) baremetal.Role {
	var m mux.RouteMatch
	if a.router.Match(r, &m) && m.Route != nil {
		if path, err := m.Route.GetPathTemplate(); err == nil && strings.HasSuffix(path, "/action") {
			return baremetal.RoleViewer
		}
	}
	return baremetal.LeastRole(r.Method)
}

// call is one request.
type call struct {
	*API
	r     *http.Request
	minor int // of the microversion
}

// handler returns what the answer shall be; a nil body is none.
type handler func(*call) (status int, body any, err error)

func (c *call) arg(name string) string { return mux.Vars(c.r)[name] }

// link is the URL of a path below the version, with the project where the request has
// one: a client finds what it asks for under the address that it asks at.
func (c *call) link(version, path string) string {
	if p := c.arg("project"); p != "" {
		path = p + "/" + path
	}
	return rest.Base(c.r) + "/volume/" + version + path
}

// There are no projects and no users here. What a client calls its own is what it says in
// the path, or in the token of Cinder without Keystone, USER:PROJECT; it is shown, and
// what there is belongs to all.
const (
	anyUser    = "admin"
	anyProject = "standalone"
)

func (c *call) project() string { return cmp.Or(c.arg("project"), c.tokenProject(), anyProject) }

func (c *call) tokenProject() string {
	_, project, _ := strings.Cut(c.r.Header.Get("X-Auth-Token"), ":")
	return project
}

// oneProject refuses a request whose path and token name different projects.
func (c *call) oneProject() error {
	if inPath, inToken := c.arg("project"), c.tokenProject(); inPath != "" && inToken != "" && inPath != inToken {
		return rest.Refuse(http.StatusBadRequest, "Malformed request url: its project %.64q is not that of the token.", inPath)
	}
	return nil
}

// serve answers requests with h, which is there since a microversion.
func (a *API) serve(since int, h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		minor, err := negotiate(r.Header)
		w.Header().Set("Vary", "OpenStack-API-Version")
		if err != nil {
			a.fail(w, r, err)
			return
		}
		w.Header().Set("OpenStack-API-Version", fmt.Sprintf("volume 3.%d", minor))
		if minor < since {
			a.fail(w, r, errNoSuchPath)
			return
		}
		c := &call{API: a, r: r, minor: minor}
		if err := c.oneProject(); err != nil {
			a.fail(w, r, err)
			return
		}
		status, body, err := h(c)
		if err != nil {
			a.fail(w, r, err)
			return
		}
		rest.Reply(w, status, body)
	})
}

// maxMinor is the newest microversion whose replies are known here.
const maxMinor = 71

// negotiate reads the microversion. As in Cinder a header that names other services
// only, or no service, is a mistake.
func negotiate(h http.Header) (int, error) {
	asked := strings.Join(h[rest.CommonHeader], ",")
	named := false
	for part := range strings.SplitSeq(asked, ",") {
		service, _, _ := strings.Cut(strings.TrimSpace(part), " ")
		named = named || strings.EqualFold(service, microversions.Service)
	}
	if asked != "" && !named {
		return 0, rest.Refuse(http.StatusBadRequest,
			"OpenStack-API-Version %.64q names no version of the service volume, such as \"volume 3.%d\".", asked, maxMinor)
	}
	return microversions.Negotiate(h)
}

// microversions is the negotiation in Cinder's words.
var microversions = rest.Versions{
	Service: "volume", Major: 3, Max: maxMinor,
	Malformed: func(asked string) error {
		return rest.Refuse(http.StatusBadRequest, "API Version String %.32s is of invalid format. Must be of format MajorNum.MinorNum.", asked)
	},
	Unsupported: func(major, minor int) error {
		return rest.Refuse(http.StatusNotAcceptable, "Version %d.%d is not supported by the API. Minimum is 3.0 and maximum is 3.%d.", major,
			minor, maxMinor)
	},
}

// envelopes are Cinder's names of errors, by their status; any other is computeFault.
var envelopes = map[int]string{
	400: "badRequest", 401: "unauthorized", 403: "forbidden", 404: "itemNotFound", 405: "badMethod",
	409: "conflictingRequest", 413: "overLimit", 415: "badMediaType", 501: "notImplemented", 503: "serviceUnavailable",
}

// fail writes an error in Cinder's envelope, and logs those that are ours.
func (a *API) fail(w http.ResponseWriter, r *http.Request, err error) {
	status, text := rest.Status(err)
	switch {
	case errors.Is(err, baremetal.ErrInvalid):
		text = "Invalid input received: " + text
	case errors.Is(err, baremetal.ErrConflict):
		status, text = http.StatusBadRequest, "Invalid volume: "+text // Cinder has no 409 for these
	}
	rest.Note(a.Log, w, r, status, err)
	name, ok := envelopes[status]
	if !ok {
		name = "computeFault"
	}
	fault := map[string]any{"code": status, "message": text}
	if status == http.StatusRequestEntityTooLarge {
		fault["retryAfter"] = "0"
		w.Header().Set("Retry-After", "0")
	}
	rest.Reply(w, status, map[string]any{name: fault})
}

// versions is the version document.
func versions(status int) handler {
	return func(c *call) (int, any, error) {
		return status, map[string]any{"versions": []any{map[string]any{
			"id": "v3.0", "status": "CURRENT", "min_version": "3.0", "version": fmt.Sprintf("3.%d", maxMinor),
			"updated": "2023-08-31T00:00:00Z",
			"links": []any{
				map[string]string{"rel": "describedby", "type": "text/html", "href": "https://docs.openstack.org/"},
				map[string]string{"rel": "self", "href": rest.Base(c.r) + "/volume/v3/"},
			},
			"media-types": []any{map[string]string{"base": "application/json", "type": "application/vnd.openstack.volume+json;version=3"}},
		}}}, nil
	}
}

// missing is the refusal of a key that there is not.
func (m metadata) missing(c *call) error {
	return baremetal.Errorf(baremetal.ErrNotFound, "%s %s has no metadata with key %.64s.", m.noun, c.arg("id"), c.arg("key"))
}

func (c *call) poolName() string { return c.serviceHost() + "#" + backend }

func (c *call) serviceHost() string { return c.Host + "@" + backend }
