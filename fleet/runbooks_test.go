package fleet

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"ironhook/baremetal"
	"ironhook/store"
)

// TestRunbooksAreApproved: a node's traits say which runbooks it may be worked on by, for
// older clients by name.
func TestRunbooksAreApproved(t *testing.T) {
	older := newest
	older.RunbookTraits = false
	for _, c := range []struct {
		rules  Rules
		node   []string // traits
		traits []string // of the runbook CUSTOM_RB
		says   string   // "" approves
	}{
		{older, nil, nil, "has not been approved for use on this node n. Please ask"},
		{older, []string{"CUSTOM_RB"}, nil, ""},
		{older, []string{"CUSTOM_A"}, []string{"CUSTOM_A"}, "has not been approved"},
		{newest, []string{"CUSTOM_RB"}, nil, "Runbook r has no traits configured."},
		{newest, []string{"CUSTOM_RB"}, []string{"CUSTOM_A", "CUSTOM_B"}, "runbook's traits ['CUSTOM_A', 'CUSTOM_B']. Please ask"},
		{newest, []string{"CUSTOM_B", "CUSTOM_C"}, []string{"CUSTOM_A", "CUSTOM_B"}, ""},
	} {
		err := mayRun(c.rules, &baremetal.Runbook{UUID: "r", Name: "CUSTOM_RB", Traits: c.traits}, &baremetal.Node{UUID: "n", Traits: c.node})
		if (err == nil) != (c.says == "") || err != nil && (!errors.Is(err, baremetal.ErrInvalid) || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("runbook %q on node %q: %v, want %q", c.traits, c.node, err, c.says)
		}
	}
}

func TestRunbookTraitsAreASet(t *testing.T) {
	f := setup(t, func(*baremetal.Node) {})
	ctx := t.Context()
	err := errors.Join(
		f.CreateRunbook(ctx, &baremetal.Runbook{Name: "rb", Steps: []baremetal.Object{{"step": "hold"}}}),
		f.SetRunbookTraits(ctx, "rb", []string{"CUSTOM_B", "CUSTOM_A", "CUSTOM_B"}),
		f.AddRunbookTrait(ctx, "rb", "CUSTOM_A"), f.AddRunbookTrait(ctx, "rb", "CUSTOM_C"),
		f.RemoveRunbookTrait(ctx, "rb", "CUSTOM_B"), f.RemoveRunbookTrait(ctx, "rb", "CUSTOM_X"))
	if err != nil {
		t.Fatal(err)
	}
	v, err := f.RunbookFor(ctx, newest, "rb", &baremetal.Node{Traits: []string{"CUSTOM_C"}})
	if err != nil || !slices.Equal(v.Traits, []string{"CUSTOM_A", "CUSTOM_C"}) {
		t.Errorf("traits = %q, %v", v.Traits, err)
	}
}

func TestStepsOfARunbookAreInOrder(t *testing.T) {
	got := InOrder([]baremetal.Object{{"step": "c", "order": json.Number("10")}, {"step": "b", "order": "9"}, {"step": "d", "order": 10.0},
		{"step": "a", "order": 0.0}})
	var names string
	for _, s := range got {
		names += s.Text("step")
	}
	if names != "abcd" {
		t.Errorf("steps in the order %q", names)
	}
}

