package inspection

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"ironhook/baremetal"
)

// found is what a ramdisk has found.
const found = `{"bmc_address": "10.0.1.7", "cpu": {"architecture": "x86_64", "count": 16}, "memory": {"physical_mb": 65536},
	"password": "HUSH", "disks": [{"name": "/dev/sda", "size": 100}, {"name": "/dev/sdb", "size": 0}], "empty": [], "boot": {"uefi": true}}`

func subject(t *testing.T) *Subject {
	t.Helper()
	s := &Subject{
		Node: &baremetal.Node{UUID: "n", Driver: "ipmi", Properties: baremetal.Object{"capabilities": "a:1,b:2"}, Traits: []string{"CUSTOM_OLD"},
			DriverInfo: baremetal.Object{"ipmi_password": "HUSH"}},
		Ports: []*baremetal.Port{{UUID: "p", Address: "52:54:00:00:00:01"}}, PluginData: baremetal.Object{"a": map[string]any{"b": []any{"x"}}},
	}
	d := json.NewDecoder(strings.NewReader(found))
	d.UseNumber()
	if err := d.Decode(&s.Inventory); err != nil {
		t.Fatal(err)
	}
	return s
}

func object(t *testing.T, text string) baremetal.Object {
	t.Helper()
	var o baremetal.Object
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return o
}

