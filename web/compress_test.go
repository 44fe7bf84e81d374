package web

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"

	"ironhook/baremetal"
)

func TestTakesGzip(t *testing.T) {
	for accept, want := range map[string]bool{
		"": false, "gzip": true, "br, gzip": true, "GZIP;q=0.5": true, "gzip;q=0": false, "gzip; q=0.000": false, "gzip;q=1": true,
		"deflate": false, "x-gzip": false,
	} {
		if got := takesGzip(accept); got != want {
			t.Errorf("takesGzip(%q) = %v, want %v", accept, got, want)
		}
	}
}

// Every page is the same with gzip and without.
func TestPagesAreCompressed(t *testing.T) {
	r := newRoom(t).enter()
	r.enroll(&baremetal.Node{UUID: "node-1", Name: "pc-01"}, "52:54:00:00:00:01")
	for _, path := range []string{"/ui/", "/ui/machines/pc-01", "/ui/volumes", "/ui/static/app.js", "/ui/static/app.css",
		"/ui/machines/nobody"} {
		plain := r.get(path, "Accept-Encoding", "identity")
		packed := r.get(path, "Accept-Encoding", "gzip")
		if got := packed.header.Get("Content-Encoding"); got != "gzip" || packed.status != plain.status ||
			plain.header.Get("Content-Encoding") != "" {
			t.Errorf("%s = %d in %q, want %d in gzip", path, packed.status, got, plain.status)
			continue
		}
		unpacked, err := gzip.NewReader(strings.NewReader(packed.body))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(unpacked)
		if err != nil || len(body) != len(plain.body) || len(packed.body) >= len(body) {
			t.Errorf("%s: %d bytes of %d, %v, want the same in fewer than plain", path, len(body), len(plain.body), err)
		}
	}
	etag := r.get("/ui/static/app.js").header.Get("ETag")
	if a := r.get("/ui/static/app.js", "Accept-Encoding", "gzip", "If-None-Match", etag); a.status != http.StatusNotModified || a.body != "" {
		t.Errorf("what the browser has already = %d with %d bytes, want 304 without", a.status, len(a.body))
	}
	if a := r.do("POST", "/ui/logout", "", "Accept-Encoding", "gzip"); a.status != 303 {
		t.Errorf("logout = %d", a.status)
	}
	if a := r.get("/ui/", "Accept-Encoding", "gzip"); a.status != 303 || a.header.Get("Content-Encoding") != "" {
		t.Errorf("a redirect = %d in %q", a.status, a.header.Get("Content-Encoding"))
	}
}
