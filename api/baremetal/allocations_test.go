package baremetalapi

import (
	"encoding/json"
	"testing"

	"ironhook/baremetal"
)

// TestAllocationChoosesANode: which of the nodes an allocation gets.
func TestAllocationChoosesANode(t *testing.T) {
	t.Parallel()
	available := func(n *baremetal.Node) {
		n.ProvisionState, n.PowerState, n.ResourceClass = baremetal.Available, baremetal.PowerOff, "large"
	}
	for _, test := range []struct {
		name   string
		ask    map[string]any
		change map[string]func(n *baremetal.Node) // of nodes that are available without
		node   string
		err    string
	}{
		{name: "not the other class", ask: map[string]any{},
			change: map[string]func(*baremetal.Node){"a": func(n *baremetal.Node) { n.ResourceClass = "small" }}, node: nodeB},
		{name: "not one in use", ask: map[string]any{},
			change: map[string]func(*baremetal.Node){"b": func(n *baremetal.Node) { n.InstanceUUID = nodeB }}, node: nodeA},
		{name: "not one in maintenance", ask: map[string]any{},
			change: map[string]func(*baremetal.Node){"b": func(n *baremetal.Node) { n.Maintenance = true }}, node: nodeA},
		{name: "not one of unknown power", ask: map[string]any{},
			change: map[string]func(*baremetal.Node){"a": func(n *baremetal.Node) { n.PowerState = "" }}, node: nodeB},
		{name: "one whose power is being switched", ask: map[string]any{"candidate_nodes": []string{"a"}},
			change: map[string]func(*baremetal.Node){"a": func(n *baremetal.Node) { n.PowerState, n.TargetPowerState = "", baremetal.PowerOff }},
			node:   nodeA},
		{name: "not one in another state", ask: map[string]any{},
			change: map[string]func(*baremetal.Node){"a": func(n *baremetal.Node) { n.ProvisionState = baremetal.Active }}, node: nodeB},
		{name: "one with the traits", ask: map[string]any{"traits": []string{"CUSTOM_GPU"}},
			change: map[string]func(*baremetal.Node){"b": func(n *baremetal.Node) { n.Traits = []string{"CUSTOM_GPU", "CUSTOM_X"} }}, node: nodeB},
		{name: "no node with the traits", ask: map[string]any{"traits": []string{"CUSTOM_GPU"}},
			err: "no suitable nodes have the requested traits CUSTOM_GPU."},
		{name: "a candidate by name", ask: map[string]any{"candidate_nodes": []string{"b"}}, node: nodeB},
		{name: "no candidate", ask: map[string]any{"candidate_nodes": []string{"b"}},
			change: map[string]func(*baremetal.Node){"b": func(n *baremetal.Node) { n.Maintenance = true }},
			err:    "none of the requested nodes are available and match the resource class large."},
		{name: "its namesake", ask: map[string]any{"name": "a"}, node: nodeA},
		{name: "one at rest before one at work", ask: map[string]any{},
			change: map[string]func(*baremetal.Node){"a": func(n *baremetal.Node) { n.Reservation = "here" }}, node: nodeB},
		{name: "one at work for want of others", ask: map[string]any{"candidate_nodes": []string{"a"}},
			change: map[string]func(*baremetal.Node){"a": func(n *baremetal.Node) { n.Reservation = "here" }}, node: nodeA},
		{name: "one of its owner", ask: map[string]any{"owner": "me"},
			change: map[string]func(*baremetal.Node){"a": func(n *baremetal.Node) { n.Owner = "me" }}, node: nodeA},
		{name: "one leased to its owner", ask: map[string]any{"owner": "me"},
			change: map[string]func(*baremetal.Node){"b": func(n *baremetal.Node) { n.Lessee = "me" }}, node: nodeB},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := newLab(t)
			for name, uuid := range map[string]string{"a": nodeA, "b": nodeB} {
				l.must(t, "POST", "/v1/nodes", map[string]any{"uuid": uuid, "name": name, "driver": "fake-hardware"}, 201)
				l.change(t, uuid, available)
				if f := test.change[name]; f != nil {
					l.change(t, uuid, f)
				}
			}
			test.ask["uuid"], test.ask["resource_class"] = "c0ffee03-0000-4000-8000-000000000001", "large"
			type answer struct {
				State     string
				NodeUUID  string `json:"node_uuid"`
				LastError string `json:"last_error"`
			}
			read := func(raw []byte) (a answer) {
				t.Helper()
				if err := json.Unmarshal(raw, &a); err != nil {
					t.Fatal(err)
				}
				return a
			}
			if a := read(l.must(t, "POST", "/v1/allocations", test.ask, 201)); a != (answer{State: "allocating"}) {
				t.Errorf("answered %+v, want one being allocated", a)
			}
			want := answer{State: "active", NodeUUID: test.node}
			if test.err != "" {
				want = answer{State: "error", LastError: "Failed to process allocation c0ffee03-0000-4000-8000-000000000001: " + test.err}
			}
			if a := read(l.must(t, "GET", "/v1/allocations/c0ffee03-0000-4000-8000-000000000001", nil, 200)); a != want {
				t.Errorf("allocation = %+v, want %+v", a, want)
			}
			if test.err != "" {
				return
			}
			var n struct {
				Instance string `json:"instance_uuid"`
			}
			if err := json.Unmarshal(l.must(t, "GET", "/v1/nodes/"+test.node+"?fields=instance_uuid", nil, 200), &n); err != nil {
				t.Fatal(err)
			}
			if n.Instance != "c0ffee03-0000-4000-8000-000000000001" {
				t.Errorf("the node's instance = %q, want the allocation", n.Instance)
			}
		})
	}
}