func TestInspectionRules(t *testing.T) {
	ok := []baremetal.Object{{"op": "fail", "args": map[string]any{"msg": "no"}}}
	for _, c := range []struct {
		rule baremetal.InspectionRule
		says string // "" is valid
	}{
		{baremetal.InspectionRule{Phase: "main", Actions: ok}, ""},
		{baremetal.InspectionRule{Phase: "main", Priority: 9999, Actions: ok}, ""},
		{baremetal.InspectionRule{Phase: "main", Priority: 10000, Actions: ok}, "Priority must be between 0 and 9999"},
		{baremetal.InspectionRule{Actions: ok}, "Invalid phase: None. Valid phases are: main"},
		{baremetal.InspectionRule{Phase: "main", Actions: []baremetal.Object{{"op": "set-attribute", "args": []any{"/extra/a", 1.0}}}}, ""},
		{baremetal.InspectionRule{Phase: "main", Actions: []baremetal.Object{{"op": "set-attribute", "args": []any{"/extra/a"}}}},
			"missing required argument(s): value"},
		{baremetal.InspectionRule{Phase: "main", Actions: []baremetal.Object{{"op": "fail", "args": map[string]any{"zz": 1.0}}}},
			"Invalid parameters for action operator fail: missing required argument(s): msg; unexpected argument(s): zz"},
		{baremetal.InspectionRule{Phase: "main", Actions: []baremetal.Object{{"op": "fly", "args": []any{}}}},
			"Unsupported action operator: fly"},
		{baremetal.InspectionRule{Phase: "main", Actions: ok,
			Conditions: []baremetal.Object{{"op": "!eq", "args": map[string]any{"values": []any{1.0}}}}}, ""},
		{baremetal.InspectionRule{Phase: "main", Actions: ok,
			Conditions: []baremetal.Object{{"op": "one-of", "args": map[string]any{"value": 1.0}}}}, ""},
		{baremetal.InspectionRule{Phase: "main", Actions: ok,
			Conditions: []baremetal.Object{{"op": "matches", "args": map[string]any{"value": "x", "regex": "("}}}}, "invalid regular expression"},
		{baremetal.InspectionRule{Phase: "late", Priority: -1, Actions: ok},
			"Multiple validation errors occurred: Invalid phase: late. Valid phases are: main; Priority must"},
	} {
		err := checkRule(&c.rule)
		if (err == nil) != (c.says == "") || err != nil && (!errors.Is(err, baremetal.ErrInvalid) || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%+v: %v, want %q", c.rule, err, c.says)
		}
	}
}

// TestParents: a parent is named by UUID or name, kept by UUID, and may go.
func TestParents(t *testing.T) {
	const child = "00000000-0000-4000-8000-000000000002"
	f := setup(t, func(n *baremetal.Node) { n.ProvisionState = baremetal.Enroll })
	if err := f.CreateNode(t.Context(), newest, &baremetal.Node{UUID: child, ParentNode: "pc"}, nil); err != nil {
		t.Fatal(err)
	}
	become := func(parent string, orphans bool) (string, error) {
		n, err := f.UpdateNode(t.Context(), &baremetal.Node{UUID: child}, newest, NodePatch{Orphans: orphans,
			Apply: patch(func(n *baremetal.Node) { n.ParentNode = parent }, "parent_node").Apply})
		if err != nil {
			return "", err
		}
		return n.ParentNode, nil
	}
	for _, c := range []struct {
		parent  string
		orphans bool
		want    string // "" is refused
	}{{"pc", false, id}, {child, false, child}, {"nobody", false, ""}, {"", true, ""}, {id, false, id}} {
		got, err := become(c.parent, c.orphans)
		if got != c.want || (err == nil) != (c.want != "") || err != nil && !errors.Is(err, baremetal.ErrInvalid) {
			t.Errorf("parent %q: %q, %v, want %q", c.parent, got, err, c.want)
		}
	}
	if err := f.DeleteNode(t.Context(), "pc"); err != nil {
		t.Fatal(err)
	}
	err := f.store.View(t.Context(), func(tx *store.Tx) error {
		n, err := tx.Nodes().Get(child)
		if err == nil && n.ParentNode != id {
			t.Errorf("after its parent is gone: %q", n.ParentNode)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestInstancesAreNamed(t *testing.T) {
	named := baremetal.Object{"display_name": "web"}
	for _, c := range []struct {
		node    baremetal.Node
		changed []string
		want    string
	}{
		{baremetal.Node{InstanceInfo: named}, []string{"instance_info"}, "web"},
		{baremetal.Node{InstanceInfo: named}, []string{"extra"}, ""},
		{baremetal.Node{InstanceInfo: named, InstanceName: "db"}, []string{"instance_info"}, "db"},
		{baremetal.Node{}, []string{"instance_info"}, ""},
	} {
		n := c.node
		if nameInstance(&n, c.changed); n.InstanceName != c.want {
			t.Errorf("%+v, changed %q: %q, want %q", c.node, c.changed, n.InstanceName, c.want)
		}
	}
}
