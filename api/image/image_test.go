package image

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorilla/mux"

	"ironhook/baremetal"
	"ironhook/storage/pool"
	"ironhook/store/storetest"
	"ironhook/volume"
)

const id = "11111111-2222-4333-8444-555555555555"

// newAPI is an API on an empty store; maxSize is that of an upload, 0 for the usual one.
func newAPI(t *testing.T, maxSize int64) *API {
	t.Helper()
	v, err := volume.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s, log := storetest.Open(t), slog.New(slog.DiscardHandler)
	p := pool.New(pool.Config{Store: s, Volumes: v, Log: log})
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		if err := v.Close(); err != nil {
			t.Error(err)
		}
	})
	return New(Config{Store: s, Pool: p, MaxSize: maxSize, Log: log})
}

// TestExchanges sends requests one after the other, each on what those before left.
func TestExchanges(t *testing.T) {
	a := newAPI(t, 4096)
	const images = "/image/v2/images/"
	const data, patch = "application/octet-stream", patch21
	for _, x := range []struct {
		method, path, kind, body string
		status                   int
		says                     string
	}{
		{"GET", "/image/v2", "", "", 200, `"id":"v2.9"`},
		{"GET", "/image/v2/images/" + id, "", "", 404, "No image found with ID " + id},
		{"POST", "/image/v2/images", "", `[]`, 400, "an object was expected"},
		{"POST", "/image/v2/images", "", `{"status": "active"}`, 403, "Attribute &#39;status&#39; is read-only."},
		{"POST", "/image/v2/images", "", `{"disk_format": "ami"}`, 400, "is not one of"},
		{"POST", "/image/v2/images", "", `{"id": "` + id + `", "name": "a", "os_distro": "debian"}`, 201, `"status":"queued"`},
		{"POST", "/image/v2/images", "", `{"id": "` + id + `"}`, 409, "already exists"},
		{"PATCH", "/image/v2/images/" + id, "text/plain", `[]`, 415, "Content-Type one of"},
		{"PATCH", "/image/v2/images/" + id, patch, `[{"op": "replace", "path": "/size", "value": 1}]`, 403, "read-only"},
		{"PATCH", "/image/v2/images/" + id, patch, `[{"op": "remove", "path": "/name"}]`, 403, "may not be removed"},
		{"PATCH", "/image/v2/images/" + id, patch, `[{"op": "replace", "path": "/nothing", "value": "1"}]`, 409, "does not exist"},
		{"PATCH", "/image/v2/images/" + id, patch, `[{"op": "replace", "path": "/status", "value": "queued"}]`, 403, "read-only"},
		{"PATCH", "/image/v2/images/" + id, patch, `[{"op": "remove", "path": "/size"}]`, 403, "read-only"},
		{"PATCH", "/image/v2/images/" + id, patch, `[{"op": "add", "path": "/tags/0", "value": "x"}]`, 400, "Invalid JSON pointer"},
		{"PATCH", "/image/v2/images/" + id, patch, `[{"op": "add", "path": "/", "value": "x"}]`, 400, "Invalid JSON pointer"},
		{"PATCH", "/image/v2/images/" + id, patch, `[{"op": "add", "path": "name", "value": "x"}]`, 400, "does not start with"},
		{"PATCH", "/image/v2/images/" + id, patch, `[{"op": "add", "path": "/a~2", "value": "x"}]`, 400, "recognized escape"},
		{"PATCH", "/image/v2/images/" + id, patch, `[{"op": "add", "path": "/name"}]`, 400, "requires a member named &#34;value&#34;"},
		{"PATCH", "/image/v2/images/" + id, patch, `[{"op": "add", "path": "/custom", "value": null}]`, 400, "a value is a string"},
		{"PATCH", "/image/v2/images/" + id, patch, `[{"op": "add", "path": "/a~1b~0", "value": "x"}]`, 200, `"a/b~":"x"`},
		{"PATCH", "/image/v2/images/" + id, patch,
			`[{"op": "remove", "path": "/a~1b~0"}, {"op": "add", "path": "/name", "value": null}, {"op": "add", "path": "/name", "value": "a"}]`,
			200, `"name":"a"`},
		{"PATCH", "/image/v2/images/" + id[:35] + "0", patch, `[{"op": "add", "path": "/min_ram", "value": -1}]`, 400, "integer"},
		{"PATCH", "/image/v2/images/" + id, patch20, `[{"add": "/os_distro", "value": "x"}]`, 409, "already present"},
		{"PATCH", "/image/v2/images/" + id, patch, `[{"op": "add", "path": "/min_disk", "value": 3.0}]`, 200, `"min_disk":3`},
		{"PATCH", "/image/v2/images/" + id, patch, `[{"op": "add", "path": "/min_disk", "value": 3.5}]`, 400, "an integer"},
		{"PATCH", "/image/v2/images/" + id, patch, `[{"op": "add", "path": "/min_disk", "value": 0}]`, 200, `"min_disk":0`},
		{"POST", "/image/v2/images", "", `{"custom": null}`, 400, "a value is a string"},
		{"PATCH", "/image/v2/images/" +
			id, patch, `[{"op": "add", "path": "/disk_format", "value": "raw"}, {"op": "add", "path": "/container_format", "value": "bare"},
			{"op": "remove", "path": "/os_distro"}, {"op": "add", "path": "/tags", "value": ["x"]}]`, 200, `"tags":["x"]`},
		{"PUT", "/image/v2/images/" + id + "/file", "text/plain", "x", 415, "application/octet-stream"},
		{"PUT", "/image/v2/images/" + id + "/file", data, strings.Repeat("x", 4097), 413, "4096 bytes are allowed"},
		{"GET", "/image/v2/images/" + id + "/file", "", "", 204, ""},
		{"PUT", "/image/v2/images/" + id + "/file", data, "hello", 204, ""},
		{"PUT", "/image/v2/images/" + id + "/file", data, "hello", 409, "from active to saving is not allowed"},
		{"GET", "/image/v2/images/" + id, "", "", 200, `"checksum":"5d41402abc4b2a76b9719d911017c592"`},
		{"GET", "/image/v2/images/" + id + "/file", "", "", 200, "hello"},
		{"POST", "/image/v2/images/" + id + "/import", "", `{"method": {"name": "web-download", "uri": "file:///etc/shadow"}}`, 400, "http://"},
		{"POST", "/image/v2/images/" + id +
			"/import", "", `{"method": {"name": "web-download", "uri": "https://u:******@h/i"}}`, 400, "is not one"},
		{"PUT", "/image/v2/images/" + id + "/tags/y", "", "", 204, ""},
		{"GET", "/image/v2/images?tag=x&tag=y&name=a&status=in:queued,active", "", "", 200, id},
		{"GET", "/image/v2/images?tag=z", "", "", 200, `"images":[]`},
		{"GET", "/image/v2/images?sort_key=nothing", "", "", 400, "Invalid sort key"},
		{"GET", "/image/v2/images?limit=-1", "", "", 400, "limit"},
		{"PATCH", "/image/v2/images/" + id, patch, `[{"op": "replace", "path": "/protected", "value": true}]`, 200, `"protected":true`},
		{"DELETE", "/image/v2/images/" + id, "", "", 403, "is protected and cannot be deleted"},
		{"PATCH", "/image/v2/images/" + id, patch, `[{"op": "replace", "path": "/protected", "value": false}]`, 200, `"protected":false`},
		{"DELETE", "/image/v2/images/" + id, "", "", 204, ""},
		{"GET", "/image/v2/images", "", "", 200, `"images":[]`},
		{"POST", "/image/v2/images", "", `{"id": "` + id + `", "disk_format": "raw", "container_format": "bare"}`, 201, ""},
		{"PUT", "/image/v2/images/" + id + "/file", data, "QFI\xfb" + strings.Repeat("\x00", 1020), 415, "--disk-format qcow2"},
		{"GET", "/image/v2/images/" + id, "", "", 200, `"status":"killed"`},
		{"DELETE", "/image/v2/images/" + id, "", "", 204, ""},
		{"POST", "/image/v2/images", "", `{"id": "` + id + `"}`, 201, ""},
		{"PUT", "/image/v2/images/" + id + "/file", data, "x", 400, "container_format must be set"},
		{"PATCH", "/image/v2/images/" + id, patch, `[{"op": "add", "path": "/container_format", "value": "bare"}]`, 200, ""},
		{"PUT", "/image/v2/images/" + id + "/file", data, "<!DOCTYPE html><title>Log in</title>", 400, "an HTML page"},
		{"PUT", "/image/v2/images/" + id + "/file", data, "hello", 204, ""},
		{"GET", "/image/v2/images/" + id, "", "", 200, `"disk_format":"raw"`},
		{"PUT", images + id + "/stage", data, "hello", 409, "from active to uploading is not allowed"},
		{"POST", images + id + "/actions/deactivate", "", "{}", 400, "A body is not expected"},
		{"POST", images + id + "/actions/deactivate", "", "", 204, ""},
		{"GET", images + id + "/file", "", "", 403, "has been deactivated"},
		{"GET", images + id, "", "", 200, `"status":"deactivated"`},
		{"POST", images + id + "/actions/reactivate", "", "", 204, ""},
		{"GET", images + id + "/file", "", "", 200, "hello"},
		{"PATCH", images + id, patch20, `[{"replace": "/name", "value": "b"}]`, 200, `"name":"b"`},
		{"PATCH", images + id, patch20, `[{"replace": "/name", "add": "/name", "value": "b"}]`, 400, "exactly one member"},
		{"PATCH", images + id, "application/json-patch+json", `[]`, 415, patch},
		{"PATCH", images + id, patch, `[{"op": "add", "path": "/properties", "value": "p"}, {"op": "add", "path": "/members", "value": "m"},
			{"op": "add", "path": "/is_public", "value": "yes"}]`, 200, `"is_public":"yes","members":"m"`},
		{"PATCH", images + id, patch, `[{"op": "add", "path": "/os_glance_x", "value": "p"}]`, 403, "read-only"},
		{"PATCH", images + id, patch, `[{"op": "replace", "path": "/visibility", "value": "public"}]`, 403, "publicize_image"},
		{"GET", "/image/v2/images?created_at=lt:2000-01-01T00:00:00Z", "", "", 200, `"images":[]`},
		{"GET", "/image/v2/images?created_at=gte:yesterday", "", "", 400, "Bad time format"},
		{"GET", "/image/v2/images?os_hidden=perhaps", "", "", 400, "os_hidden"},
		{"GET", "/image/v2/images?os_hidden=False&protected=false", "", "", 200, id},
		{"GET", "/image/v2/images?protected=False", "", "", 400, "protected"},
		{"GET", "/image/v2/images?changes-since=2000-01-01T00:00:00Z", "", "", 400, "no longer available"},
		{"GET", "/image/v2/images?name=neq:x", "", "", 400, "unknown operator"},
		{"GET", "/image/v2/images?name=eq:b", "", "", 200, id},
		{"GET", "/image/v2/images?size_min=x", "", "", 400, "size_min"},
		{"GET", "/image/v2/images?size_min=5&size_max=5&virtual_size_min=5&min_disk_max=0&min_ram_min=-1", "", "", 200, id},
		{"GET", "/image/v2/images?size_min=6", "", "", 200, `"images":[]`},
		{"GET", "/image/v2/images?size_max=4", "", "", 200, `"images":[]`},
		{"GET", "/image/v2/images?min_ram_min=1", "", "", 200, `"images":[]`},
		{"GET", "/image/v2/images?member_status=x", "", "", 400, "Invalid status value"},
		{"GET", "/image/v2/images?is_public=yes&members=m", "", "", 200, id},
		{"GET", "/image/v2/images?is_public=no", "", "", 200, `"images":[]`},
		{"GET", "/image/v2/images?sort=name&sort_key=id", "", "", 400, "cannot be combined"},
		{"GET", "/image/v2/images?sort_key=name&sort_dir=asc&sort_dir=asc", "", "", 400, "does not match"},
		{"GET", images + id + "/tasks", "", "", 200, `"tasks":[]`},
		{"GET", images + id + "/members", "", "", 200, `"members":[]`},
		{"POST", images + id + "/members", "", `{"member": "p"}`, 403, "no projects"},
		{"GET", images + id + "/members/p", "", "", 404, "p not found in the member list"},
		{"PUT", images + id + "/members/p", "", `{"status": "accepted"}`, 404, "p not found in the member list"},
		{"DELETE", images + id + "/members/p", "", "", 404, "p not found in the member list"},
		{"POST", images + id + "/members", "", `{}`, 400, "not specified"},
		{"PUT", images + id + "/members/p", "", `{}`, 400, "not specified"},
		{"PATCH", images + id, patch, `[{"op": "replace", "path": "/visibility", "value": "private"}]`, 200, `"private"`},
		{"GET", images + id + "/members", "", "", 403, "Only shared images"},
		{"POST", images + id + "/members", "", `{"member": "p"}`, 403, "Only shared images"},
		{"GET", images + id + "/members/p", "", "", 404, "Only shared images"},
		{"PUT", images + id + "/members/p", "", `{"status": "accepted"}`, 403, "Only shared images"},
		{"DELETE", images + id + "/members/p", "", "", 403, "Only shared images"},
		{"GET", "/image/v2/schemas/image", "", "", 200, `"os_hidden"`},
		{"GET", "/image/v2/schemas/images", "", "", 200, `"next"`},
		{"GET", "/image/v2/schemas/member", "", "", 200, `"accepted"`},
		{"GET", "/image/v2/schemas/members", "", "", 200, `"links":[{"href":"{schema}","rel":"describedby"}],"name":"members"`},
		{"GET", "/image/v2/info/usage", "", "", 200, `"usage":{}`},
		{"GET", "/image/v2/tasks", "", "", 200, `"tasks":[]`},
		{"POST", "/image/v2/tasks", "", `{"type": "import"}`, 403, "import"},
		{"GET", "/image/v2/tasks/" + id, "", "", 404, "Task not found"},
		{"DELETE", images + id, "", "", 204, ""},
		{"GET", images + id + "/members", "", "", 404, "No image found"},
		{"POST", "/image/v2/images", "", `{"id": "` + id + `", "container_format": "bare"}`, 201, ""},
		{"POST", images + id + "/import", "", `{"method": {"name": "glance-direct"}}`, 409, "needs to be staged"},
		{"PUT", images + id + "/stage", data, "hello", 204, ""},
		{"GET", images + id, "", "", 200, `"size":null`},
		{"GET", images + id, "", "", 200, `"status":"uploading"`},
		{"GET", images + id + "/file", "", "", 204, ""},
		{"DELETE", images + id + "/stage", "", "", 204, ""},
		{"PUT", images + id + "/stage", data, "hello", 204, ""},
		{"POST", images + id + "/import", "", `{"method": {"name": "glance-direct"}}`, 202, ""},
		{"GET", images + id + "/file", "", "", 200, "hello"},
	} {
		r := httptest.NewRequestWithContext(t.Context(), x.method, x.path, strings.NewReader(x.body))
		if x.kind != "" {
			r.Header.Set("Content-Type", x.kind)
		}
		w := httptest.NewRecorder()
		http.Handler(a).ServeHTTP(w, r)
		if w.Code != x.status || !strings.Contains(w.Body.String(), x.says) {
			t.Errorf("%s %s %s = %d %s, want %d with %q", x.method, x.path, x.body, w.Code, w.Body, x.status, x.says)
		}
	}
}

