package baremetalapi

import (
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"ironhook/api/rest"
	"ironhook/baremetal"
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

// TestOperators are all that an operator may change; what else changes anything is for
// administrators.
func TestOperators(t *testing.T) {
	want := []string{
		"DELETE /nodes/{node_ident}/maintenance", "PUT /nodes/{node_ident}/maintenance", "PUT /nodes/{node_ident}/management/boot_device",
		"PUT /nodes/{node_ident}/management/indicators/{indicator}", "PUT /nodes/{node_ident}/management/inject_nmi",
		"PUT /nodes/{node_ident}/states/boot_mode", "PUT /nodes/{node_ident}/states/power", "PUT /nodes/{node_ident}/states/provision",
		"PUT /nodes/{node_ident}/states/secure_boot",
	}
	var got []string
	a := &API{router: rest.NewRouter(routes(), func(*rest.Call) *call { return nil })}
	fill := strings.NewReplacer("{node_ident}", "pc", "{indicator}", "led")
	for _, r := range routes() {
		if r.Method == "" || r.Method == "GET" {
			continue
		}
		for _, suffix := range []string{"", ".json"} {
			request := httptest.NewRequest(r.Method, "/v1"+fill.Replace(r.Path)+suffix, nil)
			switch role := a.least(request); {
			case role == baremetal.RoleOperator && suffix == "":
				got = append(got, r.Method+" "+r.Path)
			case role != baremetal.RoleOperator && role != baremetal.RoleAdmin:
				t.Errorf("%s %s%s is for a %s", r.Method, r.Path, suffix, role)
			}
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("operators may %q, want %q", got, want)
	}
}
