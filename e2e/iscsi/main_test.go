// Package iscsi_test holds `ironhook iscsi export` against initiators that are not
// ours: libiscsi's conformance suite, one that remembers what it was promised while the
// server is killed under it, a thousand at once, and ten thousand that talk nonsense.
package iscsi_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ironhook/e2e/lab"
)

func TestMain(m *testing.M) { os.Exit(lab.RunTests(m.Run)) }

// exporter is a running `ironhook iscsi export`.
type exporter struct {
	t      testing.TB
	cmd    *exec.Cmd
	log    *os.File
	portal string // ADDR:PORT
	target string // name
	exited chan struct{}
}

// program builds ironhook once for all tests.
var program = sync.OnceValues(func() (string, error) { return lab.Build(context.Background()) })

// needsPeers skips a short run, and fails when a peer is not installed.
func needsPeers(t *testing.T, peers map[string]string) {
	t.Helper()
	if testing.Short() {
		t.Skip("runs the real program against real peers")
	}
	for command, pkg := range peers {
		if _, err := exec.LookPath(command); err != nil {
			t.Fatalf("%s is missing: apt-get install %s", command, pkg)
		}
	}
}

// export starts the program on a port of its own; args are options and files. It is
// stopped when the test ends.
func export(t testing.TB, args ...string) *exporter {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.CreateTemp(t.TempDir(), "export-*.log")
	if err != nil {
		t.Fatal(err)
	}
	e := &exporter{t: t, log: log, exited: make(chan struct{})}
	e.cmd = exec.Command(path, append([]string{"iscsi", "export", "--listen", "127.0.0.1:0"}, args...)...) // a later --listen wins
	e.cmd.Stderr = log
	out, err := e.cmd.StdoutPipe()
	if err == nil {
		err = e.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	url, err := bufio.NewReader(out).ReadString('\n')
	go func() {
		defer close(e.exited)
		io.Copy(io.Discard, out)
		e.cmd.Wait()
	}()
	t.Cleanup(e.stop)
	rest, ok := strings.CutPrefix(strings.TrimSpace(url), "iscsi://")
	parts := strings.Split(rest, "/")
	if err != nil || !ok || len(parts) != 3 {
		e.kill()
		text, _ := os.ReadFile(log.Name())
		t.Fatalf("export printed %q, %v, want a URL\n%s", url, err, text)
	}
	e.portal, e.target = parts[0], parts[1]
	return e
}

// kill ends the program without warning.
func (e *exporter) kill() {
	e.cmd.Process.Kill()
	<-e.exited
}

// stop asks the program to end, and checks that it does so in order.
func (e *exporter) stop() {
	e.cmd.Process.Signal(unix.SIGTERM)
	select {
	case <-e.exited:
	case <-time.After(30 * time.Second):
		e.t.Error("export does not end after SIGTERM")
		e.kill()
	}
	e.log.Close()
}

// url is LUN 0 for libiscsi; auth is "" or "user%secret@".
func (e *exporter) url(auth string) string {
	return fmt.Sprintf("iscsi://%s%s/%s/0", auth, e.portal, e.target)
}

// memory returns a figure from the program's /proc status in MiB, VmRSS or VmHWM.
func (e *exporter) memory(field string) int {
	e.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", e.cmd.Process.Pid))
	if err != nil {
		e.t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, field+":"); ok {
			var kib int
			if _, err := fmt.Sscan(rest, &kib); err == nil {
				return kib >> 10
			}
		}
	}
	e.t.Fatalf("no %s in /proc status", field)
	return 0
}

// diskImage makes an empty image file.
func diskImage(t testing.TB, size int64) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "disk.raw")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
	return path
}

// secret makes a file with a CHAP secret.
func secret(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
