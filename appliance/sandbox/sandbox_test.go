package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// What cannot be taken back is tried in a process of its own: this binary, started with the
// directory in which it may write.
const dirVariable = "SANDBOX_TEST_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(dirVariable); dir != "" {
		os.Exit(inside(dir))
	}
	os.Exit(m.Run())
}

// tried are the outcomes of what a process in the sandbox tried, "" for success.
type tried struct {
	Report Report
	Tried  map[string]string
	Status string // /proc/self/status of a program that it started
}

func inside(dir string) int {
	out := tried{Tried: map[string]string{}}
	threads, stop := idleThreads(8)
	report, err := Enter(Policy{Dirs: []string{dir}})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	out.Report = report
	attempts := map[string]func() error{
		"write inside": func() error { return os.WriteFile(filepath.Join(dir, "file"), nil, 0o600) },
		"move inside": func() error {
			return errors.Join(os.Mkdir(filepath.Join(dir, "a"), 0o700), os.Rename(filepath.Join(dir, "file"), filepath.Join(dir, "a", "file")))
		},
		"delete inside":    func() error { return os.RemoveAll(filepath.Join(dir, "a")) },
		"write outside":    func() error { return os.WriteFile(filepath.Join(dir, "..", "escaped"), nil, 0o600) },
		"delete outside":   func() error { return os.Remove(filepath.Join(dir, "..", "witness")) },
		"truncate outside": func() error { return os.Truncate(filepath.Join(dir, "..", "witness"), 0) },
		"read outside":     func() error { _, err := os.ReadFile(filepath.Join(dir, "..", "witness")); return err },
		"raw socket": func() error {
			fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_UDP)
			if err == nil {
				err = unix.Close(fd)
			}
			return err
		},
		"change owner":   func() error { return os.Chown(filepath.Join(dir, "..", "witness"), 12345, 12345) },
		"become another": func() error { return unix.Setuid(12345) },
		"unshare":        func() error { return unix.Unshare(unix.CLONE_NEWUSER) },
		"mount":          func() error { return unix.Mount("none", dir, "tmpfs", 0, "") },
		"trace":          func() error { return unix.PtraceSeize(os.Getppid()) },
		"shell writes outside": func() error {
			return exec.Command("/bin/sh", "-c", "echo >"+filepath.Join(dir, "..", "escaped")).Run()
		},
	}
	names := []string{"write inside", "move inside", "delete inside"}
	for name := range attempts {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, name := range names {
		out.Tried[name] = words(attempts[name]())
	}
	out.Tried["other threads mount"] = words(threads(func() error { return unix.Mount("none", dir, "tmpfs", 0, "") }))
	out.Tried["other threads write outside"] = words(threads(attempts["write outside"]))
	stop()
	status, err := exec.Command("cat", "/proc/self/status").Output()
	out.Status, out.Tried["run a program"] = string(status), words(err)
	if err := json.NewEncoder(os.Stdout).Encode(out); err != nil {
		return 1
	}
	return 0
}

func words(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// idleThreads starts threads before the sandbox is entered. run has each of them try f; its
// error is nil if one of them succeeded.
func idleThreads(n int) (run func(f func() error) error, stop func()) {
	work, done := make(chan func() error), make(chan error)
	var ready sync.WaitGroup
	ready.Add(n)
	for range n {
		go func() {
			runtime.LockOSThread()
			ready.Done()
			for f := range work {
				done <- f()
			}
		}()
	}
	ready.Wait()
	return func(f func() error) error {
		go func() {
			for range n {
				work <- f
			}
		}()
		var all []error
		for range n {
			all = append(all, <-done)
		}
		if slices.Contains(all, nil) {
			return nil
		}
		return all[0]
	}, func() { close(work) }
}

// TestSandbox tries what a process that was taken over would.
func TestSandbox(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	if err := errors.Join(os.Mkdir(data, 0o700), os.WriteFile(filepath.Join(dir, "witness"), []byte("here"), 0o600)); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), dirVariable+"="+data)
	cmd.Stderr = os.Stderr
	printed, err := cmd.Output()
	var out tried
	if err != nil || json.Unmarshal(printed, &out) != nil {
		t.Fatalf("in the sandbox: %v\n%s", err, printed)
	}
	t.Log(out.Report)
	if len(out.Report.Missing) > 0 {
		t.Fatalf("this kernel does not offer %v", out.Report.Missing)
	}
	for _, name := range []string{"write inside", "move inside", "delete inside", "read outside", "run a program"} {
		if out.Tried[name] != "" {
			t.Errorf("%s: %s", name, out.Tried[name])
		}
	}
	for name, sentence := range map[string]string{
		"write outside": "permission denied", "delete outside": "permission denied", "truncate outside": "permission denied",
		"change owner": "operation not permitted", "become another": "operation not permitted", "unshare": "operation not permitted",
		"mount": "operation not permitted", "trace": "operation not permitted", "shell writes outside": "exit status",
		"other threads mount": "operation not permitted", "other threads write outside": "permission denied",
	} {
		if !strings.Contains(out.Tried[name], sentence) {
			t.Errorf("%s: %q, want %q", name, out.Tried[name], sentence)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "escaped")); err == nil {
		t.Error("a file was written outside")
	}
	for _, line := range []string{"NoNewPrivs:\t1", "Seccomp:\t2", "CapAmb:\t0000000000000000"} {
		if !strings.Contains(out.Status, line) {
			t.Errorf("a program that it starts has not %q:\n%s", line, out.Status)
		}
	}
	if os.Geteuid() != 0 {
		return
	}
	if got := out.Report.Capabilities; !slices.Equal(got, []string{"cap_net_bind_service", "cap_net_raw"}) || out.Tried["raw socket"] != "" {
		t.Errorf("capabilities %q, raw socket %q", got, out.Tried["raw socket"])
	}
	if want := "CapBnd:\t0000000000002400"; !strings.Contains(out.Status, want) {
		t.Errorf("a program that it starts has not %q:\n%s", want, out.Status)
	}
}

// TestForeign: only a directory of somebody else makes root keep its right to write.
func TestForeign(t *testing.T) {
	dir := t.TempDir()
	if foreign([]string{dir}) {
		t.Error("our own directory is somebody else's")
	}
	if other := "/proc/1"; os.Geteuid() != 0 && !foreign([]string{dir, other}) {
		t.Errorf("%s is ours", other)
	}
	if os.Geteuid() == 0 {
		if err := os.Chown(dir, 12345, 12345); err != nil {
			t.Fatal(err)
		}
		if !foreign([]string{dir}) {
			t.Error("somebody else's directory is ours")
		}
	}
}
