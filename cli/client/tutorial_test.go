package client_test

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// TestTutorial types what docs/tutorial.md says, up to the part that boots a virtual machine,
// and reads what it says. make tutorial types all of it, in a clean Debian.
func TestTutorial(t *testing.T) {
	text, err := os.ReadFile("../../docs/tutorial.md")
	if err != nil {
		t.Fatal(err)
	}
	schema, err := filepath.Abs("../../schema.sql")
	if err != nil {
		t.Fatal(err)
	}
	before, _, found := strings.Cut(string(text), "\n## 6. Boot one\n")
	if !found {
		t.Fatal("the tutorial has no part that boots a machine")
	}
	dir := t.TempDir()
	env := append(os.Environ(), "SCHEMA="+schema, "IRONHOOK_DATA=lab", "COLUMNS=200")
	serve := regexp.MustCompile("(?m)^ironhook (serve .*)$").FindStringSubmatch(before)
	if serve == nil {
		t.Fatal("the tutorial starts no appliance")
	}
	args := strings.Fields(strings.NewReplacer(":6385", ":0", ":3260", ":0").Replace(serve[1])) // another may run here
	cmd := exec.Command("ironhook", append(args, "--http", "127.0.0.1:0")...)
	cmd.Dir, cmd.Env = dir, env
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	for lines := bufio.NewScanner(out); lines.Scan() && !strings.HasPrefix(lines.Text(), "ready:"); {
	}
	typed := 0
	for _, block := range regexp.MustCompile("(?ms)^```console\n(.*?)^```").FindAllStringSubmatch(before, -1) {
		for step := range strings.SplitSeq(strings.TrimPrefix(block[1], "$ "), "\n$ ") {
			line, want, _ := strings.Cut(strings.TrimSuffix(step, "\n"), "\n")
			sh := exec.Command("sh", "-c", line)
			sh.Dir, sh.Env = dir, env
			got, err := sh.CombinedOutput()
			pattern := "^" + strings.ReplaceAll(regexp.QuoteMeta(want), "…", ".*") + "$"
			if err != nil || !regexp.MustCompile(pattern).MatchString(strings.TrimSuffix(string(got), "\n")) {
				t.Fatalf("$ %s\n%s%v\nwant\n%s", line, got, err, want)
			}
			typed++
		}
	}
	if typed < 8 {
		t.Errorf("%d lines were typed", typed)
	}
}
