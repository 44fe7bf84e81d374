package iscsi_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the conformance golden anew")

// way is one way of talking to the target that the whole suite is run over.
type way struct {
	name  string
	args  []string // of the export
	auth  string
	env   []string
	query string // of the URL
}

// defect names the tests of the suite that no target can pass, and why. Their result is
// not compared.
var defect = map[string]string{
	"iSCSITMF.LUNResetSimpleAsync": "it asserts a flag that its own callback sets later, before any I/O was serviced, and then frees a " +
		"command that is still queued",
}

// The whole suite of libiscsi (iscsi-test-cu of Debian 12, with --dataloss and SANITIZE
// allowed), each test alone, over each way. The golden has one line for each test with
// its result over one and over two paths, and why it is skipped.
func TestConformance(t *testing.T) {
	needsPeers(t, map[string]string{"iscsi-test-cu": "libiscsi-bin"})
	t.Parallel()
	alice, bob := secret(t, "alice", "wonderland12"), secret(t, "bob", "looking-glass")
	mutual := []string{"LIBISCSI_CHAP_TARGET_USERNAME=bob", "LIBISCSI_CHAP_TARGET_PASSWORD=looking-glass"}
	ways := []way{
		{name: "plain"},
		{name: "CHAP", args: []string{"--chap", "alice:" + alice}, auth: "alice%wonderland12@"},
		{name: "mutual CHAP", args: []string{"--chap", "alice:" + alice, "--mutual-chap", "bob:" + bob}, auth: "alice%wonderland12@",
			env: mutual},
		{name: "digests", query: "?header_digest=crc32c"},
	}
	tests := listTests(t)
	golden := readGolden(t)
	var wg sync.WaitGroup
	for _, w := range ways {
		for column, paths := range []string{"one path", "two paths"} {
			wg.Go(func() { // all at once: the suite mostly sleeps
				t.Run(w.name+", "+paths, func(t *testing.T) {
					e := export(t, append(slices.Clone(w.args), diskImage(t, 256<<20))...)
					urls := slices.Repeat([]string{e.url(w.auth) + w.query}, 1+column)
					judgeAll(t, tests, w.env, urls, golden, column)
				})
			})
		}
	}
	wg.Wait()
	if *update {
		golden.write(t, tests)
	}
}

