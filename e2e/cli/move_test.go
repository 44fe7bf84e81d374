package cli_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"ironhook/e2e/ironic"
	"ironhook/e2e/lab"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMove moves machines out of Debian's Ironic into an appliance, from there into another, and
// back, with export and apply.
func TestMove(t *testing.T) {
	if testing.Short() {
		t.Skip("starts Debian's Ironic")
	}
	program, err := lab.Build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	if err := os.Symlink(program, filepath.Join(bin, "ironhook")); err != nil { // whatever its file is called
		t.Fatal(err)
	}
	urls := map[string]string{"IRONIC": startIronic(t), "OURS": serve(t, program, "none"), "OTHER": serve(t, program, "none")}
	testscript.Run(t, testscript.Params{Dir: "testdata/move", Setup: func(e *testscript.Env) error {
		for name, url := range urls {
			e.Setenv(name, url)
		}
		e.Setenv("PATH", bin+":"+os.Getenv("PATH"))
		return nil
	}})
}

// startIronic runs Debian's Ironic until the test ends, and returns its URL.
func startIronic(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	argv, err := ironic.Prepare(t.Context(), filepath.Join(t.TempDir(), "ironic"), address)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	cmd := exec.CommandContext(context.Background(), argv[0], argv[1:]...) // outlives the test's own context, to end in order
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		err := errors.Join(cmd.Process.Signal(syscall.SIGTERM), cmd.Wait())
		if t.Failed() {
			t.Logf("ironic: %v\n%s", err, log.String())
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for url := "http://" + address; ; {
		if hasConductor(ctx, url) {
			return url
		}
		select {
		case <-ctx.Done():
			t.Fatalf("Ironic does not become ready:\n%s", log.String())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// hasConductor reports whether a conductor is alive that has the hardware.
func hasConductor(ctx context.Context, url string) bool {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/v1/drivers", nil)
	if err != nil {
		return false
	}
	reply, err := http.DefaultClient.Do(r)
	if err != nil {
		return false
	}
	defer reply.Body.Close()
	var body bytes.Buffer
	_, err = body.ReadFrom(reply.Body)
	return err == nil && bytes.Contains(body.Bytes(), []byte("fake-hardware"))
}
