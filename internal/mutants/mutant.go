package main

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// mutant is one deliberate bug.
type mutant struct {
	number int    // for good: the hundreds are rooms
	file   string // that is changed, from the root of the module
	old    string // what stands there, once
	new    string // what the mutant has instead
	costs  string // what the bug would cost an operator
	tests  string // packages whose tests must notice it, separated by spaces
	run    string // pattern of the tests that are enough to notice it; "" is all
}

// room is the directory of the file.
func (m mutant) room() string { return path.Dir(m.file) }

// mutated returns the file with the bug in it. A snippet that is not there, or more
// than once, is an error: the source has moved on, and the mutant must follow.
func (m mutant) mutated(root string) ([]byte, error) {
	source, err := os.ReadFile(filepath.Join(root, m.file))
	if err != nil {
		return nil, err
	}
	if n := strings.Count(string(source), m.old); n != 1 {
		return nil, fmt.Errorf("mutant %d: what it changes is %d times in %s instead of once; the mutant must follow the source:\n%s",
			m.number, n, m.file, m.old)
	}
	return []byte(strings.Replace(string(source), m.old, m.new, 1)), nil
}
