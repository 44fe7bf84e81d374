package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// verdict is what became of a mutant.
type verdict string

const (
	killed   verdict = "killed"         // a test failed
	alive    verdict = "ALIVE"          // all tests passed
	unfit    verdict = "DOES NOT FIT"   // the source has moved on
	unbuilt  verdict = "DOES NOT BUILD" // so no test can have failed by it
	baseless verdict = "FAILS WITHOUT"  // the tests fail without it, or there are none
)

// patience is how long the tests of a mutant may take; one that never ends is noticed.
const patience = 3 * time.Minute

// lab is where mutants are run.
type lab struct {
	root string
	race bool
}

// run shows the mutant to the compiler and runs its tests. Text says what happened.
func (l lab) run(ctx context.Context, m mutant) (v verdict, text string) {
	code, err := m.mutated(l.root)
	if err != nil {
		return unfit, err.Error()
	}
	overlay, remove, err := l.overlay(m, code)
	if err != nil {
		return unbuilt, err.Error()
	}
	defer remove()
	text, err = l.test(ctx, m.tests, m.run, "-overlay", overlay, "-count=1", "-failfast")
	switch {
	case err == nil:
		return alive, "all tests passed: " + m.tests + " " + m.run
	case strings.Contains(text, "[build failed]"), strings.Contains(text, "[setup failed]"):
		return unbuilt, text
	}
	return killed, text
}

// baseline runs the tests of the mutants without them: a test that fails anyway kills
// nothing, nor does one that is skipped. It returns what is wrong with the tests of each
// mutant, by number. Go remembers the outcome, so it costs little the next time.
func (l lab) baseline(ctx context.Context, all []mutant) map[int]string {
	groups := map[string][]mutant{}
	for _, m := range all {
		groups[m.tests] = append(groups[m.tests], m)
	}
	wrong := map[int]string{}
	for tests, group := range groups {
		text, err := l.test(ctx, tests, joined(group))
		for _, m := range group {
			switch {
			case err != nil:
				wrong[m.number] = text
			case !passed(text, m.run):
				wrong[m.number] = "no test matches " + m.run + ", or all are skipped here"
			}
		}
	}
	return wrong
}

// joined is a pattern that matches what any of the mutants' does.
func joined(group []mutant) string {
	var all []string
	for _, m := range group {
		if m.run == "" {
			return ""
		}
		all = append(all, m.run)
	}
	return strings.Join(all, "|")
}

// passed reports whether a test of that pattern is among those that passed.
func passed(output, pattern string) bool {
	run := regexp.MustCompile(pattern)
	for line := range strings.Lines(output) {
		if name, ok := strings.CutPrefix(line, "--- PASS: "); ok && run.MatchString(strings.Fields(name)[0]) {
			return true
		}
	}
	return false
}

// test runs the tests of packages, separated by spaces, that match the pattern.
func (l lab) test(ctx context.Context, packages, pattern string, flags ...string) (text string, err error) {
	args := append([]string{"test", "-v", "-vet=off", "-timeout=" + patience.String()}, flags...)
	if l.race {
		args = append(args, "-race")
	}
	if pattern != "" {
		args = append(args, "-run", pattern)
	}
	for p := range strings.FieldsSeq(packages) {
		args = append(args, "./"+p)
	}
	var out bytes.Buffer
	c := exec.CommandContext(ctx, "go", args...)
	c.Dir, c.Stdout, c.Stderr = l.root, &out, &out
	err = c.Run()
	return out.String(), err
}

// overlay writes what go build -overlay reads: which file stands for which.
func (l lab) overlay(m mutant, code []byte) (path string, remove func(), err error) {
	dir, err := os.MkdirTemp("", "mutant-")
	if err != nil {
		return "", nil, err
	}
	remove = func() { os.RemoveAll(dir) }
	real, err := filepath.Abs(filepath.Join(l.root, m.file))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "mutant.go"), code, 0o600)
	}
	var list []byte
	if err == nil {
		list, err = json.Marshal(map[string]map[string]string{"Replace": {real: filepath.Join(dir, "mutant.go")}})
	}
	path = filepath.Join(dir, "overlay.json")
	if err == nil {
		err = os.WriteFile(path, list, 0o600)
	}
	if err != nil {
		remove()
		return "", nil, err
	}
	return path, remove, nil
}
