package baremetalapi

import (
	"slices"
	"strings"
	"testing"

	"ironhook/api/rest"
)

// TestRoutesAreWhole holds what the table of routes must have to work at all.
func TestRoutesAreWhole(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range routes() {
		if r.Method == "" {
			continue
		}
		key := r.Method + " " + r.Path
		if seen[key] {
			t.Errorf("%s is there twice", key)
		}
		seen[key] = true
		if r.Handle == nil {
			t.Errorf("%s has no handler", key)
		}
		for _, a := range r.Args {
			if a.Kind.Parse == nil {
				t.Errorf("%s: argument %s has no kind", key, a.Name)
			}
		}
		for _, name := range r.Variables() {
			if !slices.ContainsFunc(r.Args, func(a rest.Argument) bool { return a.Name == name }) {
				t.Errorf("%s does not take the %s of its path", key, name)
			}
		}
		if r.Body != "" && r.Body != rest.Members && !slices.ContainsFunc(r.Args, func(a rest.Argument) bool { return a.Name == r.Body }) {
			t.Errorf("%s does not take its body", key)
		}
		if r.Since > maxMinor || strings.HasSuffix(r.Path, "/") {
			t.Errorf("%s: since 1.%d", key, r.Since)
		}
	}
}