// TestDownloadsInParts: ranges and preconditions of RFC 9110, with Glance's refusals.
func TestDownloadsInParts(t *testing.T) {
	a := newAPI(t, 0)
	send := func(method, path, body string, header http.Header) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
		r.Header = header
		w := httptest.NewRecorder()
		a.ServeHTTP(w, r)
		return w
	}
	const file = "/image/v2/images/" + id + "/file"
	send("POST", "/image/v2/images", `{"id": "`+id+`", "container_format": "bare"}`, http.Header{})
	if w := send("PUT", file, "hello world", http.Header{"Content-Type": {"application/octet-stream"}}); w.Code != http.StatusNoContent {
		t.Fatalf("upload = %d %s", w.Code, w.Body)
	}
	tag := send("GET", file, "", http.Header{}).Header().Get("ETag")
	for _, x := range []struct {
		name, value, ifRange string
		status               int
		says, span           string
	}{
		{"Range", "bytes=0-4", "", 206, "hello", "bytes 0-4/11"},
		{"Range", "bytes=6-", "", 206, "world", "bytes 6-10/11"},
		{"Range", "bytes=-5", "", 206, "world", "bytes 6-10/11"},
		{"Range", "bytes=6-99", "", 206, "world", "bytes 6-10/11"},
		{"Range", "bytes=6-", tag, 206, "world", "bytes 6-10/11"},
		{"Range", "bytes=6-", `"another"`, 200, "hello world", ""},
		{"Range", "bytes=11-", "", 416, "Start position MUST be", ""},
		{"If-Match", tag, "", 200, "hello world", ""},
		{"If-Match", `"another"`, "", 412, "", ""},
		{"If-None-Match", tag, "", 304, "", ""},
	} {
		header := http.Header{x.name: {x.value}}
		if x.ifRange != "" {
			header.Set("If-Range", x.ifRange)
		}
		w := send("GET", file, "", header)
		if w.Code != x.status || !strings.Contains(w.Body.String(), x.says) || w.Header().Get("Content-Range") != x.span &&
			x.status == http.StatusPartialContent {
			t.Errorf("%s: %s, If-Range %s = %d %q %q, want %d %q %q", x.name, x.value, x.ifRange, w.Code, w.Body, w.Header().Get("Content-Range"),
				x.status, x.says, x.span)
		}
	}
}

