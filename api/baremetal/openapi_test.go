package baremetalapi

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"ironhook/api/rest"
)

// TestOpenAPI holds the served document against the routes, its own references,
// and real answers.
func TestOpenAPI(t *testing.T) {
	l := newLab(t)
	var doc struct {
		OpenAPI    string `json:"openapi"`
		Paths      map[string]map[string]json.RawMessage
		Components struct {
			Schemas map[string]struct {
				Properties map[string]any `json:"properties"`
			}
		}
	}
	raw := l.must(t, "GET", "/v1/openapi.json", nil, http.StatusOK)
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	if doc.OpenAPI != "3.1.0" {
		t.Errorf("openapi = %q, want 3.1.0", doc.OpenAPI)
	}
	for _, r := range routes() {
		if r.Doc == "" {
			continue
		}
		op := string(doc.Paths["/v1"+r.Path][strings.ToLower(r.Method)])
		if op == "" {
			t.Errorf("%s %s is not in the document", r.Method, r.Path)
		}
		for _, name := range r.Variables() {
			if !strings.Contains(op, `"name":"`+name+`"`) {
				t.Errorf("%s %s does not declare {%s}", r.Method, r.Path, name)
			}
		}
	}
	for part := range strings.SplitSeq(string(raw), `"$ref":"#/components/schemas/`) {
		if name, _, _ := strings.Cut(part, `"`); part[0] != '{' && doc.Components.Schemas[name].Properties == nil && name != "patch" {
			t.Errorf("reference to %q, which is not there", name)
		}
	}
}

// TestOpenAPITellsTheTruth creates one of each resource and holds what comes back
// against the schema that the document gives for it.
func TestOpenAPITellsTheTruth(t *testing.T) {
	l := newLab(t)
	const n = "c0ffee00-0000-4000-8000-000000000001"
	for _, test := range []struct {
		resource, path string
		body           map[string]any
	}{
		{"node", "/v1/nodes", map[string]any{"uuid": n, "driver": "fake-hardware", "name": "pc", "properties": map[string]any{"cpus": 8}}},
		{"port", "/v1/ports", map[string]any{"node_uuid": n, "address": "52:54:00:00:00:01"}},
		{"portgroup", "/v1/portgroups", map[string]any{"node_uuid": n}},
		{"chassis-item", "/v1/chassis", map[string]any{"description": "a box"}},
		{"connector", "/v1/volume/connectors", map[string]any{"node_uuid": n, "type": "iqn", "connector_id": "iqn.2026-01.test:pc"}},
		{"target", "/v1/volume/targets", map[string]any{"node_uuid": n, "volume_type": "iscsi", "boot_index": 0, "volume_id": "root"}},
		{"allocation", "/v1/allocations", map[string]any{"resource_class": "none"}},
		{"template", "/v1/deploy_templates", map[string]any{"name": "CUSTOM_T", "steps": []any{
			map[string]any{"interface": "deploy", "step": "x", "args": map[string]any{}, "priority": 1}}}},
		{"runbook", "/v1/runbooks",
			map[string]any{"name": "CUSTOM_T", "steps": []any{map[string]any{"interface": "deploy", "step": "x", "order": 1}}}},
		{"inspection-rule", "/v1/inspection_rules",
			map[string]any{"actions": []any{map[string]any{"op": "fail", "args": map[string]any{"msg": "x"}}}}},
	} {
		raw := l.must(t, "POST", test.path, test.body, http.StatusCreated)
		answer, err := rest.Decode(raw)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range l.api.components() {
			if d.Single == test.resource {
				holdAgainst(t, test.resource, d.All["properties"].(map[string]any), answer.(map[string]any))
			}
		}
	}
}

func holdAgainst(t *testing.T, resource string, properties map[string]any, answer map[string]any) {
	t.Helper()
	for name, v := range answer {
		p, ok := properties[name].(map[string]any)
		if !ok {
			t.Errorf("%s: %s is not in the schema", resource, name)
			continue
		}
		allowed, _ := p["type"].([]string)
		if one, ok := p["type"].(string); ok {
			allowed = []string{one}
		}
		fits := len(allowed) == 0
		for _, kind := range allowed {
			fits = fits || rest.IsType(v, kind)
		}
		if !fits {
			t.Errorf("%s: %s = %s, want %v", resource, name, rest.Repr(v), allowed)
		}
	}
	for name := range properties {
		if _, ok := answer[name]; !ok {
			t.Errorf("%s: the schema's %s is not in the answer", resource, name)
		}
	}
}
