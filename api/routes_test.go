package api

import (
	"slices"
	"strings"
	"testing"
)

// TestRoutesAreWhole holds what the table of routes must have to work at all.
func TestRoutesAreWhole(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range routes() {
		if r.method == "" {
			continue
		}
		key := r.method + " " + r.path
		if seen[key] {
			t.Errorf("%s is there twice", key)
		}
		seen[key] = true
		if r.handle == nil {
			t.Errorf("%s has no handler", key)
		}
		for _, a := range r.args {
			if a.kind.parse == nil {
				t.Errorf("%s: argument %s has no kind", key, a.name)
			}
		}
		for _, m := range pathVariable.FindAllStringSubmatch(r.path, -1) {
			if !slices.ContainsFunc(r.args, func(a argument) bool { return a.name == m[1] }) {
				t.Errorf("%s does not take the %s of its path", key, m[1])
			}
		}
		if r.body != "" && r.body != "*" && !slices.ContainsFunc(r.args, func(a argument) bool { return a.name == r.body }) {
			t.Errorf("%s does not take its body", key)
		}
		if r.since > maxMinor || strings.HasSuffix(r.path, "/") {
			t.Errorf("%s: since 1.%d", key, r.since)
		}
	}
}
