package image

import (
	"fmt"
	"html"
	"log/slog"
	"net/http"
	"strings"

	"github.com/gorilla/mux"

	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/storage/pool"
	"ironhook/store"
)

// Config is what the API works with; Store, Pool and Log must be set.
type Config struct {
	Store   *store.Store
	Pool    *pool.Pool
	MaxSize int64 // bytes of an upload; 0 is a tebibyte, Glance's default
	Log     *slog.Logger
}

// API is the handler of everything below /image. It is safe for concurrent use, and
// leaves authentication to its caller.
type API struct {
	Config
	router  *mux.Router
	uploads uploads
}

// answer is what a handler wants said; a nil body is none.
type answer struct {
	status int
	body   any
	header map[string]string
}

// call is one request.
type call struct {
	*API
	r *http.Request
}

func (c *call) arg(name string) string { return mux.Vars(c.r)[name] }

// routes are the routes below /image, except those of the data.
var routes = []struct {
	method, path string
	handle       func(*call) (answer, error)
}{
	{"GET", "", versions(http.StatusMultipleChoices)},
	{"GET", "/", versions(http.StatusMultipleChoices)},
	{"GET", "/versions", versions(http.StatusOK)},
	{"GET", "/v2", versions(http.StatusOK)},
	{"GET", "/v2/", versions(http.StatusOK)},
	{"GET", "/v2/images", list},
	{"POST", "/v2/images", create},
	{"GET", "/v2/images/{id}", show},
	{"PATCH", "/v2/images/{id}", update},
	{"DELETE", "/v2/images/{id}", remove},
	{"POST", "/v2/images/{id}/import", importData},
	{"PUT", "/v2/images/{id}/tags/{tag}", addTag},
	{"DELETE", "/v2/images/{id}/tags/{tag}", deleteTag},
	{"DELETE", "/v2/images/{id}/stage", unstage},
	{"POST", "/v2/images/{id}/actions/deactivate", switching((*pool.Pool).Deactivate)},
	{"POST", "/v2/images/{id}/actions/reactivate", switching((*pool.Pool).Reactivate)},
	{"GET", "/v2/images/{id}/members", members},
	{"POST", "/v2/images/{id}/members", newMember},
	{"GET", "/v2/images/{id}/members/{member}", noMember(http.StatusNotFound)},
	{"PUT", "/v2/images/{id}/members/{member}", changeMember},
	{"DELETE", "/v2/images/{id}/members/{member}", noMember(http.StatusForbidden)},
	{"GET", "/v2/images/{id}/tasks", imageTasks},
	{"GET", "/v2/tasks", tasks},
	{"POST", "/v2/tasks", newTask},
	{"GET", "/v2/tasks/{id}", noTask},
	{"GET", "/v2/info/import", importInfo},
	{"GET", "/v2/info/stores", storesInfo},
	{"GET", "/v2/info/usage", document(map[string]any{"usage": map[string]any{}})},
	{"GET", "/v2/schemas/image", document(imageSchema())},
	{"GET", "/v2/schemas/images", document(collection("images", imageSchema(), "first", "next"))},
	{"GET", "/v2/schemas/member", document(theMemberSchema)},
	{"GET", "/v2/schemas/members", document(collection("members", theMemberSchema))},
}

// New makes the handler.
func New(c Config) *API {
	if c.MaxSize == 0 {
		c.MaxSize = 1 << 40
	}
	a := &API{Config: c, router: mux.NewRouter()}
	for _, r := range routes {
		a.router.Handle("/image"+r.path, a.serve(r.handle)).Methods(r.method)
	}
	a.router.HandleFunc("/image/v2/images/{id}/file", a.upload(upload)).Methods("PUT")
	a.router.HandleFunc("/image/v2/images/{id}/stage", a.upload(stage)).Methods("PUT")
	a.router.HandleFunc("/image/v2/images/{id}/file", a.download).Methods("GET")
	a.router.NotFoundHandler = a.serve(func(*call) (answer, error) {
		return answer{}, rest.Refuse(http.StatusNotFound, "The resource could not be found.")
	})
	a.router.MethodNotAllowedHandler = a.serve(func(*call) (answer, error) {
		return answer{}, rest.Refuse(http.StatusMethodNotAllowed, "The method is not allowed for this resource.")
	})
	return a
}

// ServeHTTP answers one request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.router.ServeHTTP(w, r) }

// Least is the least role for a request: the bytes of an image are for administrators.
func (a *API) Least(r *http.Request) baremetal.Role {
	var m mux.RouteMatch
	if a.router.Match(r, &m) && m.Route != nil {
		if path, err := m.Route.GetPathTemplate(); err == nil && strings.HasSuffix(path, "/file") {
			return baremetal.RoleAdmin
		}
	}
	return baremetal.LeastRole(r.Method)
}

func (a *API) serve(handle func(*call) (answer, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		said, err := handle(&call{a, r})
		if err != nil {
			a.fail(w, r, err)
			return
		}
		for name, value := range said.header {
			w.Header().Set(name, value)
		}
		rest.Reply(w, said.status, said.body)
	})
}

// page is how Glance shows an error to a client that reads HTML.
const page = `<html>
 <head>
  <title>%[1]d %[2]s</title>
 </head>
 <body>
  <h1>%[1]d %[2]s</h1>
  %[3]s<br /><br />



 </body>
</html>`

// fail writes an error as Glance does, and logs those that are ours: as JSON for a client
// that asks for it, or else as a page of HTML.
func (a *API) fail(w http.ResponseWriter, r *http.Request, err error) {
	status, text := rest.Status(err)
	rest.Note(a.Log, w, r, status, err)
	title := titleOf(status)
	if accept := r.Header.Get("Accept"); strings.Contains(accept, "json") && !strings.Contains(accept, "html") {
		rest.Reply(w, status, map[string]any{"message": text, "code": fmt.Sprintf("%d %s", status, title), "title": title})
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=UTF-8")
	w.WriteHeader(status)
	fmt.Fprintf(w, page, status, title, html.EscapeString(text)) //nolint:errcheck // the client is gone when this fails
}

// titleOf is a status in Glance's words, those of an older edition of HTTP.
func titleOf(status int) string {
	if status == http.StatusRequestedRangeNotSatisfiable {
		return "Request Range Not Satisfiable"
	}
	return http.StatusText(status)
}

// versions is the version document: clients take the newest that they know.
func versions(status int) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		var list []any
		for minor := 9; minor >= 0; minor-- {
			list = append(list, map[string]any{
				"id": fmt.Sprintf("v2.%d", minor), "status": map[bool]string{true: "CURRENT", false: "SUPPORTED"}[minor == 9],
				"links": []any{map[string]string{"rel": "self", "href": rest.Base(c.r) + "/image/v2/"}},
			})
		}
		return answer{status: status, body: map[string]any{"versions": list}}, nil
	}
}

// image is the one that the path names.
func (c *call) image() (*baremetal.Image, error) { return c.Pool.Image(c.r.Context(), c.arg("id")) }
