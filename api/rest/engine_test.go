package rest

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"ironhook/baremetal"
)

// disk is a row of an API that is made of tables alone.
type disk struct {
	uuid, name, home string
	boots            bool
	size             int64
	info             baremetal.Object
}

var disks = NewResource(Resource[disk]{
	Plural: "disks", Path: "disks", Body: "disk", Ident: "disk_ident",
	UUID: func(d *disk) string { return d.uuid },
	Fields: []Field[disk]{
		UUIDField("uuid", 1, Brief|Create, func(d *disk) *string { return &d.uuid }),
		WordField("name", 1, Brief|Create|Required|Update, func(d *disk) *string { return &d.name }),
		TextField("home", 5, Create|Update, func(d *disk) *string { return &d.home }).Max(4),
		FlagField("boots", 1, Create|Update, func(d *disk) *bool { return &d.boots }),
		NumberField("size", 1, Create, func(d *disk) *int64 { return &d.size }).Writable(3),
		SecretField("info", 1, Create|Update, baremetal.Secrets, func(d *disk) *baremetal.Object { return &d.info }),
		LinksField("links", 1, Implicit|Always, "disks", func(d *disk) string { return d.uuid }, ""),
	},
})

// rack is a server of three disks.
type rack struct{ rows []*disk }

func (s *rack) routes() []Route[*Call] {
	item := []Argument{Mandatory("disk_ident", Ident), Optional("fields", Words)}
	return []Route[*Call]{
		{Method: "GET", Path: "/disks", Args: Join([]Argument{Optional("limit", Integer), Optional("marker", UUID), Optional("sort_key", String),
			Optional("sort_dir", String), Optional("boots", Boolean).From(6)}, FieldArgs), Handle: s.list, Doc: "List disks"},
		{Method: "GET", Path: "/disks/detail", Args: []Argument{Optional("limit", Integer)}, Handle: s.list, Doc: "List disks with all fields"},
		{Method: "POST", Path: "/disks", Args: []Argument{Mandatory("disk", Any)}, Body: "disk", Status: http.StatusCreated, Handle: s.create,
			Doc: "Create a disk"},
		{Method: "GET", Path: "/disks/{disk_ident}", Args: item, Handle: s.show, Doc: "Show a disk"},
		{Method: "PATCH", Path: "/disks/{disk_ident}", Args: []Argument{item[0], Mandatory("patch", JSONPatch)}, Body: "patch", Handle: s.patch},
		{Method: "PUT", Path: "/disks/{disk_ident}/light", Since: 7, Args: []Argument{item[0], Mandatory("on", Boolean)}, Body: Members,
			MaxBody: 64,
			Status:  http.StatusNoContent, Handle: func(*Call) ([]byte, error) { return nil, nil }},
		{Method: "PUT", Path: "/disks/{disk_ident}/late", Since: 7, Late: true, Gate: Refuse(http.StatusNotFound, "since 1.7"),
			Args: []Argument{item[0], Mandatory("on", Boolean)}, Body: Members, Handle: func(*Call) ([]byte, error) { return nil, nil }},
		{Method: "GET", Path: "/gone", Since: 9, Gate: Abort(http.StatusMethodNotAllowed, "since 1.9"),
			Handle: func(*Call) ([]byte, error) { return []byte("{}"), nil }},
	}
}

