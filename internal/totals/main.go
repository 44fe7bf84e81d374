// Totals reads `go test -json` from standard input, shows what failed and what
// was skipped, and ends with one line that counts both and what passed. Its exit
// status is 1 when a test failed, when a package did not build, when nothing ran
// at all, when a test was skipped although -noskip was given: a skipped test
// proves nothing; or when -all was given and a package of the module had no result.
//
//	go test -json ./... | go run ./internal/totals -noskip -all
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// event is a line of `go test -json` (go doc test2json).
type event struct {
	Action, Package, Test, Output string
	Elapsed                       float64
}

type tally struct {
	out                     io.Writer
	passed, failed, skipped int
	broken                  int // packages that failed without a failing test
	printed                 map[string]string
	said                    map[string]string // the last that each package printed, whichever test it was in
	failedIn                map[string]bool
	ended                   map[string]bool // packages with a result
}

// remembered is how much of what a package printed is kept, in bytes: a data race
// outside of every test is printed among tests that pass.
const remembered = 64 << 10

func main() {
	noskip := flag.Bool("noskip", false, "count a skipped test as a failure")
	all := flag.Bool("all", false, "count a package of the module without a result as a failure")
	flag.Parse()
	start := time.Now()
	t := newTally(os.Stdout)
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		t.take(lines.Bytes())
	}
	if err := lines.Err(); err != nil {
		fmt.Fprintln(os.Stderr, "totals:", err)
		os.Exit(1)
	}
	if *all {
		packages, err := packages()
		if err != nil {
			fmt.Fprintln(os.Stderr, "totals:", err)
			os.Exit(1)
		}
		t.expect(packages)
	}
	fmt.Printf("\nin %v\n%d passed, %d failed, %d skipped\n", time.Since(start).Round(time.Second), t.passed, t.failed+t.broken, t.skipped)
	if t.failed+t.broken > 0 || t.passed == 0 || *noskip && t.skipped > 0 {
		os.Exit(1)
	}
}

func newTally(out io.Writer) *tally {
	return &tally{out: out, printed: map[string]string{}, said: map[string]string{}, failedIn: map[string]bool{}, ended: map[string]bool{}}
}

// packages are those of the module.
func packages() ([]string, error) {
	out, err := exec.Command("go", "list", "./...").Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	return strings.Fields(string(out)), nil
}

// expect counts packages that had no result as broken.
func (t *tally) expect(packages []string) {
	for _, p := range packages {
		if !t.ended[p] {
			t.broken++
			fmt.Fprintf(t.out, "FAIL %s was not tested\n", p)
		}
	}
}

// take counts one line. A line that is no event, such as a compiler's, is shown.
func (t *tally) take(line []byte) {
	var e event
	if err := json.Unmarshal(line, &e); err != nil || e.Action == "" {
		fmt.Fprintf(t.out, "%s\n", line)
		return
	}
	name := e.Package + " " + e.Test
	switch e.Action {
	case "output", "build-output":
		t.printed[name] += e.Output
		said := t.said[e.Package] + e.Output
		t.said[e.Package] = said[max(0, len(said)-remembered):]
	case "pass", "fail", "skip":
		t.end(e, name)
		delete(t.printed, name)
	}
}

func (t *tally) end(e event, name string) {
	if e.Test == "" {
		t.endPackage(e, name)
		return
	}
	switch e.Action {
	case "pass":
		t.passed++
	case "skip":
		t.skipped++
		fmt.Fprintf(t.out, "SKIP %s\n%s", name, t.printed[name])
	case "fail":
		t.failed++
		t.failedIn[e.Package] = true
		fmt.Fprintf(t.out, "FAIL %s\n%s", name, t.printed[name])
	}
}

func (t *tally) endPackage(e event, name string) {
	defer delete(t.said, e.Package)
	t.ended[e.Package] = true
	switch {
	case e.Action == "fail" && !t.failedIn[e.Package]:
		t.broken++
		fmt.Fprintf(t.out, "FAIL %s, though no test of it did\n%s", name, t.said[e.Package])
	case e.Action == "fail":
		fmt.Fprintf(t.out, "FAIL %s\n", name)
	case e.Action == "pass":
		fmt.Fprintf(t.out, "ok   %-40s %6.1fs\n", e.Package, e.Elapsed)
	}
}