// TestARefusalIsRead by a client that sends all of a large file before it reads.
func TestARefusalIsRead(t *testing.T) {
	server := httptest.NewServer(newAPI(t, 0))
	defer server.Close()
	r, err := http.NewRequestWithContext(t.Context(), "POST", server.URL+"/image/v2/images",
		strings.NewReader(`{"id": "`+id+`", "disk_format": "qcow2", "container_format": "bare"}`))
	if err != nil {
		t.Fatal(err)
	}
	made, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	made.Body.Close()
	const size = 64 << 20
	c, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "PUT /image/v2/images/%s/file HTTP/1.1\r\nHost: x\r\nContent-Type: application/octet-stream\r\nContent-Length: %d\r\n\r\n",
		id, size)
	if _, err := c.Write(bytes.Repeat([]byte("no qcow2"), size/8)); err != nil {
		t.Fatalf("the connection was closed on a client that was sending: %v", err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(c), r)
	if err != nil || answer.StatusCode != http.StatusUnsupportedMediaType {
		t.Fatalf("answer %v, %v; want 415", answer, err)
	}
	answer.Body.Close()
}

// Changes are for administrators, and so are the bytes of images.
func TestRolesOfAllRoutes(t *testing.T) {
	a := New(Config{})
	err := a.router.Walk(func(route *mux.Route, _ *mux.Router, _ []*mux.Route) error {
		path, err := route.GetPathTemplate()
		methods, err2 := route.GetMethods()
		if err = errors.Join(err, err2); err != nil {
			return err
		}
		for _, method := range methods {
			want := baremetal.RoleAdmin
			if method == "GET" && !strings.HasSuffix(path, "/file") {
				want = baremetal.RoleViewer
			}
			r := httptest.NewRequest(method, strings.NewReplacer("{", "", "}", "").Replace(path), nil)
			if got := a.Least(r); got != want {
				t.Errorf("%s %s is for a %s, want %s", method, path, got, want)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
