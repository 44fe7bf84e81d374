package main

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const root = "../.."

// TestMutantsFit notices when the source has moved on from under a mutant: every
// snippet is there once, and what stands in its place is Go.
func TestMutantsFit(t *testing.T) {
	if len(mutants) < 50 {
		t.Errorf("%d mutants are too few to trust the tests", len(mutants))
	}
	last := 0
	for _, m := range mutants {
		if m.number <= last {
			t.Errorf("mutant %d follows %d: numbers go up", m.number, last)
		}
		last = m.number
		if m.costs == "" || m.tests == "" || m.old == m.new {
			t.Errorf("mutant %d says too little", m.number)
		}
		if _, err := regexp.Compile(m.run); err != nil || strings.Contains(m.run, "/") {
			t.Errorf("mutant %d: the pattern %q does not name whole tests: %v", m.number, m.run, err)
		}
		code, err := m.mutated(root)
		if err != nil {
			t.Error(err)
			continue
		}
		if _, err := parser.ParseFile(token.NewFileSet(), m.file, code, 0); err != nil {
			t.Errorf("mutant %d is not Go: %v", m.number, err)
		}
	}
}

// TestMutantsHaveTests holds the patterns against the tests that there are: one that
// matches nothing would call every mutant alive.
func TestMutantsHaveTests(t *testing.T) {
	declared := regexp.MustCompile(`(?m)^func (Test\w+|Fuzz\w+)\(`)
	for _, m := range mutants {
		found := false
		for dir := range strings.FieldsSeq(m.tests) {
			files, _ := filepath.Glob(filepath.Join(root, dir, "*_test.go"))
			for _, file := range files {
				source, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				for _, f := range declared.FindAllSubmatch(source, -1) {
					found = found || regexp.MustCompile(m.run).Match(f[1])
				}
			}
		}
		if !found {
			t.Errorf("mutant %d: no test in %s matches %q", m.number, m.tests, m.run)
		}
	}
}

func TestChoose(t *testing.T) {
	all := []mutant{{number: 101}, {number: 102}, {number: 201}}
	for _, c := range []struct {
		only string
		want []int
		err  bool
	}{
		{"", []int{101, 102, 201}, false},
		{"102", []int{102}, false},
		{"1", []int{101, 102}, false},
		{"201, 101", []int{201, 101}, false},
		{"103", nil, true},
		{"x", nil, true},
	} {
		got, err := choose(all, c.only)
		if (err != nil) != c.err || len(got) != len(c.want) {
			t.Errorf("%q: %v, %v", c.only, got, err)
			continue
		}
		for i, m := range got {
			if m.number != c.want[i] {
				t.Errorf("%q: %d at %d, want %d", c.only, m.number, i, c.want[i])
			}
		}
	}
}

// TestMutatedRefusesWhatDoesNotFit is the guard of the guard.
func TestMutatedRefusesWhatDoesNotFit(t *testing.T) {
	for _, old := range []string{"this text is nowhere in that file", "mutant"} {
		if _, err := (mutant{number: 1, file: "internal/mutants/mutant.go", old: old}).mutated(root); err == nil {
			t.Errorf("%q was taken", old)
		}
	}
}