func TestConditions(t *testing.T) {
	for condition, want := range map[string]string{
		`{"op": "eq", "args": {"values": ["{inventory[cpu][architecture]}", "x86_64"]}}`:                "true",
		`{"op": "!eq", "args": {"values": ["{inventory[cpu][architecture]}", "x86_64"]}}`:               "false",
		`{"op": " ! eq ", "args": {"values": ["{node.driver}", "redfish"]}}`:                            "true",
		`{"op": "eq", "args": [["a", "a", "b"]]}`:                                                       "false",
		`{"op": "eq", "args": {"values": ["{inventory[cpu][count]}", 16]}}`:                             "false", // text and a number
		`{"op": "eq", "args": {"values": ["{inventory[cpu][count]}", 16], "force_strings": true}}`:      "true",
		`{"op": "eq", "args": {"values": [1, true]}}`:                                                   "true",
		`{"op": "eq", "args": {"values": [{"a": 1}, {"a": 1}]}}`:                                        "true",
		`{"op": "eq", "args": {"values": "x"}}`:                                                         "Expected list",
		`{"op": "lt", "args": {"values": [1, 2, 3]}}`:                                                   "true",
		`{"op": "lt", "args": {"values": [1, 3, 2]}}`:                                                   "false",
		`{"op": "gt", "args": {"values": [3, 2.5]}}`:                                                    "true",
		`{"op": "gt", "args": {"values": ["b", "a"]}}`:                                                  "true",
		`{"op": "gt", "args": {"values": ["9", 8]}}`:                                                    "cannot be compared",
		`{"op": "is-empty", "args": {"value": "{inventory[empty]}"}}`:                                   "true",
		`{"op": "is-empty", "args": {"value": "{inventory[nowhere][x]}"}}`:                              "true",
		`{"op": "is-empty", "args": {"value": "{inventory[cpu]}"}}`:                                     "false",
		`{"op": "is-none", "args": {"value": null}}`:                                                    "true",
		`{"op": "is-none", "args": {"value": "{inventory[nowhere]}"}}`:                                  "false", // stays text
		`{"op": "is-true", "args": {"value": "{inventory[boot][uefi]}"}}`:                               "true",
		`{"op": "is-true", "args": {"value": "yes"}}`:                                                   "true",
		`{"op": "is-true", "args": {"value": 0}}`:                                                       "false",
		`{"op": "is-false", "args": {"value": null}}`:                                                   "true",
		`{"op": "is-false", "args": {"value": "No"}}`:                                                   "true",
		`{"op": "is-false", "args": {"value": "x"}}`:                                                    "false",
		`{"op": "in-net", "args": {"address": "{inventory[bmc_address]}", "subnet": "10.0.1.0/24"}}`:    "true",
		`{"op": "!in-net", "args": {"address": "10.0.2.7", "subnet": "10.0.1.0/24"}}`:                   "true",
		`{"op": "in-net", "args": {"address": "x", "subnet": "10.0.1.0/24"}}`:                           "no address",
		`{"op": "in-net", "args": {"address": "fe80::1", "subnet": "x"}}`:                               "no subnet",
		`{"op": "matches", "args": {"value": "x86_64", "regex": "x86"}}`:                                "false",
		`{"op": "matches", "args": {"value": "x86_64", "regex": "x86_.*$"}}`:                            "true",
		`{"op": "contains", "args": {"value": "x86_64", "regex": "6_6"}}`:                               "true",
		`{"op": "contains", "args": {"value": "x86_64", "regex": "("}}`:                                 "invalid regular expression",
		`{"op": "one-of", "args": {"value": "{node.driver}", "values": ["ipmi", "redfish"]}}`:           "true",
		`{"op": "one-of", "args": {"value": 1}}`:                                                        "false",
		`{"op": "eq", "args": {"values": ["{item}", 2]}, "loop": [1, 2, 3]}`:                            "true",
		`{"op": "eq", "args": {"values": ["{item}", 2]}, "loop": [1, 2, 3], "multiple": "all"}`:         "false",
		`{"op": "eq", "args": {"values": ["{item}", 2]}, "loop": [1, 2, 3], "multiple": "last"}`:        "false",
		`{"op": "eq", "args": {"values": ["{item}", 2]}, "loop": [1, 2, 3], "multiple": "first"}`:       "true",
		`{"op": "eq", "args": {"values": ["{item[a]}", "{inventory[cpu][count]}"]}, "loop": {"a": 16}}`: "true",
		`{"op": "eq", "args": {"values": ["{inventory[disks][0][name]}", "/dev/sda"]}}`:                 "true",
		`{"op": "eq", "args": {"values": ["{{x}}", "{{x}}"]}}`:                                          "true",
		`{"op": "eq", "args": {"values": ["{inventory[password]}", "***"]}}`:                            "true",
		`{"op": "contains", "args": {"value": "{inventory}", "regex": "HUSH"}}`:                         "false",
		`{"op": "contains", "args": {"value": "{node.driver_info}", "regex": "HUSH"}}`:                  "false",
		`{"op": "zz", "args": {}}`:                                                                      "Unsupported operator",
		`{"op": "eq", "args": {}}`:                                                                      "missing required",
	} {
		got := ""
		holds, err := check(newScope(subject(t), false), object(t, condition))
		if got = map[bool]string{true: "true", false: "false"}[holds]; err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, want) {
			t.Errorf("%s = %s, want %s", condition, got, want)
		}
	}
}

