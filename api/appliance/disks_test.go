package applianceapi

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ironhook/volume"
)

// room is a directory of volumes behind the API: an image of a MiB of the letter g and
// a clone of it.
func room(t *testing.T) (base, dir string) {
	t.Helper()
	dir = t.TempDir()
	d, err := volume.Open(dir, volume.Reserve(0))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	if _, err := d.Import(t.Context(), "golden", bytes.NewReader(bytes.Repeat([]byte("g"), 1<<20))); err != nil {
		t.Fatal(err)
	}
	if err := d.Clone("golden", "clone", 2<<20); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(New(Config{Volumes: d, Users: func(_ context.Context, id string) ([]string, error) { return users[id], nil },
		Tidy: func() {}, Log: slog.New(slog.DiscardHandler)}))
	t.Cleanup(server.Close)
	return server.URL + "/ironhook/v1/disks/", dir
}

// users are those that have the disks of a room.
var users = map[string][]string{"clone": {"pc-07"}}

func ask(t *testing.T, method, url string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	reply, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(reply.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply.StatusCode, string(text)
}

func TestAnswers(t *testing.T) {
	base, _ := room(t)
	for _, c := range []struct {
		method, path string
		status       int
		want         string // the beginning of it
	}{
		{"GET", "clone/usage", 200, `{"own":4096,"shared":1048576,"users":["pc-07"],"virtual":2097152}`},
		{"GET", "golden/usage", 200, `{"own":0,"shared":1048576,"users":[],"virtual":1048576}`},
		{"POST", "clone/verify", 200, `{"damage":[]}`},
		{"GET", "clone/file", 200, strings.Repeat("g", 1<<20) + strings.Repeat("\x00", 1<<20)},
		{"GET", "golden/file?format=qcow2", 200, "QFI\xfb\x00\x00\x00\x03"},
		{"GET", "golden/file?format=vmdk", 400, `{"error":{"code":400,"message":"export golden as \"vmdk\": unknown format."`},
		{"GET", "nope/usage", 404, `{"error":{"code":404,"message":"There is no volume, snapshot or image nope."`},
		{"POST", "nope/verify", 404, `{"error":`},
		{"GET", "..%2f..%2fetc/file", 404, `{"error":`},
		{"GET", "nope", 404, ""},
	} {
		status, text := ask(t, c.method, base+c.path)
		if status != c.status || !strings.HasPrefix(text, c.want) {
			t.Errorf("%s %s = %d %.100q, want %d %.100q", c.method, c.path, status, text, c.status, c.want)
		}
	}
}

// TestDamageIsNamed flips a bit of the image below the clone.
func TestDamageIsNamed(t *testing.T) {
	base, dir := room(t)
	layers, err := filepath.Glob(filepath.Join(dir, "layers", "*.raw"))
	if err != nil || len(layers) != 1 {
		t.Fatalf("layers = %v, %v, want the image's", layers, err)
	}
	f, err := os.OpenFile(layers[0], os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte("G"), 200_000); err != nil {
		t.Fatal(err)
	}
	_, text := ask(t, "POST", base+"clone/verify")
	if want := `"offset":196608,"length":65536,"what":"does not match its checksum"}]}`; !strings.Contains(text, want) {
		t.Errorf("verify = %s, want %s", text, want)
	}
}
