// Package attack_test does to the real program what an attacker, or a bad day, does to it.
package attack_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ironhook/e2e/lab"
)

func TestMain(m *testing.M) { os.Exit(lab.RunTests(m.Run)) }

// victim is a running program.
type victim struct {
	*testing.T
	url, password string
	boot          string // address of the boot files
	out           *output
	process       *os.Process
	dir           string
}

var (
	readyLine    = regexp.MustCompile(`(?m)^ready:.* api (http://[^,\s]+)`)
	bootLine     = regexp.MustCompile(`(?m)^ready: boot http://([^,\s]+)`)
	passwordLine = regexp.MustCompile(`user admin, password (\S+)`)
)

// output collects what a program prints; printed hears of each piece.
type output struct {
	mu      sync.Mutex
	text    bytes.Buffer
	printed chan struct{}
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	select {
	case o.printed <- struct{}{}:
	default:
	}
	return o.text.Write(p)
}

func (o *output) find(r *regexp.Regexp) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if found := r.FindSubmatch(o.text.Bytes()); found != nil {
		return string(found[1])
	}
	return ""
}

// start runs the program on loopback, with its data in dir.
func start(t *testing.T, dir string, more ...string) *victim {
	t.Helper()
	if testing.Short() {
		t.Skip("runs the whole program")
	}
	program, err := lab.Build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out := &output{printed: make(chan struct{}, 1)}
	// outlives the test's own context, to end in order
	cmd := exec.CommandContext(context.Background(), program, append([]string{"serve", "--data", dir, "--dhcp", "off",
		"--api", "127.0.0.1:0", "--http", "127.0.0.1:0", "--iscsi", "127.0.0.1:0"}, more...)...)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		err := cmd.Process.Signal(syscall.SIGTERM)
		if err = errors.Join(err, <-ended); err != nil || t.Failed() {
			t.Logf("ironhook: %v\n%s", err, out.text.String())
		}
	})
	patience := time.After(time.Minute)
	for out.find(readyLine) == "" {
		select {
		case <-out.printed:
		case <-patience:
			t.Fatal("the program does not become ready")
		}
	}
	return &victim{t, out.find(readyLine), out.find(passwordLine), out.find(bootLine), out, cmd.Process, dir}
}

// do sends a request with a password, "" for none.
func (v *victim) do(password, method, path, kind, body string) (int, string) {
	v.Helper()
	r, err := http.NewRequestWithContext(v.Context(), method, v.url+path, strings.NewReader(body))
	if err != nil {
		v.Fatal(err)
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	if password != "" {
		r.SetBasicAuth("admin", password)
	}
	r.Header.Set("X-OpenStack-Ironic-API-Version", "1.87")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		v.Fatal(err)
	}
	defer res.Body.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(res.Body)
	if err != nil {
		v.Fatal(err)
	}
	return res.StatusCode, string(text)
}

const asJSON = "application/json"

// TestDiskFull fills the disk of the data directory. Every API that writes says so with
// 507, /readyz names the cause, /healthz stays alive, and all goes on when there is room.
func TestDiskFull(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "mode=700,size=48m"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) }) // the namespace ends with the tests anyway
	v := start(t, dir, "--auth", "none")
	if status, text := v.do("", "GET", "/readyz", "", ""); status != 503 || !strings.Contains(text, "is reserved for the database") ||
		!strings.Contains(text, `"database":"ok"`) {
		t.Errorf("GET /readyz below the floor of the volumes = %d %s", status, text)
	}
	if status, text := v.do("", "POST", "/v1/nodes", asJSON, `{"name": "pc", "driver": "fake-hardware"}`); status != 201 {
		t.Fatalf("a node before the disk is full: %d %s", status, text)
	}
	filler := filepath.Join(dir, "filler")
	f, err := os.Create(filler)
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	if closed := f.Close(); closed != nil || !errors.Is(err, unix.ENOSPC) {
		t.Fatal(err, closed)
	}
	large := strings.Repeat("x", 60_000)
	for range 2000 { // the log of the database has room of its own
		if status, _ := v.do("", "POST", "/v1/nodes", asJSON, `{"driver": "fake-hardware", "extra": {"x": "`+large+`"}}`); status != 201 {
			break
		}
	}
	for _, c := range []struct{ method, path, kind, body string }{
		{"POST", "/v1/nodes", asJSON, `{"driver": "fake-hardware", "extra": {"x": "` + large + `"}}`},
		{"PATCH", "/v1/nodes/pc", "application/json-patch+json", `[{"op": "add", "path": "/extra/x", "value": "` + large + `"}]`},
		{"POST", "/image/v2/images", asJSON, `{"name": "i", "disk_format": "raw", "container_format": "bare", "x": "` + large + `"}`},
		{"POST", "/volume/v3/volumes", asJSON, `{"volume": {"size": 1, "name": "v", "metadata": {"x": "` + large[:200] + `"}}}`},
	} {
		status, text := v.do("", c.method, c.path, c.kind, c.body)
		if status != http.StatusInsufficientStorage || !strings.Contains(text, "full") && !strings.Contains(text, "space") {
			t.Errorf("%s %s on a full disk = %d %.300s, want 507 with the cause", c.method, c.path, status, text)
		}
	}
	if status, text := v.do("", "GET", "/healthz", "", ""); status != 200 || !strings.Contains(text, "alive") {
		t.Errorf("GET /healthz on a full disk = %d %s", status, text)
	}
	v.wait("/readyz", "no space left on device")
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	v.wait("/readyz", `"database":"ok"`)
	if status, text := v.do("", "POST", "/v1/nodes", asJSON, `{"driver": "fake-hardware"}`); status != 201 {
		t.Errorf("a node when there is room again: %d %s", status, text)
	}
}