func TestActions(t *testing.T) {
	for _, c := range []struct {
		action string
		look   func(s *Subject) any
		want   any // of look; text that an error must contain if look is nil
	}{
		{`{"op": "set-attribute", "args": {"path": "/properties/cpus", "value": "{inventory[cpu][count]}"}}`,
			func(s *Subject) any { return s.Node.Properties["cpus"] }, "16"},
		{`{"op": "set-attribute", "args": {"path": "properties.a.b", "value": 1}}`, func(s *Subject) any { return s.Node.Properties["a"] },
			map[string]any{"b": 1.0}},
		{`{"op": "set-attribute", "args": {"path": "/resource_class", "value": "big"}}`, func(s *Subject) any { return s.Node.ResourceClass },
			"big"},
		{`{"op": "set-attribute", "args": ["/name", "x"]}`, func(s *Subject) any { return s.Node.Name }, "x"},
		{`{"op": "set-attribute", "args": {"path": "/name", "value": 5}}`, nil, "another kind"},
		{`{"op": "set-attribute", "args": {"path": "/provision_state", "value": "active"}}`, nil, "no attribute"},
		{`{"op": "set-attribute", "args": {"path": "/{item[0]}", "value": "{item[1]}"}, "loop": [["extra/a", "1"], ["extra/b", "2"]]}`,
			func(s *Subject) any { return s.Node.Extra }, baremetal.Object{"a": "1", "b": "2"}},
		{`{"op": "extend-attribute", "args": {"path": "/extra/l", "value": "x"}}`, func(s *Subject) any { return s.Node.Extra["l"] }, []any{"x"}},
		{`{"op": "extend-attribute", "args": {"path": "/properties/capabilities", "value": "x"}}`, nil, "no list"},
		{`{"op": "extend-attribute", "args": {"path": "/extra/l", "value": "{item}", "unique": true}, "loop": ["x", "x"]}`,
			func(s *Subject) any { return s.Node.Extra["l"] }, []any{"x"}},
		{`{"op": "del-attribute", "args": {"path": "/properties/capabilities"}}`, func(s *Subject) any { return len(s.Node.Properties) }, 0},
		{`{"op": "del-attribute", "args": {"path": "/extra/none"}}`, nil, "not there"},
		{`{"op": "set-capability", "args": {"name": "a", "value": "9"}}`, func(s *Subject) any { return s.Node.Properties.Text("capabilities") },
			"b:2,a:9"},
		{`{"op": "unset-capability", "args": {"name": "a"}}`, func(s *Subject) any { return s.Node.Properties.Text("capabilities") }, "b:2"},
		{`{"op": "add-trait", "args": {"name": "CUSTOM_BIG"}}`, func(s *Subject) any { return s.Node.Traits },
			[]string{"CUSTOM_BIG", "CUSTOM_OLD"}},
		{`{"op": "add-trait", "args": {"name": "big"}}`, nil, "Failed to add new trait"},
		{`{"op": "remove-trait", "args": {"name": "CUSTOM_OLD"}}`, func(s *Subject) any { return len(s.Node.Traits) }, 0},
		{`{"op": "remove-trait", "args": {"name": "CUSTOM_NONE"}}`, func(s *Subject) any { return len(s.Node.Traits) }, 1},
		{`{"op": "set-plugin-data", "args": {"path": "x.y", "value": "{node.driver}"}}`, func(s *Subject) any { return s.PluginData["x"] },
			map[string]any{"y": "ipmi"}},
		{`{"op": "extend-plugin-data", "args": {"path": "a.b", "value": "y"}}`, func(s *Subject) any { return s.PluginData["a"] },
			map[string]any{"b": []any{"x", "y"}}},
		{`{"op": "unset-plugin-data", "args": {"path": "a.b"}}`, func(s *Subject) any { return s.PluginData["a"] }, map[string]any{}},
		{`{"op": "unset-plugin-data", "args": {"path": "q.r"}}`, func(s *Subject) any { return len(s.PluginData) }, 1},
		{`{"op": "set-port-attribute", "args": {"port_id": "p", "path": "/extra/a", "value": 1}}`,
			func(s *Subject) any { return s.Ports[0].Extra["a"] }, 1.0},
		{`{"op": "set-port-attribute", "args": {"port_id": "52:54:00:00:00:01", "path": "/description", "value": "up"}}`,
			func(s *Subject) any { return *s.Ports[0].Description }, "up"},
		{`{"op": "set-port-attribute", "args": {"port_id": "p", "path": "/pxe_enabled", "value": true}}`,
			func(s *Subject) any { return s.Ports[0].PXEEnabled }, true},
		{`{"op": "set-port-attribute", "args": {"port_id": "q", "path": "/extra/a", "value": 1}}`, nil, "Port q could not be found"},
		{`{"op": "set-port-attribute", "args": {"port_id": "p", "path": "/address", "value": "x"}}`, nil, "no attribute"},
		{`{"op": "extend-port-attribute", "args": {"port_id": "p", "path": "/extra/l", "value": 1}}`,
			func(s *Subject) any { return s.Ports[0].Extra["l"] }, []any{1.0}},
		{`{"op": "del-port-attribute", "args": {"port_id": "p", "path": "/extra/x"}}`, nil, "Failed to delete"},
		{`{"op": "fail", "args": {"msg": "no {x}"}}`, nil, "Failed to inspect hardware. Reason: no {x}"},
		{`{"op": "log", "args": {"msg": "x", "level": "loud"}}`, nil, "Invalid log level"},
		{`{"op": "log", "args": {"msg": "x", "level": "WARNING"}}`, func(s *Subject) any { return s.Node.Name }, ""},
		{`{"op": "api-call", "args": {"url": "http://192.0.2.1/"}}`, nil, "makes no calls"},
		{`{"op": "zz", "args": {}}`, nil, "Unsupported action"},
	} {
		s := subject(t)
		err := act(newScope(s, false), object(t, c.action))
		switch {
		case c.look == nil:
			if text, _ := c.want.(string); err == nil || !strings.Contains(err.Error(), text) {
				t.Errorf("%s: error %v, want %q", c.action, err, text)
			}
		case err != nil:
			t.Errorf("%s: %v", c.action, err)
		default:
			if got := c.look(s); !reflect.DeepEqual(got, c.want) {
				t.Errorf("%s: %#v, want %#v", c.action, got, c.want)
			}
		}
	}
}

