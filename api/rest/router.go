package rest

import (
	"cmp"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gorilla/mux"

	"ironhook/baremetal"
)

// Router finds the route of a request and serves it. It is safe for concurrent use.
type Router[C any] struct {
	mux  *mux.Router
	call func(*Call) C
}

// path is every route of one path.
type path[C any] struct {
	methods map[string]*Route[C]
	// For a path that ends in a word, such as detail: the path that would take the
	// word for an item, and the name of the item there. It gets the methods that the
	// word has not.
	item  *path[C]
	ident string
}

func (*path[C]) ServeHTTP(http.ResponseWriter, *http.Request) {} // the mux only finds; Serve serves

// NewRouter makes the router of a table of routes; call makes the argument of their handlers.
// There is one entry a path, grouped by first element so that a request is held against few
// patterns, words before variables.
func NewRouter[C any](routes []Route[C], call func(*Call) C) *Router[C] {
	router := mux.NewRouter().SkipClean(true)
	paths := pathsOf(routes)
	groups := map[string]*mux.Router{}
	for _, pattern := range slices.SortedFunc(maps.Keys(paths), wordsFirst) {
		first, _, _ := strings.Cut(pattern[1:], "/")
		if groups[first] == nil {
			groups[first] = router.PathPrefix("/" + first).Subrouter()
		}
		groups[first].Handle(strings.TrimPrefix(pattern, "/"+first), paths[pattern])
		if parent, found := strings.CutSuffix(pattern, "/detail"); found {
			paths[pattern].item, paths[pattern].ident = itemOf(paths, parent)
		}
	}
	return &Router[C]{router, call}
}

func pathsOf[C any](routes []Route[C]) map[string]*path[C] {
	paths := map[string]*path[C]{}
	for i := range routes {
		r := &routes[i]
		if paths[r.Path] == nil {
			paths[r.Path] = &path[C]{methods: map[string]*Route[C]{}}
		}
		if r.Method != "" {
			paths[r.Path].methods[r.Method] = r
		}
	}
	return paths
}

// wordsFirst orders patterns: short ones first, and among the equally long those
// with fewer variables.
func wordsFirst(a, b string) int {
	return cmp.Or(
		strings.Count(a, "/")-strings.Count(b, "/"),
		strings.Count(a, "{")-strings.Count(b, "{"),
		strings.Compare(a, b))
}

// itemOf finds the path of an item of the collection, and the item's name in it.
func itemOf[C any](paths map[string]*path[C], collection string) (*path[C], string) {
	for pattern, p := range paths {
		if ident, ok := strings.CutPrefix(pattern, collection+"/{"); ok && strings.Count(ident, "/") == 0 {
			return p, strings.TrimSuffix(ident, "}")
		}
	}
	return nil, ""
}

// Serve finds the route of the path with these segments, checks the arguments and answers
// with the route's handler. If it returns an error, it has written nothing except the header Allow.
func (r *Router[C]) Serve(w http.ResponseWriter, c *Call, segments []string) error {
	route, vars, err := r.match(w.Header(), c.Request.Method, segments)
	if err != nil {
		return err
	}
	if c.Minor < route.Since && route.Gate != nil && !route.Late {
		return route.Gate
	}
	if c.Args, err = arguments(c.Request, route, vars); err != nil {
		return err
	}
	if c.Minor < route.Since {
		return cmp.Or(route.Gate, Refuse(http.StatusNotFound, "Resource could not be found."))
	}
	body, err := route.Handle(r.call(c))
	if err != nil {
		return err
	}
	if c.location != "" {
		w.Header()["Location"] = []string{c.location}
	}
	ReplyRaw(w, cmp.Or(route.Status, http.StatusOK), body)
	return nil
}

// match finds the route, and the values of the variables in its path. Without one it sets
// the header Allow.
func (r *Router[C]) match(h http.Header, method string, segments []string) (*Route[C], map[string]string, error) {
	found, vars := r.find("/" + strings.Join(segments, "/"))
	if found == nil {
		return nil, nil, ErrNoRoute
	}
	if route := found.methods[method]; route != nil {
		return route, vars, nil
	}
	if found.item != nil {
		vars[found.ident] = segments[len(segments)-1]
		found = found.item
		if route := found.methods[method]; route != nil {
			return route, vars, nil
		}
	}
	h["Allow"] = []string{strings.Join(slices.Sorted(maps.Keys(found.methods)), ", ")}
	return nil, nil, Abort(http.StatusMethodNotAllowed, "")
}

// Least is the least role for a request.
func (r *Router[C]) Least(method string, segments []string) baremetal.Role {
	route, _, err := r.match(http.Header{}, method, segments)
	if err != nil {
		return baremetal.LeastRole(method)
	}
	return cmp.Or(route.Least, baremetal.LeastRole(method))
}

// Find returns err, or that there is no route where the segments lead nowhere.
func (r *Router[C]) Find(segments []string, err error) error {
	if found, _ := r.find("/" + strings.Join(segments, "/")); found == nil && len(segments) > 0 {
		return ErrNoRoute
	}
	return err
}

func (r *Router[C]) find(p string) (*path[C], map[string]string) {
	var match mux.RouteMatch
	if !r.mux.Match(&http.Request{Method: http.MethodGet, URL: &url.URL{Path: p}}, &match) || match.Handler == nil {
		return nil, nil
	}
	found, _ := match.Handler.(*path[C])
	if match.Vars == nil {
		match.Vars = map[string]string{}
	}
	return found, match.Vars
}

// arguments collects the route's arguments from path, query and body, and checks them.
func arguments[C any](r *http.Request, route *Route[C], vars map[string]string) (Args, error) {
	raw, err := queryValues(r.URL.RawQuery)
	if err != nil {
		return nil, err
	}
	if raw == nil {
		raw = make(map[string]any, len(vars)+1)
	}
	if route.Body != "" {
		body, err := readArguments(r, cmp.Or(route.MaxBody, MaxBody))
		if err != nil {
			return nil, err
		}
		if members, ok := body.(map[string]any); route.Body == Members && ok {
			maps.Copy(raw, members)
		}
		if route.Body != Members {
			raw[route.Body] = body
		}
		switch {
		case body != nil || route.Body == Members:
		case route.Body == Whole:
			raw[Whole] = map[string]any{}
		default:
			return nil, Invalid("Schema error: None is not of type '%s'", kindOfBody(route.Body))
		}
	}
	for name, v := range vars {
		raw[name] = v
	}
	return checkArguments(route.Args, raw)
}

// kindOfBody is the JSON type of the bodies that the argument takes.
func kindOfBody(argument string) string {
	if argument == "patch" {
		return "array"
	}
	return "object"
}

// readArguments reads and decodes a body of at most limit bytes; an empty one is an empty
// object.
func readArguments(r *http.Request, limit int64) (any, error) {
	if r.Body == nil || r.ContentLength == 0 {
		return map[string]any{}, nil
	}
	raw, err := ReadBody(r, limit)
	if err != nil {
		return nil, err
	}
	if len(raw) == 0 {
		return map[string]any{}, nil
	}
	return Decode(raw)
}
