package baremetalapi

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/store"
)

// secretPlaces are the objects that a client reads masked and may write: where one is,
// what it holds, and how it is read from the store.
var secretPlaces = []struct {
	path, field string
	fill        map[string]any
	kept        func(*store.Tx) (any, error)
}{
	{"/v1/nodes/a", "driver_info",
		map[string]any{"ipmi_password": "s3", "ipmi_hex_kg_key": "s3", "snmp_community": "s3", "ipmi_username": "root"},
		func(tx *store.Tx) (any, error) { n, err := tx.Nodes().Get(nodeA); return n.DriverInfo, err }},
	{"/v1/nodes/a", "instance_info", map[string]any{"configdrive": "s3", "image_url": "http://h/?sig=s3", "image_source": "http://u:s3@h/",
		"deep": map[string]any{"token": "s3"}},
		func(tx *store.Tx) (any, error) { n, err := tx.Nodes().Get(nodeA); return n.InstanceInfo, err }},
	{"/v1/volume/targets/c0ffee02-0000-4000-8000-000000000000", "properties",
		map[string]any{"auth_username": "s3", "auth_password": "s3", "target_lun": 0},
		func(tx *store.Tx) (any, error) {
			v, err := tx.Targets().Get("c0ffee02-0000-4000-8000-000000000000")
			return v.Properties, err
		}},
	{"/v1/deploy_templates/CUSTOM_T", "steps", nil,
		func(tx *store.Tx) (any, error) { v, err := tx.DeployTemplates().Get("CUSTOM_T"); return v.Steps, err }},
}

func maskLab(t *testing.T) *lab {
	l := volumes(t)
	l.setPower(t, nodeA, baremetal.PowerOff)
	for _, p := range secretPlaces[:3] {
		l.must(t, "PATCH", p.path, []any{map[string]any{"op": "add", "path": "/" + p.field, "value": p.fill}}, 200)
	}
	steps := []any{}
	for i, name := range []string{"one", "two"} {
		steps = append(steps, map[string]any{"interface": "deploy", "step": name, "priority": 1,
			"args": map[string]any{"password": fmt.Sprint("s3-", i)}})
	}
	l.must(t, "POST", "/v1/deploy_templates", map[string]any{"name": "CUSTOM_T", "steps": steps}, 201)
	return l
}