// TestApply: the highest priority first; a rule whose conditions do not hold does nothing; the
// first failure ends it; secrets are for sensitive rules.
func TestApply(t *testing.T) {
	rule := func(priority int64, sensitive bool, condition, action string) *baremetal.InspectionRule {
		r := &baremetal.InspectionRule{UUID: "r", Phase: Main, Priority: priority, Sensitive: sensitive,
			Actions: []baremetal.Object{object(t, action)}}
		if condition != "" {
			r.Conditions = []baremetal.Object{object(t, condition)}
		}
		return r
	}
	set := func(v string) string {
		return `{"op": "extend-attribute", "args": {"path": "/extra/order", "value": "` + v + `"}}`
	}
	never := `{"op": "is-true", "args": {"value": "no"}}`
	s := subject(t)
	other := rule(9, false, "", set("other phase"))
	other.Phase = ""
	err := Apply([]*baremetal.InspectionRule{rule(1, false, "", set("low {inventory[password]}")),
		rule(5, true, "", set("high {inventory[password]}")),
		rule(7, false, never, set("never")), other, rule(0, false, "", `{"op": "fail", "args": {"msg": "end"}}`),
		rule(0, false, "", set("after"))}, s)
	var failure *Failure
	if !errors.As(err, &failure) || failure.Message != "end" {
		t.Errorf("error %v, want the rule's own", err)
	}
	if want := []any{"high HUSH", "low ***"}; !reflect.DeepEqual(s.Node.Extra["order"], want) {
		t.Errorf("order %v, want %v", s.Node.Extra["order"], want)
	}
}

// FuzzFormat: text of a rule is filled without a panic, and never with the node's secrets.
func FuzzFormat(f *testing.F) {
	for _, text := range []string{"{inventory[cpu][count]}", "{{", "}", "{node.driver_info[ipmi_password]}", "{item[0].a]",
		"{inventory[disks][9]}", "{inventory[", "{}"} {
		f.Add(text)
	}
	s := &Subject{Node: &baremetal.Node{DriverInfo: baremetal.Object{"ipmi_password": "HUSH"}},
		Inventory: baremetal.Object{"disks": []any{1}, "password": "HUSH"}}
	f.Fuzz(func(t *testing.T, text string) {
		if out, _ := newScope(s, false).with([]any{"x"}).format(text); strings.Contains(out, "HUSH") && !strings.Contains(text, "HUSH") {
			t.Errorf("%q becomes %q", text, out)
		}
	})
}
