package api

import (
	"cmp"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gorilla/mux"

	"ironhook/api/rest"
)

// path is every route of one path.
type path struct {
	methods map[string]*route
	// For a path that ends in a word, such as detail: the path that would take the
	// word for an item, and the name of the item there. It gets the methods that the
	// word has not.
	item  *path
	ident string
}

func (*path) ServeHTTP(http.ResponseWriter, *http.Request) {} // the router only finds; dispatch serves

// route builds the router: one entry a path, grouped by first element so that a
// request is held against few patterns, words before variables.
func (a *API) route(all []route) *mux.Router {
	router := mux.NewRouter().SkipClean(true)
	paths := map[string]*path{}
	for i := range all {
		r := &all[i]
		if paths[r.path] == nil {
			paths[r.path] = &path{methods: map[string]*route{}}
		}
		if r.method != "" {
			paths[r.path].methods[r.method] = r
		}
	}
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
	return router
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
func itemOf(paths map[string]*path, collection string) (*path, string) {
	for pattern, p := range paths {
		if ident, ok := strings.CutPrefix(pattern, collection+"/{"); ok && strings.Count(ident, "/") == 0 {
			return p, strings.TrimSuffix(ident, "}")
		}
	}
	return nil, ""
}

// dispatch finds the route, checks its arguments and answers with its handler.
func (a *API) dispatch(w http.ResponseWriter, c *call, segments []string) error {
	if err := identOf(segments); err != nil {
		return err
	}
	found, vars := a.find("/" + strings.Join(segments, "/"))
	if found == nil {
		return lookup404
	}
	r := found.methods[c.r.Method]
	if r == nil && found.item != nil {
		vars[found.ident] = segments[len(segments)-1]
		found = found.item
		r = found.methods[c.r.Method]
	}
	if r == nil {
		w.Header()["Allow"] = []string{strings.Join(slices.Sorted(maps.Keys(found.methods)), ", ")}
		return abort(http.StatusMethodNotAllowed, "")
	}
	if c.minor < r.since && r.gate != nil && !r.late {
		return r.gate
	}
	if err := a.arguments(c, r, vars); err != nil {
		return err
	}
	if c.minor < r.since {
		return cmp.Or(r.gate, notFound())
	}
	body, err := r.handle(c)
	if err != nil {
		return err
	}
	if c.location != "" {
		w.Header()["Location"] = []string{c.location}
	}
	return reply(w, cmp.Or(r.status, http.StatusOK), body)
}

// identOf refuses a node's or portgroup's name that can be none before anything else is looked
// at, as Ironic's router does.
func identOf(segments []string) error {
	if len(segments) < 2 {
		return nil
	}
	if segments[0] == "portgroups" {
		if _, err := parseIdent("portgroup", segments[1]); err != nil {
			return abort(http.StatusBadRequest, err.Error())
		}
	}
	if segments[0] != "nodes" {
		return nil
	}
	if slices.Contains(nodeParts, segments[1]) {
		return lookup404
	}
	if _, err := parseIdent("node", segments[1]); err != nil {
		return abort(http.StatusBadRequest, err.Error())
	}
	return nil
}

// nodeParts are what a node has, and no node itself.
var nodeParts = []string{"ports", "portgroups", "vifs", "volume", "traits", "bios", "allocation", "history", "inventory"}

func (a *API) find(p string) (*path, map[string]string) {
	var match mux.RouteMatch
	if !a.router.Match(&http.Request{Method: http.MethodGet, URL: &url.URL{Path: p}}, &match) || match.Handler == nil {
		return nil, nil
	}
	found, _ := match.Handler.(*path)
	if match.Vars == nil {
		match.Vars = map[string]string{}
	}
	return found, match.Vars
}

// arguments gathers what the route takes from path, query and body.
func (a *API) arguments(c *call, r *route, vars map[string]string) error {
	raw, err := queryValues(c.r.URL.RawQuery)
	if err != nil {
		return err
	}
	if raw == nil {
		raw = make(map[string]any, len(vars)+1)
	}
	if r.body != "" {
		body, err := readBody(c.r, limitOf(r))
		if err != nil {
			return err
		}
		if members, ok := body.(map[string]any); r.body == "*" && ok {
			maps.Copy(raw, members)
		}
		if r.body != "*" {
			raw[r.body] = body
		}
		if body == nil && r.body != "*" {
			return invalid("Schema error for %s: None is not a valid body", r.body)
		}
	}
	for name, v := range vars {
		raw[name] = v
	}
	c.args, err = checkArguments(r.args, raw)
	return err
}

func limitOf(r *route) int64 {
	if strings.HasSuffix(r.path, "/states/provision") {
		return maxProvisionBody
	}
	return rest.MaxBody
}