func (l *lab) kept(t *testing.T, i int) string {
	t.Helper()
	var text []byte
	err := l.store.View(t.Context(), func(tx *store.Tx) error {
		v, err := secretPlaces[i].kept(tx)
		text = rest.Encode(v)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestMaskComesBack reads every masked object and sends it back, whole and key by key:
// what is stored stays as it was.
func TestMaskComesBack(t *testing.T) {
	l := maskLab(t)
	for i, p := range secretPlaces {
		before := l.kept(t, i)
		var shown map[string]any
		if err := json.Unmarshal(l.must(t, "GET", p.path, nil, 200), &shown); err != nil {
			t.Fatal(err)
		}
		if text := string(rest.Encode(shown[p.field])); strings.Contains(text, "s3") || !strings.Contains(text, baremetal.Mask) {
			t.Errorf("%s of %s is shown as %s", p.field, p.path, text)
		}
		for _, op := range []string{"add", "replace"} {
			l.must(t, "PATCH", p.path, []any{map[string]any{"op": op, "path": "/" + p.field, "value": shown[p.field]}}, 200)
			members, _ := shown[p.field].(map[string]any)
			for key, v := range members {
				l.must(t, "PATCH", p.path, []any{map[string]any{"op": op, "path": "/" + p.field + "/" + key, "value": v}}, 200)
			}
			if after := l.kept(t, i); after != before {
				t.Errorf("%s of %s sent back by %s: stored is %s, was %s", p.field, p.path, op, after, before)
			}
		}
	}
	// One step of two goes: the other keeps its own secret.
	l.must(t, "PATCH", "/v1/deploy_templates/CUSTOM_T", []any{map[string]any{"op": "replace", "path": "/steps", "value": []any{
		map[string]any{"interface": "deploy", "step": "two", "priority": 5, "args": map[string]any{"password": baremetal.Mask}}}}}, 200)
	if got := l.kept(t, 3); !strings.Contains(got, "s3-1") || strings.Contains(got, "s3-0") {
		t.Errorf("the step that is left keeps %s", got)
	}
}

// TestMaskIsNoSecret sends masks where nothing is hidden.
func TestMaskIsNoSecret(t *testing.T) {
	l := maskLab(t)
	l.change(t, nodeA, func(n *baremetal.Node) { n.ProvisionState, n.InstanceInfo = baremetal.Available, nil })
	add := func(path string, value any) []any {
		return []any{map[string]any{"op": "add", "path": path, "value": value}}
	}
	password := map[string]any{"password": baremetal.Mask}
	step := map[string]any{"interface": "deploy", "step": "x", "priority": 1, "args": password}
	for _, c := range []struct {
		method, path string
		body         any
	}{
		{"POST", "/v1/nodes", map[string]any{"driver": "fake-hardware", "driver_info": password}},
		{"POST", "/v1/nodes", map[string]any{"driver": "fake-hardware", "instance_info": map[string]any{"image_url": baremetal.Mask}}},
		{"POST", "/v1/nodes", map[string]any{"driver": "fake-hardware", "driver_info": map[string]any{"deploy_kernel": "https://u:******@h/k"}}},
		{"POST", "/v1/volume/targets", map[string]any{"node_uuid": nodeA, "volume_type": "iscsi", "boot_index": 7, "volume_id": "v",
			"properties": map[string]any{"auth_password": baremetal.Mask}}},
		{"POST", "/v1/deploy_templates", map[string]any{"name": "CUSTOM_U", "steps": []any{step}}},
		{"PATCH", "/v1/nodes/a", add("/driver_info/redfish_password", baremetal.Mask)},
		{"PATCH", "/v1/nodes/a", add("/driver_info/copy", baremetal.Mask)},
		{"PATCH", "/v1/nodes/a", add("/driver_info/nested", map[string]any{"list": []any{password}})},
		{"PATCH", "/v1/volume/targets/c0ffee02-0000-4000-8000-000000000000", add("/properties/reverse_auth_password", baremetal.Mask)},
		{"PATCH", "/v1/deploy_templates/CUSTOM_T", add("/steps/-", step)},
		{"PUT", "/v1/nodes/a/states/provision", map[string]any{"target": "active", "configdrive": baremetal.Mask}},
		{"PUT", "/v1/nodes/a/states/provision", map[string]any{"target": "active", "deploy_steps": []any{step}}},
	} {
		status, text := l.do(t, c.method, c.path, c.body)
		if status != 400 || !strings.Contains(string(text), "is shown in place of a secret and is not one") {
			t.Errorf("%s %s %s = %d %s, want a 400 that says that the mask is no secret", c.method, c.path, rest.Encode(c.body), status, text)
		}
	}
}

// TestMisplacedSecretsAreNotQuoted puts secrets where they do not belong.
func TestMisplacedSecretsAreNotQuoted(t *testing.T) {
	l := maskLab(t)
	l.change(t, nodeA, func(n *baremetal.Node) { n.ProvisionState = baremetal.Available })
	l.must(t, "PATCH", "/v1/nodes/a", []any{map[string]any{"op": "add", "path": "/driver_info/password", "value": map[string]any{"x": "s3"}}},
		200)
	patch := func(path string, value any) []any {
		return []any{map[string]any{"op": "replace", "path": path, "value": value}}
	}
	for _, c := range []struct {
		method, path string
		body         any
	}{
		{"POST", "/v1/nodes", map[string]any{"driver": "fake-hardware", "driver_info": []any{"ipmi_password", "s3"}}},
		{"POST", "/v1/nodes", map[string]any{"driver": "fake-hardware", "instance_info": "s3"}},
		{"PATCH", "/v1/nodes/a", patch("/driver_info", []any{"s3"})},
		{"PATCH", "/v1/nodes/a", patch("/driver_info/ipmi_password/0", []any{"s3"})},
		{"PATCH", "/v1/nodes/a", patch("/driver_info/password/y/z", "s3")},
		{"PATCH", "/v1/volume/targets/c0ffee02-0000-4000-8000-000000000000", patch("/properties", []any{"s3"})},
		{"POST", "/v1/deploy_templates", map[string]any{"name": "CUSTOM_U",
			"steps": []any{map[string]any{"interface": "deploy", "step": "x", "priority": 1, "args": []any{"s3"}}}}},
		{"PUT", "/v1/nodes/a/states/provision", map[string]any{"target": "rescue", "rescue_password": []any{"s3"}}},
		{"PUT", "/v1/nodes/a/states/provision", map[string]any{"target": "active", "configdrive": map[string]any{"meta_data": []any{"s3"}}}},
		{"PUT", "/v1/nodes/a/states/provision", map[string]any{"target": "active", "configdrive": []any{"s3"}}},
		{"POST", "/v1/heartbeat/" + nodeA, map[string]any{"callback_url": "u", "agent_token": []any{"s3"}}},
	} {
		if status, text := l.do(t, c.method, c.path, c.body); status < 400 || status >= 500 || strings.Contains(string(text), "s3") {
			t.Errorf("%s %s %s = %d %s, want a refusal without the secret", c.method, c.path, rest.Encode(c.body), status, text)
		}
	}
}
