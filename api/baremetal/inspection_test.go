package baremetalapi

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"ironhook/baremetal"
	"ironhook/store"
)

// TestInspection is an inspection by a ramdisk: it boots, reports, and the rules make of it what
// they say.
func TestInspection(t *testing.T) {
	l := newLab(t)
	l.must(t, "POST", "/v1/nodes", map[string]any{"uuid": nodeA, "name": "a", "driver": "fake-hardware", "boot_interface": "fake",
		"inspect_interface": "agent", "driver_info": map[string]any{"redfish_address": "https://10.0.1.7:8000"}}, 201)
	rule := func(uuid string, body string) {
		t.Helper()
		l.must(t, "POST", "/v1/inspection_rules", `{"uuid": "`+uuid+`", `+body+`}`, 201)
	}
	rule(ruleA, `"priority": 5, "conditions": [{"op": "gt", "args": {"values": ["{inventory[memory][physical_mb]}", "1"]}}],
		"actions": [{"op": "set-attribute", "args": {"path": "/properties/cpus", "value": "{inventory[cpu][count]}"}},
			{"op": "add-trait", "args": {"name": "CUSTOM_BIG"}}, {"op": "set-plugin-data", "args": {"path": "seen", "value": true}},
			{"op": "set-port-attribute", "args": {"port_id": "52:54:00:00:00:01", "path": "/physical_network", "value": "left"}}]`)
	rule(ruleB, `"conditions": [{"op": "is-true", "args": {"value": "{plugin_data[broken]}"}}], "actions": [{"op": "fail", "args": {"msg": `+
		`"a broken fan"}}]`)
	report := func(mac, broken string) string {
		return `{"inventory": {"bmc_address": "10.0.1.7", "cpu": {"architecture": "x86_64", "count": 16}, "memory": {"physical_mb": 4096},
			"interfaces": [{"mac_address": "` + mac + `", "name": "eth0"}], "boot": {"pxe_interface": "` + mac + `"}}, "broken": "` + broken + `", "logs": "long"}`
	}
	const path = "/v1/continue_inspection"
	settle := func(state string) (n struct {
		Properties map[string]any
		Traits     []string
		LastError  string  `json:"last_error"`
		Finished   *string `json:"inspection_finished_at"`
		Power      string  `json:"power_state"`
	}) {
		t.Helper()
		l.until(t, nodeA, state)
		if err := json.Unmarshal(l.must(t, "GET", "/v1/nodes/a", nil, 200), &n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	verb := func(target string) {
		t.Helper()
		l.must(t, "PUT", "/v1/nodes/a/states/provision", map[string]any{"target": target}, 202)
	}
	verb("manage")
	settle("manageable")
	l.must(t, "POST", path, report("52:54:00:00:00:01", "no"), 404) // it waits for no ramdisk
	verb("inspect")
	if n := settle("inspect wait"); n.Power != "power on" || n.Finished != nil {
		t.Fatalf("node %+v, want it on and the inspection unfinished", n)
	}
	l.must(t, "POST", path, strings.Replace(report("52:54:00:00:00:02", "no"), "10.0.1.7", "10.0.1.8", 1), 404) // no machine of ours
	// known by the address of its BMC
	l.must(t, "POST", path, report("52:54:00:00:00:01", "no"), 202)
	n := settle("manageable")
	if n.Properties["cpus"] != "16" || n.Properties["cpu_arch"] != "x86_64" || len(n.Traits) != 1 || n.Finished == nil ||
		n.Power != "power off" {
		t.Errorf("node %+v, want what the rule says, off", n)
	}
	if raw := string(l.must(t, "GET", "/v1/ports/detail", nil, 200)); !strings.Contains(raw, `"physical_network":"left"`) {
		t.Errorf("ports %s, want the one that was found, in the network that the rule says", raw)
	}
	raw := string(l.must(t, "GET", "/v1/nodes/a/inventory", nil, 200))
	if !strings.Contains(raw, `"seen":true`) || !strings.Contains(raw, "x86_64") || strings.Contains(raw, "long") {
		t.Errorf("inventory %s, want what was found and what the rule added, without the logs", raw)
	}

	verb("inspect")
	settle("inspect wait")
	l.must(t, "POST", path, report("52:54:00:00:00:01", "yes"), 202)
	if n := settle("inspect failed"); n.LastError != "Failed to finish inspection: Failed to inspect hardware. Reason: a broken fan" {
		t.Errorf("last_error %q, want the rule's", n.LastError)
	}
	verb("inspect")
	settle("inspect wait")
	verb("abort")
	settle("inspect failed")
}

const (
	ruleA = "00000000-0000-4000-8000-0000000000a1"
	ruleB = "00000000-0000-4000-8000-0000000000a2"
)

// until waits for the node to reach the state, and for nothing to work on it.
func (l *lab) until(t *testing.T, node, state string) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for {
		woken := l.store.Changed()
		var n *baremetal.Node
		err := l.store.View(t.Context(), func(tx *store.Tx) (err error) {
			n, err = tx.Nodes().Get(node)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if string(n.ProvisionState) == state && n.Reservation == "" {
			return
		}
		select {
		case <-woken:
		case <-deadline:
			t.Fatalf("node is %s (%s), want %s", n.ProvisionState, n.LastError, state)
		}
	}
}
