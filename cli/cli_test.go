package cli_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"ironhook/cli"
	"ironhook/store"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

// TestMain makes this test binary the program itself where a script runs ironhook.
// legal stands in for the texts at the root of the repository.
var legal = fstest.MapFS{
	"LICENSE":        {Data: []byte("of the program\n")},
	"NOTICE":         {Data: []byte("what is in it\n")},
	"licenses/a.txt": {Data: []byte("of module a\n")},
}

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"ironhook": func() {
			schema, err := os.ReadFile(os.Getenv("SCHEMA"))
			if err != nil {
				panic(err)
			}
			os.Exit(cli.Main(context.Background(), "test", cli.Embedded{Schema: string(schema), Legal: legal}, os.Args[1:]))
		},
		"refused": func() { os.Exit(refused()) },
	})
}

// verdict says what is wrong with how ironhook answered a mistake: it wants status 2,
// nothing on standard output, and one line on standard error.
func verdict(err error, out, complaint string) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 2 && out == "" && strings.Count(complaint, "\n") == 1 {
		return nil
	}
	return fmt.Errorf("ended with %v, printed %q and complained %q; want exit status 2, nothing, and one line", err, out, complaint)
}

// mistake runs ironhook with the words behind the first, which must be a mistake whose
// complaint matches the first.
func mistake(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec("ironhook", args[1:]...)
	complaint := ts.ReadFile("stderr")
	ts.Check(verdict(err, ts.ReadFile("stdout"), complaint))
	if !regexp.MustCompile("(?m)" + args[0]).MatchString(complaint) {
		ts.Fatalf("no match for %q in %q", args[0], complaint)
	}
}

// refused is a program, for a shell within a script, that runs ironhook with its own
// arguments, which must be a mistake. What the complaint says is looked at elsewhere.
func refused() int {
	var out, complaint strings.Builder
	cmd := exec.Command("ironhook", os.Args[1:]...)
	cmd.Stdout, cmd.Stderr = &out, io.MultiWriter(&complaint, os.Stderr)
	if err := verdict(cmd.Run(), out.String(), complaint.String()); err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

func schemaFile(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs("../schema.sql")
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// TestScripts runs the stories in testdata: what a person types and reads.
func TestScripts(t *testing.T) {
	schema := schemaFile(t)
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			e.Setenv("SCHEMA", schema)
			e.Setenv("UNSHARE", map[bool]string{true: "unshare -mn", false: "unshare -rmn"}[os.Geteuid() == 0])
			e.Setenv("NETWORK", "ip link add br0 type bridge && ip address add 10.77.0.1/24 dev br0 && ip link set br0 up")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"busy": busy, "database": database, "locked": locked, "mistake": mistake},
	})
}

// database makes a database at a path: new, damaged, or of a newer program.
func database(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	ts.Check(os.RemoveAll(path))
	schema, err := os.ReadFile(ts.Getenv("SCHEMA"))
	ts.Check(err)
	s, err := store.Open(context.Background(), path, string(schema))
	ts.Check(err)
	ts.Check(s.Close())
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	ts.Check(err)
	switch args[1] {
	case "damaged": // its second page: a table
		_, err = file.WriteAt(bytes.Repeat([]byte{0xff}, 4096), 4096)
	case "newer": // the user version in the header (SQLite file format, section 1.3)
		_, err = file.WriteAt([]byte{0, 0, 0, 99}, 60)
	}
	ts.Check(errors.Join(err, file.Close()))
}

// locked holds the lock of a data directory for the rest of the script, as another
// appliance would.
func locked(ts *testscript.TestScript, _ bool, args []string) {
	file, err := os.Create(filepath.Join(ts.MkAbs(args[0]), "lock"))
	ts.Check(err)
	ts.Defer(func() { file.Close() })
	ts.Check(unix.Flock(int(file.Fd()), unix.LOCK_EX))
}

// busy holds a TCP port for the rest of the script and puts its address into an
// environment variable.
func busy(ts *testscript.TestScript, _ bool, args []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { l.Close() })
	ts.Setenv(args[0], l.Addr().String())
}

// running is an appliance that a test started.
type running struct {
	*exec.Cmd
	password, ready string
	log             bytes.Buffer // to be read when it has ended
}

