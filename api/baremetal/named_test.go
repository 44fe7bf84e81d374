package baremetalapi

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// A node whose name is a word of the routes is found by its UUID and, where that word is no
// part of a node, by its name: the parts come first, as in Ironic.
func TestNodesNamedLikeRoutes(t *testing.T) {
	l := newLab(t)
	latest := []string{"X-OpenStack-Ironic-API-Version", "1.95"}
	for _, name := range []string{"bios", "ports", "volume", "firmware", "provision", "power"} {
		var made struct{ UUID string }
		text := l.must(t, "POST", "/v1/nodes", map[string]any{"driver": "fake-hardware", "name": name}, http.StatusCreated, latest...)
		if err := json.Unmarshal(text, &made); err != nil {
			t.Fatal(err)
		}
		for path, want := range map[string]string{"": `"name":"` + name + `"`, "/states": `"power_state":`, "/ports": `"ports":`} {
			if text := string(l.must(t, "GET", "/v1/nodes/"+made.UUID+path, nil, http.StatusOK, latest...)); !strings.Contains(text, want) {
				t.Errorf("GET of node %s%s = %s, want %s", name, path, text, want)
			}
			status, text := l.do(t, "GET", "/v1/nodes/"+name+path, nil, latest...)
			if part := slices.Contains(nodeParts, name); part != (status == http.StatusNotFound) || !part && !strings.Contains(string(text), want) {
				t.Errorf("GET /v1/nodes/%s%s = %d %s", name, path, status, text)
			}
		}
		l.must(t, "DELETE", "/v1/nodes/"+made.UUID, nil, http.StatusNoContent, latest...)
	}
}
