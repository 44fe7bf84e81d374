// Package cli_test drives the real program with the stock command line clients,
// "openstack baremetal" and "baremetal", as Debian packages them. The scripts in
// testdata hold every command of the two guides, with the output it must have.
package cli_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"ironhook/e2e/lab"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/crypto/bcrypt"
)

func TestMain(m *testing.M) { os.Exit(lab.RunTests(m.Run)) }

const user, password = "operator", "correct horse"

// scripts are what runs without authentication and with a password.
var scripts = map[string][]string{
	"none":       {"volume", "nodes", "provision", "ports", "rest"},
	"http_basic": {"volume", "nodes", "provision", "ports", "rest", "password"},
}

// TestCommandLine runs the scripts.
func TestCommandLine(t *testing.T) {
	if testing.Short() {
		t.Skip("drives OpenStack's command line clients")
	}
	for _, client := range []string{"openstack", "baremetal"} {
		if _, err := exec.LookPath(client); err != nil {
			t.Fatalf("%v: install python3-openstackclient and python3-ironicclient", err)
		}
	}
	program, err := lab.Build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for auth, names := range scripts {
		var files []string
		for _, name := range names {
			files = append(files, filepath.Join("testdata", name+".txtar"))
		}
		t.Run(auth, func(t *testing.T) {
			url := serve(t, program, auth)
			testscript.Run(t, testscript.Params{Files: files, ContinueOnError: true, Setup: func(e *testscript.Env) error {
				e.Setenv("OS_AUTH_TYPE", auth)
				e.Setenv("OS_ENDPOINT", url)
				if auth == "http_basic" {
					e.Setenv("OS_USERNAME", user)
					e.Setenv("OS_PASSWORD", password)
				}
				e.Setenv("HOME", e.WorkDir)
				return nil
			}})
		})
	}
}

// TestEveryCommand holds the scripts against the client's own list of commands.
func TestEveryCommand(t *testing.T) {
	if testing.Short() {
		t.Skip("asks OpenStack's command line client")
	}
	list, err := exec.CommandContext(t.Context(), "openstack", "command", "list", "-f", "json", "-c", "Commands").Output()
	if err != nil {
		t.Fatalf("ask the client for its commands: %v: install python3-openstackclient and python3-ironicclient", err)
	}
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var text []byte
	for _, file := range files {
		script, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, script...)
	}
	count := 0
	for _, m := range regexp.MustCompile(`"(baremetal [^"]+)"`).FindAllSubmatch(list, -1) {
		count++
		if !bytes.Contains(text, append(m[1], ' ')) && !bytes.Contains(text, append(m[1], '\n')) {
			t.Errorf("no script runs %q", m[1])
		}
	}
	if count < 80 {
		t.Errorf("the client lists %d commands of baremetal, want at least 80", count)
	}
}

// serve starts the program on addresses of its own and returns the API's.
func serve(t *testing.T, program, auth string, more ...string) string {
	t.Helper()
	dir := t.TempDir()
	digest, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "htpasswd"), fmt.Appendf(nil, "%s:%s\n", user, digest), 0o600); err != nil {
		t.Fatal(err)
	}
	var at [3]string
	for i := range at {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		at[i] = l.Addr().String()
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	var log bytes.Buffer
	cmd := exec.CommandContext(context.Background(), program, "serve", "--data", dir, "--auth", auth, "--dhcp", "off",
		"--api", at[0], "--http", at[1], "--iscsi", at[2], "--hardware-types", "fake-hardware,ipmi", "--storage-interfaces",
		"noop,external,iscsi") // outlives the test's own context, to end in order
	cmd.Args = append(cmd.Args, more...) // the last of a flag holds
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		err := errors.Join(cmd.Process.Signal(syscall.SIGTERM), cmd.Wait())
		if err != nil || t.Failed() {
			t.Logf("ironhook: %v\n%s", err, log.String())
		}
	})
	url := "http://" + at[0]
	if err := ready(t.Context(), url); err != nil {
		t.Fatalf("%v\n%s", err, log.String())
	}
	return url
}

func ready(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/healthz", nil)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(r)
		if err == nil {
			if err := resp.Body.Close(); err != nil {
				return err
			}
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("ironhook does not become ready: %s", strings.TrimSpace(fmt.Sprint(err)))
		case <-time.After(50 * time.Millisecond):
		}
	}
}
