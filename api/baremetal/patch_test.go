package baremetalapi

import (
	"net/http"
	"strings"
	"testing"

	"ironhook/api/rest"
)

// TestKeysOfAPatch: from 1.98 on a patch names keys that hold ~ and /, which no Ironic
// recorded so far does.
func TestKeysOfAPatch(t *testing.T) {
	l := newLab(t)
	const node = "/v1/nodes/pc"
	l.must(t, "POST", "/v1/nodes", map[string]any{"driver": "fake-hardware", "name": "pc", "extra": map[string]any{"a/b": 1, "c~d": 2}},
		http.StatusCreated)
	for _, c := range []struct {
		version, op, path string
		status            int
	}{
		{"1.97", "replace", "/extra/a~1b", 400}, {"1.98", "replace", "/extra/a~1b", 200},
		{"1.97", "replace", "/extra/c~0d", 400}, {"1.115", "replace", "/extra/c~0d", 200},
		{"1.98", "add", "/properties/p~1q", 200}, {"1.98", "remove", "/extra/a~1b", 200}, {"1.98", "remove", "/extra/no~1no", 400},
		{"1.98", "add", "/extra/a~2", 400}, {"1.98", "add", "/extra/a~", 400}, {"1.98", "add", "/extra/a.b", 400},
		{"1.98", "add", "/ex~1tra", 400},
	} {
		r, err := http.NewRequest(http.MethodPatch, l.URL+node, strings.NewReader(`[{"op":"`+c.op+`","path":"`+c.path+`","value":7}]`))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-OpenStack-Ironic-API-Version", c.version)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != c.status {
			t.Errorf("%s: %s %s = %d, want %d", c.version, c.op, c.path, answer.StatusCode, c.status)
		}
	}
	shown, err := rest.Decode(l.must(t, "GET", node+"?fields=extra,properties", nil, http.StatusOK))
	if err != nil {
		t.Fatal(err)
	}
	n := shown.(map[string]any)
	if rest.Repr(n["extra"]) != "{'c~d': 7}" || rest.Repr(n["properties"]) != "{'p/q': 7}" {
		t.Errorf("the node has %s and %s", rest.Repr(n["extra"]), rest.Repr(n["properties"]))
	}
}

// TestAWholeNumberIsAnInteger, however it is written (JSON Schema).
func TestAWholeNumberIsAnInteger(t *testing.T) {
	l := newLab(t)
	const n = "c0ffee00-0000-4000-8000-000000000001"
	l.must(t, "POST", "/v1/nodes", map[string]any{"uuid": n, "driver": "fake-hardware"}, http.StatusCreated)
	target := map[string]any{"node_uuid": n, "volume_type": "iscsi", "volume_id": "v", "boot_index": rawJSON("52.0")}
	raw := l.must(t, "POST", "/v1/volume/targets", target, http.StatusCreated)
	if !strings.Contains(string(raw), `"boot_index":52,`) {
		t.Errorf("answer %s", raw)
	}
	target["boot_index"] = rawJSON("52.5")
	l.must(t, "POST", "/v1/volume/targets", target, http.StatusBadRequest)
}

// rawJSON is a value as it is written.
type rawJSON string

func (v rawJSON) MarshalJSON() ([]byte, error) { return []byte(v), nil }