// start runs the appliance on free ports of the loopback and waits until it says
// that it is ready.
func start(t *testing.T, data string, more ...string) *running {
	t.Helper()
	args := append([]string{"serve", "--data", data, "--api", "127.0.0.1:0", "--iscsi", "127.0.0.1:0", "--http", "127.0.0.1:0"}, more...)
	r := &running{Cmd: exec.CommandContext(t.Context(), "ironhook", args...)}
	r.Env = append(os.Environ(), "SCHEMA="+schemaFile(t))
	r.Stderr = &r.log
	out, err := r.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if _, rest, ok := strings.Cut(lines.Text(), "password "); ok {
			r.password, _, _ = strings.Cut(rest, " ")
		}
		if rest, ok := strings.CutPrefix(lines.Text(), "ready: "); ok {
			r.ready = rest
			go io.Copy(io.Discard, out) //nolint:errcheck // ends with the process
			return r
		}
	}
	_ = r.Wait()
	t.Fatalf("the appliance ended before it was ready:\n%s", r.log.String())
	return nil
}

// url is where the API of a running appliance is.
func (r *running) url(t *testing.T) string {
	t.Helper()
	_, url, ok := strings.Cut(r.ready, "api ")
	if !ok {
		t.Fatalf("ready line %q does not contain the URL of the API", r.ready)
	}
	return url
}

// status asks the API for a path.
func (r *running) status(t *testing.T, path string) int {
	t.Helper()
	status, _ := r.call(t, http.MethodGet, path, "")
	return status
}

// call asks the API, as admin where there is a password.
func (r *running) call(t *testing.T, method, path, body string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, r.url(t)+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-OpenStack-Ironic-API-Version", "1.82")
	request.Header.Set("OpenStack-API-Version", "volume 3.71")
	request.Header.Set("Content-Type", "application/json")
	if r.password != "" {
		request.SetBasicAuth("admin", r.password)
	}
	return answer(t, http.DefaultClient, request)
}

func answer(t *testing.T, client *http.Client, request *http.Request) (int, string) {
	t.Helper()
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

func TestServeAsksForThePasswordItHasShown(t *testing.T) {
	data := t.TempDir()
	r := start(t, data)
	if got := r.status(t, "/v1/nodes"); got != http.StatusOK {
		t.Errorf("with the password shown: %d, want 200", got)
	}
	hashed, err := os.ReadFile(filepath.Join(data, "htpasswd"))
	if err != nil || strings.Contains(string(hashed), r.password) || !strings.HasPrefix(string(hashed), "admin:$2") {
		t.Errorf("htpasswd = %q (%v), want admin with a bcrypt digest", hashed, err)
	}
	r.password = ""
	if got := r.status(t, "/v1/nodes"); got != http.StatusUnauthorized {
		t.Errorf("without a password: %d, want 401", got)
	}
	stop(t, r)
	// The second start shows nothing.
	if again := start(t, data); again.password != "" {
		t.Errorf("second start shows password %q, want none", again.password)
	} else {
		stop(t, again)
	}
}

func TestServeEndsWellOnSIGTERM(t *testing.T) {
	r := start(t, t.TempDir(), "--auth", "none")
	if got := r.status(t, "/v1/nodes"); got != http.StatusOK {
		t.Errorf("with --auth none: %d, want 200", got)
	}
	stop(t, r)
}

func TestServeHTTPSWithACertificateOfItsOwn(t *testing.T) {
	data := t.TempDir()
	var kept []byte
	for range 2 { // the second start finds what the first has made
		r := start(t, data, "--auth", "none", "--tls-cert", "self")
		cert, err := os.ReadFile(filepath.Join(data, "tls.crt"))
		if err != nil || kept != nil && !bytes.Equal(cert, kept) {
			t.Fatalf("certificate changed or is missing: %v", err)
		}
		kept = cert
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(cert)
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.url(t)+"/v1", nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, text := answer(t, client, request); !strings.Contains(text, `"`+r.url(t)+`/v1/nodes/"`) {
			t.Errorf("GET /v1 = %s, want links to %s", text, r.url(t))
		}
		client.CloseIdleConnections()
		stop(t, r)
	}
	info, err := os.Stat(filepath.Join(data, "tls.key"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("tls.key: mode %v (%v), want 0600", info.Mode(), err)
	}
}

// stop ends an appliance as an init system does and wants status 0.
func stop(t *testing.T, r *running) {
	t.Helper()
	if err := r.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := r.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v, want status 0", err)
	}
}

func TestKilledApplianceLeavesNothingInTheWay(t *testing.T) {
	data := t.TempDir()
	r := start(t, data, "--auth", "none")
	if err := r.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := r.Wait(); err == nil {
		t.Error("a killed process ended with status 0")
	}
	stop(t, start(t, data, "--auth", "none"))
}
