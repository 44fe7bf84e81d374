package client

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTextsOfWindows reads what editors on Windows write: a byte order mark comes first.
func TestTextsOfWindows(t *testing.T) {
	const mark = "\ufeff"
	for _, text := range []string{mark + "name,mac\r\npc-1,52:54:00:00:00:01\r\n", mark + `{"nodes": [{"name": "pc-1"}]}`} {
		file := filepath.Join(t.TempDir(), "machines")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, nodes, _, err := readMachines(file, nil); err != nil || nodes["pc-1"] == nil {
			t.Errorf("machines of %q = %v, %v, want pc-1", text, nodes, err)
		}
	}
	if v, err := documentOf("-", strings.NewReader(mark+`{"a": 1}`)); err != nil || v == nil {
		t.Errorf("JSON after a mark = %v, %v", v, err)
	}
	body := map[string]any{}
	c := &call{in: strings.NewReader(mark + "correct horse\r\n"), given: []given{{option: fromStdin, value: true}}}
	if _, err := c.password(body, false); err != nil || body["password"] != "correct horse" {
		t.Errorf("password = %q, %v", body["password"], err)
	}
}