// wait asks until the answer has what is wanted.
func (v *victim) wait(path, want string) string {
	v.Helper()
	tick, patience := time.NewTicker(100*time.Millisecond), time.After(time.Minute)
	defer tick.Stop()
	for {
		_, text := v.do(v.password, "GET", path, "", "")
		if strings.Contains(text, want) {
			return text
		}
		select {
		case <-tick.C:
		case <-patience:
			v.Fatalf("GET %s has no %q: %s", path, want, text)
		}
	}
}

// TestImportFromInside has images imported from what only the appliance can reach, its own
// API among them.
func TestImportFromInside(t *testing.T) {
	v := start(t, t.TempDir())
	asked := make(chan string, 100)
	inside := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked <- r.URL.Path }))
	defer inside.Close()
	port := inside.URL[strings.LastIndexByte(inside.URL, ':'):]
	for _, from := range []string{
		inside.URL, v.url + "/healthz", "http://localhost" + port, "http://0.0.0.0" + port, "http://[::ffff:127.0.0.1]" + port,
		"http://[64:ff9b::7f00:1]" + port, "http://127.1.2.3" +
			port, "http://169.254.169.254/latest/meta-data", "http://10.77.0.1/", "http://[fe80::1]/",
	} {
		_, text := v.do(v.password, "POST", "/image/v2/images", asJSON, `{"name": "i", "disk_format": "raw", "container_format": "bare"}`)
		var made struct{ ID string }
		if err := json.Unmarshal([]byte(text), &made); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		uri, _ := json.Marshal(from + "?token=hunter2")
		if status, text := v.do(v.password, "POST", "/image/v2/images/"+made.ID+"/import", asJSON,
			`{"method": {"name": "web-download", "uri": `+string(uri)+`}}`); status != 202 {
			t.Errorf("import from %s = %d %s", from, status, text)
			continue
		}
		if text := v.wait("/image/v2/images/"+made.ID, `"status":"killed"`); !strings.Contains(text, "import-from") ||
			strings.Contains(text, "hunter2") {
			t.Errorf("import from %s: %s, want the option that allows it and no secret", from, text)
		}
	}
	if len(asked) > 0 {
		t.Errorf("the server inside was asked for %s", <-asked)
	}
}

// TestGuessing sends wrong passwords at once. Few are compared, and a client whose password
// was right before goes on.
func TestGuessing(t *testing.T) {
	v := start(t, t.TempDir())
	if status, text := v.do(v.password, "GET", "/v1/nodes", "", ""); status != 200 {
		t.Fatalf("the right password = %d %s", status, text)
	}
	var group sync.WaitGroup
	var mu sync.Mutex
	count := map[int]int{}
	for i := range 200 {
		group.Go(func() {
			status, _ := v.do("wrong"+strings.Repeat("x", i), "GET", "/v1/nodes", "", "")
			mu.Lock()
			count[status]++
			mu.Unlock()
		})
	}
	group.Wait()
	if count[401] == 0 || count[401] > 10 || count[401]+count[429] != 200 {
		t.Errorf("answers to 200 wrong passwords by status: %v, want at most ten of 401, else 429", count)
	}
	if status, text := v.do(v.password, "GET", "/v1/nodes", "", ""); status != 200 {
		t.Errorf("the right password after that = %d %s", status, text)
	}
}