func (s *rack) list(c *Call) ([]byte, error) {
	if err := c.Knows(s.routes()[0].Args); err != nil {
		return nil, err
	}
	if err := disks.MayAsk(c); err != nil {
		return nil, err
	}
	l, err := disks.Paging(c)
	if err != nil {
		return nil, err
	}
	if err := l.Asked(c); err != nil {
		return nil, err
	}
	return disks.List(c, &l, func(_ []string, row func(*disk) error) error {
		for i, d := range s.rows {
			if i < l.Limit {
				if err := row(d); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func (s *rack) find(c *Call) (*disk, error) {
	for _, d := range s.rows {
		if d.name == c.Args.Text("disk_ident") {
			return d, nil
		}
	}
	return nil, baremetal.Errorf(baremetal.ErrNotFound, "no such disk")
}

func (s *rack) show(c *Call) ([]byte, error) {
	d, err := s.find(c)
	if err != nil {
		return nil, err
	}
	return disks.ShowAsked(c, d)
}

func (s *rack) create(c *Call) ([]byte, error) {
	d := &disk{uuid: "c0ffee00-0000-4000-8000-000000000009"}
	if err := disks.Fill(c, c.Args["disk"], d); err != nil {
		return nil, err
	}
	c.Created("disks/" + d.uuid)
	return disks.Show(c, d, nil)
}

func (s *rack) patch(c *Call) ([]byte, error) {
	ops, err := disks.Operations(c)
	if err != nil {
		return nil, err
	}
	d, err := s.find(c)
	if err != nil {
		return nil, err
	}
	if _, err := disks.Apply(ops, d); err != nil {
		return nil, err
	}
	return disks.Show(c, d, []string{"name", "home", "boots", "info"})
}

func newRack() *rack {
	return &rack{[]*disk{
		{uuid: "c0ffee00-0000-4000-8000-000000000001", name: "a", home: "r1", info: baremetal.Object{"password": "s3", "model": "x"}},
		{uuid: "c0ffee00-0000-4000-8000-000000000002", name: "b", boots: true},
		{uuid: "c0ffee00-0000-4000-8000-000000000003", name: "c"},
	}}
}

// ask serves one request of a microversion, and returns the status with the body or the error.
func ask(t *testing.T, minor int, method, path, body string) (int, string, http.Header) {
	t.Helper()
	router := NewRouter(newRack().routes(), func(c *Call) *Call { return c })
	r := httptest.NewRequestWithContext(t.Context(), method, "http://h"+path, strings.NewReader(body))
	segments, suffix := Segments(r.URL.Path)
	w := httptest.NewRecorder()
	if err := router.Serve(w, &Call{Request: r, Minor: minor, Suffix: suffix, Base: "http://h"}, segments); err != nil {
		status, text := Status(err)
		return status, text, w.Header()
	}
	return w.Code, w.Body.String(), w.Header()
}

// TestEngine asks an API of tables alone for what the tables promise.
func TestEngine(t *testing.T) {
	const a = `{"uuid":"c0ffee00-0000-4000-8000-000000000001","name":"a",` +
		`"links":[{"href":"http://h/v1/disks/c0ffee00-0000-4000-8000-000000000001","rel":"self"},` +
		`{"href":"http://h/disks/c0ffee00-0000-4000-8000-000000000001","rel":"bookmark"}]}`
	for _, c := range []struct {
		minor        int
		method, path string
		body         string
		status       int
		want         string // all of a success, or a part of an error
	}{
		// routes
		{9, "GET", "/v1/nothing", "", 404, ""},
		{9, "DELETE", "/v1/disks/a", "", 405, ""},
		{9, "GET", "/disks/a?fields=name", "", 200, `{"name":"a","links":` + a[strings.Index(a, "[{"):]},
		{9, "PATCH", "/v1/disks/detail", `[]`, 404, "no such disk"}, // a word that an item may be called
		{6, "PUT", "/v1/disks/a/light", `{"on":true}`, 404, "Resource could not be found."},
		{7, "PUT", "/v1/disks/a/light", `{"on":true}`, 204, ""},
		{7, "PUT", "/v1/disks/a/light", `{"on":true,"x":"` + strings.Repeat("x", 64) + `"}`, 413, "too large"},
		{6, "PUT", "/v1/disks/a/late", `{"on":"maybe"}`, 400, "Unrecognized value 'maybe'"},
		{6, "PUT", "/v1/disks/a/late", `{"on":"yes"}`, 404, "since 1.7"},
		{8, "GET", "/v1/gone", "", 405, "since 1.9"},
		{9, "GET", "/v1/gone?x=1", "", 400, "Unexpected arguments: x"},
		// arguments
		{9, "PUT", "/v1/disks/a/light", `{}`, 400, "Missing mandatory parameter: on"},
		{9, "GET", "/v1/disks/a%20b/", "", 400, "Expected UUID or name for disk_ident: a b"},
		{5, "GET", "/v1/disks?boots=true", "", 406, "should be 1.6"},
		{9, "GET", "/v1/disks?limit=0", "", 400, "Limit must be positive"},
		{9, "GET", "/v1/disks?limit=x", "", 400, "Expected an integer for limit: x"},
		{9, "GET", "/v1/disks?sort_dir=up", "", 400, "Invalid sort direction: up"},
		{9, "GET", "/v1/disks?sort_key=info", "", 400, "invalid field for sorting"},
		{4, "GET", "/v1/disks?sort_key=home", "", 406, "not acceptable"},
		// fields and pages
		{9, "GET", "/v1/disks?limit=1", "", 200,
			`{"disks":[` + a + `],"next":"http://h/v1/disks?sort_key=id&sort_dir=asc&fields=uuid,` +
				`name&limit=1&marker=c0ffee00-0000-4000-8000-000000000001"}`},
		{7, "GET", "/v1/disks?fields=name", "", 406, "not acceptable"},
		{9, "GET", "/v1/disks?fields=name&limit=1", "", 200, `{"disks":[{"name":"a","links":` + a[strings.Index(a, "[{"):len(a)-1] + `}],` +
			`"next":"http://h/v1/disks?sort_key=id&sort_dir=asc&fields=name&limit=1&marker=c0ffee00-0000-4000-8000-000000000001"}`},
		{9, "GET", "/v1/disks/a?fields=nope", "", 400, `Field(s) "nope" are not valid`},
		{9, "GET", "/v1/disks?detail=true", "", 400, "Invalid query parameter ?detail=True received."},
		{43, "GET", "/v1/disks?detail=true&fields=name", "", 400, "Can not specify"},
		// writing
		{4, "POST", "/v1/disks", `{"name":"d","home":"r2"}`, 406, "not acceptable"},
		{2, "POST", "/v1/disks", `{"name":"d","size":7}`, 406, "not acceptable"},
		{9, "POST", "/v1/disks", `{"home":"r2"}`, 400, "Schema error for disk: 'name' is a required property"},
		{9, "POST", "/v1/disks", `{"name":"d","home":"room five"}`, 400, "'room five' is too long"},
		{9, "POST", "/v1/disks", `{"name":"d","x":1}`, 400, "Additional properties are not allowed ('x' was unexpected)"},
		{9, "POST", "/v1/disks", `{"name":"d","info":["s3"]}`, 400, "****** is not of type 'object', 'null'"},
		{9, "POST", "/v1/disks", `{"name":"d","info":{"password":"******"}}`, 400, "is shown in place of a secret"},
		{9, "PATCH", "/v1/disks/a", `[{"op":"replace","path":"/size","value":9}]`, 400,
			"Cannot patch /size. Only the following can be updated: boots, home, info, name"},
		{9, "PATCH", "/v1/disks/a", `[{"op":"remove","path":"/info/nope"}]`, 400, "can't remove a non-existent object 'nope'"},
		{4, "PATCH", "/v1/disks/a", `[{"op":"add","path":"/home","value":"r2"}]`, 406, "not acceptable"},
		{9, "PATCH", "/v1/disks/a", `[{"op":"move","path":"/home"}]`, 400, "'move' is not one of ['add', 'replace', 'remove']"},
	} {
		status, got, _ := ask(t, c.minor, c.method, c.path, c.body)
		if status != c.status || status < 300 && got != c.want || status >= 300 && !strings.Contains(got, c.want) {
			t.Errorf("1.%d %s %s %s\n = %d %s\nwant %d %s", c.minor, c.method, c.path, c.body, status, got, c.status, c.want)
		}
		if status >= 300 && strings.Contains(got, "s3") {
			t.Errorf("%s %s quotes the secret: %s", c.method, c.path, got)
		}
	}
}

// TestEngineWrites holds what a POST and a PATCH leave, and the headers of replies.
func TestEngineWrites(t *testing.T) {
	status, got, header := ask(t, 9, "POST", "/v1/disks", `{"name":"d","boots":"yes","size":12345678901,"info":{"k":1,"password":"s3"}}`)
	if status != 201 || !strings.Contains(got, `"name":"d","home":null,"boots":true,"size":12345678901,"info":{"k":1,"password":"******"}`) {
		t.Errorf("POST = %d %s", status, got)
	}
	if at := header.Get("Location"); at != "http://h/v1/disks/c0ffee00-0000-4000-8000-000000000009" {
		t.Errorf("Location = %q", at)
	}
	status, got, _ = ask(t, 9, "PATCH", "/v1/disks/a",
		`[{"op":"add","path":"/info/k","value":[1]},{"op":"remove","path":"/home"},{"op":"replace","path":"/boots","value":true}]`)
	if want := `{"name":"a","home":null,"boots":true,"info":{"k":[1],"model":"x","password":"******"},`; status != 200 ||
		!strings.HasPrefix(got, want) {
		t.Errorf("PATCH = %d %s, want %s", status, got, want)
	}
	if _, _, header = ask(t, 9, "DELETE", "/v1/disks/a", ""); header.Get("Allow") != "GET, PATCH" {
		t.Errorf("Allow = %q, want GET, PATCH", header.Get("Allow"))
	}
}
