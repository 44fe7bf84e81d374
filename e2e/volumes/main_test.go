// Package volumes_test holds images and volumes against those they are for. Debian's
// `openstack image` and `openstack volume` commands run unmodified against the real
// program: with the clouds.yaml that the program itself hands out, with and without
// passwords, and to the blocks of a volume by way of iSCSI. And machines boot from one
// golden image of a real distribution.
package volumes_test

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"ironhook/e2e/lab"
)

func TestMain(m *testing.M) {
	if task := os.Getenv(cutterEnv); task != "" {
		os.Exit(beCutter(task))
	}
	os.Exit(lab.RunTests(m.Run))
}

// commandLimit bounds one command; Debian's client takes seconds to load.
const commandLimit = 2 * time.Minute

// cloud is a program that serves, and the client that speaks to it.
type cloud struct {
	version string // of the Bare Metal API; "" is 1.95
	*testing.T
	dir      string
	base     string   // URL
	password string   // of admin, "" for none
	options  []string // of serve, besides the usual ones
	pid      int      // of the program
}

var (
	readyLine    = regexp.MustCompile(`ready:.*api (http://\S+)`)
	passwordLine = regexp.MustCompile(`password\S*[ :=]+"?([^\s"]+)`)
)

// newCloud starts the program on loopback with this kind of authentication.
func newCloud(t *testing.T, program, auth string) *cloud {
	t.Helper()
	c := &cloud{T: t, dir: t.TempDir()}
	c.serve(program, auth)
	return c
}

// serve starts the program, which ends with the test, or when it is killed.
func (c *cloud) serve(program, auth string) (kill func()) {
	c.Helper()
	serve := exec.Command(program, "serve", "--data", filepath.Join(c.dir, "data"), "--auth", auth, //nolint:noctx // ended in order
		"--api", "127.0.0.1:0", "--iscsi", "127.0.0.1:0", "--http", "127.0.0.1:0")
	serve.Args = append(serve.Args, c.options...)
	out, in := io.Pipe()
	serve.Stdout, serve.Stderr = in, in
	serve.WaitDelay = commandLimit
	c.must(serve.Start())
	c.pid = serve.Process.Pid
	killed := false
	c.Cleanup(func() {
		if killed {
			return
		}
		_ = serve.Process.Signal(os.Interrupt) // it may have ended, which Wait reports
		if err := serve.Wait(); err != nil {
			c.Errorf("ironhook: %v", err)
		}
		c.must(in.Close())
	})
	c.base = ""
	c.listen(out)
	return func() {
		c.must(serve.Process.Kill())
		_ = serve.Wait() // "signal: killed"
		killed = true
		c.must(in.Close())
	}
}

// listen reads the program's lines until it is ready, and lets it talk on.
func (c *cloud) listen(out io.Reader) {
	c.Helper()
	lines := bufio.NewScanner(out)
	for c.base == "" && lines.Scan() {
		if m := passwordLine.FindStringSubmatch(lines.Text()); m != nil {
			c.password = m[1]
		}
		if m := readyLine.FindStringSubmatch(lines.Text()); m != nil {
			c.base = strings.TrimSuffix(m[1], ",")
		}
	}
	if c.base == "" {
		c.Fatalf("ironhook does not get ready: %v", lines.Err())
	}
	go io.Copy(io.Discard, out) //nolint:errcheck // until the pipe is closed
}

func (c *cloud) must(err error) {
	c.Helper()
	if err != nil {
		c.Fatal(err)
	}
}

// get fetches a page of the program with its administrator's rights.
func (c *cloud) do(method, path, body string) (status int, text string) {
	c.Helper()
	status, text, err := c.try(method, path, body)
	c.must(err)
	return status, text
}

// try is do of a program that may be killed meanwhile.
func (c *cloud) try(method, path, body string) (status int, text string, err error) {
	c.Helper()
	r, err := http.NewRequestWithContext(c.Context(), method, c.base+path, strings.NewReader(body))
	c.must(err)
	r.Header.Set("OpenStack-API-Version", "volume 3.71")
	r.Header.Set("X-OpenStack-Ironic-API-Version", cmp.Or(c.version, "1.95"))
	if c.password != "" {
		r.SetBasicAuth("admin", c.password)
	}
	reply, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer reply.Body.Close()
	all, err := io.ReadAll(reply.Body)
	return reply.StatusCode, string(all), err
}

// configure writes the clouds.yaml that the program prints on its own machine, as a
// person would. A client on another machine gets the same.
func (c *cloud) configure(program string) {
	c.Helper()
	cmd := exec.CommandContext(c.Context(), program, "clouds")
	cmd.Env = append(os.Environ(), "IRONHOOK_DATA="+filepath.Join(c.dir, "data"))
	printed, err := cmd.Output()
	c.must(err)
	if status, text := c.do("GET", "/ironhook/v1/clouds.yaml", ""); status != http.StatusOK || text != string(printed) {
		c.Errorf("GET clouds.yaml = %d %s, want what ironhook clouds prints: %s", status, text, printed)
	}
	text := strings.ReplaceAll(string(printed), "PASSWORD", c.password)
	c.must(os.WriteFile(filepath.Join(c.dir, "clouds.yaml"), []byte(text), 0o600))
}

// run is one command of Debian's client, words separated by blanks.
func (c *cloud) run(command string) (string, error) {
	ctx, cancel := context.WithTimeout(c.Context(), commandLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "openstack", strings.Fields(command)...)
	cmd.Dir = c.dir
	cmd.Env = append(os.Environ(), "OS_CLOUD=ironhook", "OS_CLIENT_CONFIG_FILE="+filepath.Join(c.dir, "clouds.yaml"))
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// openstack runs a command that must succeed.
func (c *cloud) openstack(command string) string {
	c.Helper()
	out, err := c.run(command)
	if err != nil {
		c.Fatalf("openstack %s: %v\n%s", command, err, out)
	}
	return strings.TrimSpace(out)
}

// refused runs a command that must fail with these words.
func (c *cloud) refused(command, words string) {
	c.Helper()
	out, err := c.run(command)
	if err == nil || !strings.Contains(strings.Join(strings.Fields(out), " "), words) {
		c.Errorf("openstack %s: %v, says %q, want %q", command, err, out, words)
	}
}

// field is one field of what a command shows.
func (c *cloud) field(command, name string) string {
	c.Helper()
	var shown map[string]any
	out := c.openstack(command + " -f json")
	if err := json.Unmarshal([]byte(out), &shown); err != nil {
		c.Fatalf("openstack %s: %v\n%s", command, err, out)
	}
	return fmt.Sprint(shown[name])
}

// expect holds fields of what a command shows against what is wanted.
func (c *cloud) expect(command string, want map[string]string) {
	c.Helper()
	var shown map[string]any
	out := c.openstack(command + " -f json")
	if err := json.Unmarshal([]byte(out), &shown); err != nil {
		c.Fatalf("openstack %s: %v\n%s", command, err, out)
	}
	for name, value := range want {
		if tags, ok := shown[name].([]any); ok { // the client keeps tags in a set, without order
			slices.SortFunc(tags, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
		}
		if got := fmt.Sprint(shown[name]); got != value {
			c.Errorf("openstack %s: %s = %s, want %s", command, name, got, value)
		}
	}
}

// await repeats a command until its field has the value.
func (c *cloud) await(command, name, value string) {
	c.Helper()
	deadline := time.Now().Add(commandLimit)
	for got := ""; got != value; got = c.field(command, name) {
		if time.Now().After(deadline) {
			c.Fatalf("openstack %s: %s is %s, never %s", command, name, got, value)
		}
	}
}
