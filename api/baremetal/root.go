package baremetalapi

import (
	"errors"
	"net/http"
	"strings"

	"ironhook/api/rest"
	"ironhook/store"
)

// root is GET /: the discovery document, or for a browser the pages.
func (a *API) root(w http.ResponseWriter, r *http.Request) error {
	var refusal *rest.Refusal
	if _, err := negotiate(r.Header, w.Header()); errors.As(err, &refusal) {
		return rest.Refuse(refusal.Status, "%s", refusal.Text)
	}
	if r.URL.RawQuery != "" {
		return rest.Invalid("Unexpected arguments: %s", rest.QuoteAs("", r.URL.RawQuery))
	}
	if prefersHTML(r) && r.Method == http.MethodGet {
		http.Redirect(w, r, "/ui/", http.StatusFound)
		return nil
	}
	base := rest.Base(r)
	b := append([]byte(nil), `{"name":"OpenStack Ironic API","description":"Ironic is an OpenStack project which enables the provision and `+
		`management of baremetal machines.","default_version":`...)
	b = appendVersion(b, base)
	b = append(b, `,"versions":[`...)
	b = append(appendVersion(b, base), ']', '}')
	rest.ReplyRaw(w, http.StatusOK, b)
	return nil
}

// prefersHTML recognizes a browser, which asks for text/html before anything else.
func prefersHTML(r *http.Request) bool {
	first, _, _ := strings.Cut(r.Header.Get("Accept"), ",")
	kind, _, _ := strings.Cut(first, ";")
	return strings.TrimSpace(kind) == "text/html"
}

// appendVersion describes v1 and the range of its microversions.
func appendVersion(b []byte, base string) []byte {
	b = append(b, `{"id":"v1","links":[{"href":`...)
	b = rest.AppendString(b, base+"/v1/")
	b = append(b, `,"rel":"self"}],"status":"CURRENT","min_version":`...)
	b = rest.AppendString(b, versions.Text(minMinor))
	b = append(b, `,"version":`...)
	b = rest.AppendString(b, versions.Text(maxMinor))
	return append(b, '}')
}

// indexEntries are the collections that GET /v1 points to.
var indexEntries = []struct {
	name  string
	since int
}{
	{"chassis", 1}, {"nodes", 1}, {"ports", 1}, {"drivers", 1}, {"version", 1},
	{"portgroups", 23}, {"volume", 32}, {"lookup", 22}, {"heartbeat", 22}, {"conductors", 49},
	{"allocations", 52}, {"events", 54}, {"deploy_templates", 55}, {"shards", 82},
	{"continue_inspection", 84}, {"runbooks", 92}, {"inspection_rules", 96},
}

// index is GET /v1.
func index(w http.ResponseWriter, c *rest.Call) error {
	if c.Request.Method != http.MethodGet && c.Request.Method != http.MethodHead {
		return rest.Refuse(http.StatusMethodNotAllowed,
			"The server could not comply with the request since it is either malformed or otherwise incorrect.")
	}
	if c.Request.URL.RawQuery != "" {
		return rest.Invalid("Unexpected arguments: %s", rest.QuoteAs("", c.Request.URL.RawQuery))
	}
	b := append([]byte(nil), `{"id":"v1","links":[{"href":`...)
	b = rest.AppendString(b, c.Base+"/v1/")
	b = append(b, `,"rel":"self"},{"href":"https://docs.openstack.org//ironic/latest/contributor//webapi.html","rel":"describedby",`+
		`"type":"text/html"}],`...)
	b = append(b, `"media_types":{"base":"application/json","type":"application/vnd.openstack.ironic.v1+json"}`...)
	for _, e := range indexEntries {
		switch {
		case e.name == "version":
			b = appendVersion(rest.AppendKey(b, e.name), c.Base)
		case e.since <= c.Minor:
			b = rest.AppendLinks(rest.AppendKey(b, e.name), c.Base, e.name, "/")
		}
	}
	rest.ReplyRaw(w, http.StatusOK, append(b, '}'))
	return nil
}

// healthy is GET /healthz: 200 while the process answers and the store can be read.
// Whether it can do its work is another question, which GET /readyz answers.
func (a *API) healthy(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		return rest.Abort(http.StatusMethodNotAllowed, "")
	}
	err := a.store.View(r.Context(), func(tx *store.Tx) error {
		_, err := tx.Nodes().List(store.Query{Limit: 1})
		return err
	})
	if err != nil {
		a.log.Error("health check", "error", err)
		return rest.Refuse(http.StatusServiceUnavailable, "The database cannot be read; the log has the cause.")
	}
	rest.ReplyRaw(w, http.StatusOK, []byte(`{"status":"alive"}`))
	return nil
}
