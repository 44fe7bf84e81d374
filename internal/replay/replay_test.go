package replay

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func recorded(status int, body any, quirk string) exchange {
	return exchange{Response: answer{Status: status, Body: body}, Quirk: quirk}
}

// TestCompare has what passes as the recorded answer, and what does not.
func TestCompare(t *testing.T) {
	object := func(text string) map[string]any {
		return map[string]any{"error": map[string]any{"code": 404.0, "message": text}}
	}
	for _, x := range []struct {
		name        string
		ex          exchange
		got         any
		status      int
		pass, exact bool
	}{
		{"the same success", recorded(200, object("a"), ""), object("a"), 200, true, true},
		{"another value", recorded(200, object("a"), ""), object("b"), 200, false, false},
		{"another status of success", recorded(202, object("a"), ""), object("a"), 200, false, false},
		{"a member more", recorded(200, map[string]any{}, ""), map[string]any{"x": nil}, 200, false, false},
		{"a refusal in other words", recorded(404, object("a"), ""), object("b"), 404, true, false},
		{"a refusal in another envelope", recorded(404, object("a"), ""), map[string]any{"message": "a"}, 404, false, false},
		{"a refusal with another code in it", recorded(404, object("a"), ""),
			map[string]any{"error": map[string]any{"code": 400.0, "message": "a"}}, 404, false, false},
		{"a success instead of a refusal", recorded(404, object("a"), ""), object("a"), 200, false, false},
		{"any refusal of what failed", recorded(500, object("a"), "it fails"), nil, 400, true, false},
		{"a success of what failed", recorded(500, object("a"), "it fails"), nil, 200, false, false},
	} {
		v := compare(x.ex, x.ex.Response.Body, x.got, x.status)
		if v.pass != x.pass || v.exact != x.exact || v.exact == (v.why != "") && x.status == x.ex.Response.Status {
			t.Errorf("%s: %+v, want pass %v, exact %v, and why it is not", x.name, v, x.pass, x.exact)
		}
	}
}

// TestNormal: what is different in every run is made equal, and nothing else.
func TestNormal(t *testing.T) {
	n := normaliser{base: "http://here:1", vars: map[string]string{"node": "11111111-2222-4333-8444-555555555555", "tag": "abc"}}
	got := n.value(map[string]any{
		"href": "http://here:1/v1/nodes/11111111-2222-4333-8444-555555555555", "other": "99999999-2222-4333-8444-555555555555",
		"kept": "c0ffee00-0000-4000-8000-000000000001", "at": "2026-11-29T05:37:11Z", "tags": []any{"b", "a"}, "list": []any{"b", "a"},
		"secret": "x", "short": "abc", "n": 1.0,
	}, []string{"secret"})
	want := map[string]any{
		"href": "{{base}}/v1/nodes/{{node}}", "other": "<uuid>", "kept": "c0ffee00-0000-4000-8000-000000000001", "at": "<ts>",
		"tags": []any{"a", "b"}, "list": []any{"b", "a"}, "secret": "<ignored>", "short": "abc", "n": 1.0,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("normal = %v\nwant %v", got, want)
	}
}

// TestSuite replays a recording of a small service, whose answers depend on each other.
func TestSuite(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a.jsonl", strings.Join([]string{
		`{"meta": {"base": "http://there:9"}}`,
		`{"name": "make", "request": {"method": "POST", "path": "/things", "body": {"x": 1}}, "bind": {"thing": "id"}, "bound": {"thing": "thing-9"},
			"response": {"status": 201, "body": {"id": "thing-9", "self": "http://there:9/things/thing-9"}}}`,
		`{"name": "show", "request": {"method": "GET", "path": "/things/{{thing}}"}, "until": [["ready", true]],
			"response": {"status": 200, "body": {"id": "thing-9", "ready": true}}}`,
		`{"name": "other", "request": {"method": "GET", "path": "/other"}, "response": {"status": 200, "body": {}}}`,
	}, "\n"))
	lines, err := os.ReadFile(filepath.Join(dir, "a.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	write("a.jsonl", strings.ReplaceAll(string(lines), ",\n", ", ")+"\n")
	write("deviations.txt", "There is no other.\n  a/other\n")
	write("counts.txt", countsHead+score{"a", 3, 2, 1, 0, 2}.String()+score{"total", 3, 2, 1, 0, 2}.String())
	looks := 0
	Suite{Folder: dir, Groups: 1, Start: func(t *testing.T) string {
		var base string
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch r.Method + r.URL.Path {
			case "POST/things":
				w.WriteHeader(http.StatusCreated)
				w.Write([]byte(`{"id": "thing-1", "self": "` + base + `/things/thing-1"}`)) //nolint:errcheck // the test reads it
			case "GET/things/thing-1":
				looks++
				w.Write([]byte(`{"id": "thing-1", "ready": ` + map[bool]string{true: "true", false: "false"}[looks > 2] +
					`}`)) //nolint:errcheck // the test reads it
			default:
				w.WriteHeader(http.StatusNotFound)
			}
		}))
		t.Cleanup(s.Close)
		base = s.URL
		return base
	}}.Run(t)
	if looks != 3 {
		t.Errorf("the thing was looked at %d times, want until it was ready", looks)
	}
}