// judgeAll runs the suite over those URLs and holds it against a column of the golden.
func judgeAll(t *testing.T, tests, env, urls []string, golden golden, column int) {
	count := map[string]int{}
	for _, name := range tests {
		got := runTest(t, name, env, urls)
		result, _, _ := strings.Cut(got, " ")
		count[result]++
		if *update {
			golden.set(name, column, got)
		} else if want := golden[name][column]; got != want && defect[name] == "" {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	t.Logf("%d tests: %v", len(tests), count)
}

// A unit that is write-protected: the suite's own test of it, which it skips elsewhere.
func TestConformanceReadOnly(t *testing.T) {
	needsPeers(t, map[string]string{"iscsi-test-cu": "libiscsi-bin"})
	e := export(t, "--read-only", diskImage(t, 256<<20))
	if got := runTest(t, "ReadOnly.ReadOnlySBC", nil, []string{e.url("")}); got != "PASS" {
		t.Errorf("ReadOnly.ReadOnlySBC: %s, want PASS", got)
	}
}

// listTests returns the names of all tests, as Family.Test.
func listTests(t *testing.T) (names []string) {
	out, err := exec.Command("iscsi-test-cu", "--list").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		if parts := strings.Split(strings.TrimSpace(line), "."); len(parts) == 3 && parts[0] == "ALL" {
			names = append(names, parts[1]+"."+parts[2])
		}
	}
	if len(names) != 230 {
		t.Fatalf("the suite has %d tests; the golden is of libiscsi 1.19, which has 230", len(names))
	}
	return names
}

// runTest runs one test of the suite and returns PASS, SKIP or FAIL with the reason
// that the suite gives, TIMEOUT, or ERROR when it came to no result.
func runTest(t *testing.T, name string, env, urls []string) string {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	args := append([]string{"--dataloss", "--allow-sanitize", "--test=ALL." + name}, urls...)
	cmd := exec.CommandContext(ctx, "iscsi-test-cu", args...)
	cmd.Env = append(os.Environ(), env...)
	out, _ := cmd.CombinedOutput() // its exit status says nothing
	if ctx.Err() != nil {
		return "TIMEOUT"
	}
	return judge(string(out))
}

var (
	summary = regexp.MustCompile(`(?m)^ *tests +\d+ +(\d+) +\d+ +(\d+)`)
	skipped = regexp.MustCompile(`\[SKIPPED\] *(.*)`)
	failed  = regexp.MustCompile(`(?m)^ +1\. +(\S+) `)
)

func judge(out string) string {
	m := summary.FindStringSubmatch(out)
	switch {
	case m == nil || m[1] != "1":
		return "ERROR"
	case m[2] != "0":
		if f := failed.FindStringSubmatch(out); f != nil {
			return "FAIL " + f[1]
		}
		return "FAIL"
	}
	if s := skipped.FindStringSubmatch(out); s != nil {
		return "SKIP " + strings.TrimSpace(s[1])
	}
	return "PASS"
}

func TestJudge(t *testing.T) {
	const tail = "\nRun Summary:    Type  Total    Ran Passed Failed Inactive\n              suites      1      1    n/a      0        0\n"
	for want, out := range map[string]string{
		"PASS": "  Test: Simple ...passed" + tail + "               tests      1      1      1      0        0",
		"SKIP not for us.": "  Test: Simple ...    [SKIPPED] not for us.\npassed" + tail +
			"               tests      1      1      1      0        0",
		"FAIL t.c:83": "FAILED\n    1. t.c:83  - CU_FAIL(x)" + tail + "               tests      1      1      0      1        0",
		"ERROR":       "iscsi_connect failed",
	} {
		if got := judge(out); got != want {
			t.Errorf("judge(%q) = %q, want %q", out, got, want)
		}
	}
}

// golden is the expected result of each test over one path and over two.
type golden map[string]*[2]string

const goldenFile = "testdata/conformance.golden"

func (g golden) set(name string, column int, result string) {
	goldenLock <- struct{}{}
	defer func() { <-goldenLock }()
	if g[name] == nil {
		g[name] = &[2]string{}
	}
	g[name][column] = result
}

var goldenLock = make(chan struct{}, 1)

func readGolden(t *testing.T) golden {
	g := golden{}
	text, err := os.ReadFile(goldenFile)
	if err != nil && !*update {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if f := strings.Split(strings.TrimSuffix(line, "\n"), "\t"); len(f) == 3 && !strings.HasPrefix(line, "#") {
			g[f[0]] = &[2]string{f[1], f[2]}
		}
	}
	return g
}

func (g golden) write(t *testing.T, tests []string) {
	count := [2]map[string]int{{}, {}}
	var rows strings.Builder
	for _, name := range tests {
		row := g[name]
		if d := defect[name]; d != "" {
			*row = [2]string{"DEFECT " + d, "DEFECT " + d}
		}
		for i, r := range row {
			kind, _, _ := strings.Cut(r, " ")
			count[i][kind]++
		}
		fmt.Fprintf(&rows, "%s\t%s\t%s\n", name, row[0], row[1])
	}
	head := fmt.Sprintf("# libiscsi 1.19, each test alone: name, result over one path, over two paths.\n# one: %s\n# two: %s\n",
		totals(count[0]), totals(count[1]))
	if err := os.MkdirAll(filepath.Dir(goldenFile), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(goldenFile, []byte(head+rows.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

func totals(count map[string]int) string {
	var all []string
	for kind, n := range count {
		all = append(all, fmt.Sprintf("%d %s", n, kind))
	}
	slices.Sort(all)
	slices.Reverse(all)
	return strings.Join(all, ", ")
}
