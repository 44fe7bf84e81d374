package baremetalapi

import (
	"net/http"
	"strings"
	"testing"
)

// TestTheExactNameComesFirst has a resource whose name ends as the suffix .json, beside one of
// the name without it: each request is on the one that it names. From 1.91 on there is no
// suffix.
func TestTheExactNameComesFirst(t *testing.T) {
	for kind, more := range map[string]map[string]any{
		"nodes": {"driver": "fake-hardware"}, "portgroups": {"node_uuid": nodeA}, "allocations": {"resource_class": "none"},
	} {
		for version, suffixed := range map[string]bool{"1.57": true, "1.90": true, "1.91": false, "1.115": false} {
			t.Run(kind+" "+version, func(t *testing.T) {
				l := volumes(t)
				ask := func(method, path string, body any, want int) string {
					t.Helper()
					status, text := l.do(t, method, path, body, "X-OpenStack-Ironic-API-Version", version)
					if status != want {
						t.Fatalf("%s %s = %d %s, want %d", method, path, status, text, want)
					}
					return string(text)
				}
				for _, name := range []string{"host", "host.json"} {
					more["name"] = name
					ask("POST", "/v1/"+kind, more, http.StatusCreated)
				}
				named := func(path, want string) {
					t.Helper()
					if text := ask("GET", path, nil, http.StatusOK); !strings.Contains(text, `"name":"`+want+`"`) {
						t.Errorf("GET %s = %s, want %s", path, text, want)
					}
				}
				one, two := "/v1/"+kind+"/host", "/v1/"+kind+"/host.json"
				named(one, "host")
				named(two, "host.json")
				ask("PATCH", two, []any{map[string]any{"op": "add", "path": "/extra", "value": map[string]any{"changed": "yes"}}}, http.StatusOK)
				if text := ask("GET", one, nil, http.StatusOK); strings.Contains(text, "changed") {
					t.Errorf("a patch of %s changed %s", two, text)
				}
				ask("DELETE", two, nil, http.StatusNoContent)
				named(one, "host")
				if !suffixed {
					ask("DELETE", two, nil, http.StatusNotFound)
					return
				}
				named(two, "host")
				ask("DELETE", two, nil, http.StatusNoContent)
				ask("GET", one, nil, http.StatusNotFound)
			})
		}
	}
}
