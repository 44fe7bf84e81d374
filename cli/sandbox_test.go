package cli_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestServeIsConfined: every thread of a running appliance has given up new privileges, system
// calls and, as root, all capabilities but two; and none of it with --sandbox off.
func TestServeIsConfined(t *testing.T) {
	for mode, filter := range map[string]string{"auto": "Seccomp:\t2", "off": "Seccomp:\t0"} {
		r := start(t, t.TempDir(), "--sandbox", mode)
		threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", r.Process.Pid))
		if err != nil || len(threads) < 2 {
			t.Fatalf("threads %v, %v", threads, err)
		}
		for _, path := range threads {
			status, err := os.ReadFile(path)
			if os.IsNotExist(err) {
				continue // a thread may end
			}
			lines := []string{filter}
			if mode == "auto" {
				lines = append(lines, "NoNewPrivs:\t1", "CapAmb:\t0000000000000000")
			}
			if mode == "auto" && os.Geteuid() == 0 {
				lines = append(lines, "CapPrm:\t0000000000002400", "CapBnd:\t0000000000002400")
			}
			for _, line := range lines {
				if err != nil || !strings.Contains(string(status), line+"\n") {
					t.Errorf("sandbox %s: %s has not %q (%v):\n%s", mode, path, line, err, status)
				}
			}
		}
	}
}
