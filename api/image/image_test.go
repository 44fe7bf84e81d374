package image

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"ironhook/storage/pool"
	"ironhook/store/storetest"
	"ironhook/volume"
)

const id = "11111111-2222-4333-8444-555555555555"

// TestExchanges sends requests one after the other, each on what those before left.
func TestExchanges(t *testing.T) {
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
	a := New(Config{Store: s, Pool: p, MaxSize: 4096, Log: log})
	const data, patch = "application/octet-stream", "application/openstack-images-v2.1-json-patch"
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
		{"PATCH", "/image/v2/images/" + id, "text/plain", `[]`, 415, "Expected one of"},
		{"PATCH", "/image/v2/images/" + id, patch, `[{"op": "replace", "path": "/size", "value": 1}]`, 403, "read-only"},
		{"PATCH", "/image/v2/images/" + id, patch, `[{"op": "remove", "path": "/name"}]`, 403, "may not be removed"},
		{"PATCH", "/image/v2/images/" + id, patch, `[{"op": "replace", "path": "/nothing", "value": "1"}]`, 409, "does not apply"},
		{"PATCH", "/image/v2/images/" + id, patch, `[{"op": "add", "path": "/disk_format", "value": "raw"}, {"op": "add", "path": "/container_format", "value": "bare"},
			{"op": "remove", "path": "/os_distro"}, {"op": "add", "path": "/tags/0", "value": "x"}]`, 200, `"tags":["x"]`},
		{"PUT", "/image/v2/images/" + id + "/file", "text/plain", "x", 415, "application/octet-stream"},
		{"PUT", "/image/v2/images/" + id + "/file", data, strings.Repeat("x", 4097), 413, "4096 bytes are allowed"},
		{"GET", "/image/v2/images/" + id + "/file", "", "", 204, ""},
		{"PUT", "/image/v2/images/" + id + "/file", data, "hello", 204, ""},
		{"PUT", "/image/v2/images/" + id + "/file", data, "hello", 409, "from active to saving is not allowed"},
		{"GET", "/image/v2/images/" + id, "", "", 200, `"checksum":"5d41402abc4b2a76b9719d911017c592"`},
		{"GET", "/image/v2/images/" + id + "/file", "", "", 200, "hello"},
		{"POST", "/image/v2/images/" + id + "/import", "", `{"method": {"name": "web-download", "uri": "file:///etc/shadow"}}`, 400, "http://"},
		{"POST", "/image/v2/images/" + id + "/import", "", `{"method": {"name": "web-download", "uri": "https://u:******@h/i"}}`, 400, "is not one"},
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
		{"POST", "/image/v2/images", "", `{"id": "` + id + `", "disk_format": "raw"}`, 201, ""},
		{"PUT", "/image/v2/images/" + id + "/file", data, "QFI\xfb" + strings.Repeat("\x00", 1020), 400, "--disk-format qcow2"},
		{"GET", "/image/v2/images/" + id, "", "", 200, `"status":"killed"`},
		{"DELETE", "/image/v2/images/" + id, "", "", 204, ""},
		{"POST", "/image/v2/images", "", `{"id": "` + id + `"}`, 201, ""},
		{"PUT", "/image/v2/images/" + id + "/file", data, "<!DOCTYPE html><title>Log in</title>", 400, "an HTML page"},
		{"DELETE", "/image/v2/images/" + id, "", "", 204, ""},
		{"POST", "/image/v2/images", "", `{"id": "` + id + `"}`, 201, ""},
		{"PUT", "/image/v2/images/" + id + "/file", data, "hello", 204, ""},
		{"GET", "/image/v2/images/" + id, "", "", 200, `"disk_format":"raw"`},
		{"DELETE", "/image/v2/images/" + id, "", "", 204, ""},
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
