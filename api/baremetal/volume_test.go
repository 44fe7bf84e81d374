package baremetalapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/store"
)

const (
	nodeA = "c0ffee00-0000-4000-8000-00000000000a"
	nodeB = "c0ffee00-0000-4000-8000-00000000000b"
)

// volumes is a lab with two nodes and some volume resources.
func volumes(t *testing.T) *lab {
	l := newLab(t)
	l.must(t, "POST", "/v1/nodes", map[string]any{"uuid": nodeA, "name": "a", "driver": "fake-hardware"}, 201)
	l.must(t, "POST", "/v1/nodes", map[string]any{"uuid": nodeB, "name": "b", "driver": "fake-hardware"}, 201)
	for i, c := range []struct{ node, kind, id string }{{nodeA, "iqn", "iqn.a"}, {nodeA, "ip", "192.0.2.1"}, {nodeB, "iqn", "iqn.b"}} {
		l.must(t, "POST", "/v1/volume/connectors", map[string]any{"uuid": fmt.Sprintf("c0ffee01-0000-4000-8000-%012d", i),
			"node_uuid": c.node, "type": c.kind, "connector_id": c.id}, 201)
	}
	for i, v := range []struct {
		node, kind, id string
		index          int
	}{{nodeA, "iscsi", "root", 0}, {nodeA, "fibre_channel", "data", 1}, {nodeB, "iscsi", "root", 0}} {
		l.must(t, "POST", "/v1/volume/targets", map[string]any{"uuid": fmt.Sprintf("c0ffee02-0000-4000-8000-%012d", i),
			"node_uuid": v.node, "volume_type": v.kind, "volume_id": v.id, "boot_index": v.index}, 201)
	}
	return l
}

// ids are the last digits of what a list returns.
func ids(t *testing.T, raw []byte) (list []string, next string) {
	t.Helper()
	var page struct {
		Connectors, Targets []struct{ UUID string }
		Next                string
	}
	if err := json.Unmarshal(raw, &page); err != nil {
		t.Fatal(err)
	}
	for _, row := range append(page.Connectors, page.Targets...) {
		list = append(list, row.UUID[len(row.UUID)-1:])
	}
	return list, page.Next
}

// TestVolumeFilters holds the filters and routes that the specification promised.
func TestVolumeFilters(t *testing.T) {
	l := volumes(t)
	for _, test := range []struct {
		path string
		want string
	}{
		{"/v1/volume/connectors", "0 1 2"},
		{"/v1/volume/connectors?type=iqn", "0 2"},
		{"/v1/volume/connectors?connector_id=192.0.2.1", "1"},
		{"/v1/volume/connectors?type=iqn&node=b", "2"},
		{"/v1/volume/connectors/detail?node=a", "0 1"},
		{"/v1/volume/connectors/detail?type=ip", "1"},
		{"/v1/nodes/a/volume/connectors", "0 1"},
		{"/v1/nodes/" + nodeB + "/volume/connectors", "2"},
		{"/v1/nodes/a/volume/connectors/detail?sort_key=type", "1 0"},
		{"/v1/volume/targets?volume_type=iscsi", "0 2"},
		{"/v1/volume/targets?volume_id=root&node=a", "0"},
		{"/v1/volume/targets?boot_index=0", "0 2"},
		{"/v1/volume/targets/detail?boot_index=1", "1"},
		{"/v1/nodes/b/volume/targets", "2"},
		{"/v1/volume/targets?volume_id=nothing", ""},
	} {
		got, _ := ids(t, l.must(t, "GET", test.path, nil, 200))
		if strings.Join(got, " ") != test.want {
			t.Errorf("GET %s = %v, want %s", test.path, got, test.want)
		}
	}
}

// TestNextPageKeepsItsFilters follows the links to the end.
func TestNextPageKeepsItsFilters(t *testing.T) {
	l := volumes(t)
	for path, want := range map[string][]string{
		"/v1/volume/connectors?type=iqn&limit=1":               {"0", "2"},
		"/v1/nodes/a/volume/connectors?limit=1":                {"0", "1"},
		"/v1/volume/targets/detail?boot_index=0&limit=1":       {"0", "2"},
		"/v1/volume/connectors?limit=2&sort_key=connector_id":  {"1", "0", "2"},
		"/v1/volume/connectors?limit=2&sort_dir=desc&detail=1": {"2", "1", "0"},
	} {
		var got []string
		for next := l.URL + path; next != ""; {
			var page []string
			page, next = ids(t, l.must(t, "GET", strings.TrimPrefix(next, l.URL), nil, 200))
			got = append(got, page...)
		}
		if !slices.Equal(got, want) {
			t.Errorf("all pages of %s = %v, want %v", path, got, want)
		}
	}
}

// TestSecretsStayHidden writes secrets and reads them in every way there is.
func TestSecretsStayHidden(t *testing.T) {
	l := volumes(t)
	target := "/v1/volume/targets/c0ffee02-0000-4000-8000-000000000000"
	l.setPower(t, nodeA, baremetal.PowerOff)
	secrets := map[string]any{"auth_username": "USER", "auth_password": "PASS", "target_lun": 0,
		"nested": map[string]any{"token": "TOKEN"}, "list": []any{map[string]any{"secret": "LIST"}, []any{map[string]any{"password": "DEEP"}}},
		"note": "--password NOTED and password=WRITTEN", "discovery_auth_password": "DISC"}
	answers := [][]byte{
		l.must(t, "PATCH", target, []any{map[string]any{"op": "add", "path": "/properties", "value": secrets}}, 200),
		l.must(t, "PATCH", target, []any{map[string]any{"op": "add", "path": "/properties/target_lun", "value": 7}}, 200),
		l.must(t, "GET", target, nil, 200),
		l.must(t, "GET", "/v1/volume/targets?detail=true", nil, 200),
		l.must(t, "GET", "/v1/volume/targets/detail", nil, 200),
		l.must(t, "GET", "/v1/volume/targets?fields=properties", nil, 200),
		l.must(t, "GET", "/v1/nodes/a/volume/targets?detail=true", nil, 200),
		l.must(t, "PATCH", "/v1/nodes/a", []any{map[string]any{"op": "add", "path": "/driver_info",
			"value": map[string]any{"ipmi_password": "PASS", "x": []any{map[string]any{"password": "DEEP"}}}},
			map[string]any{"op": "add", "path": "/instance_info",
				"value": map[string]any{"configdrive": map[string]any{"user_data": "TOKEN"}, "image_url": "http://USER"}}}, 200),
		l.must(t, "GET", "/v1/nodes/a", nil, 200),
		l.must(t, "GET", "/v1/nodes/detail", nil, 200),
		l.events(t),
	}
	for i, answer := range answers {
		for _, word := range []string{"USER", "PASS", "TOKEN", "LIST", "DEEP", "NOTED", "WRITTEN", "DISC"} {
			if strings.Contains(string(answer), word) {
				t.Errorf("answer %d shows %s: %s", i, word, answer)
			}
		}
	}
	// What is hidden is still there: a patch of a neighbour works on the truth.
	err := l.store.View(t.Context(), func(tx *store.Tx) error {
		v, err := tx.Targets().Get("c0ffee02-0000-4000-8000-000000000000")
		if err == nil && (v.Properties.Text("auth_password") != "PASS" || fmt.Sprint(v.Properties["target_lun"]) != "7") {
			t.Errorf("stored properties = %v", v.Properties)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (l *lab) setPower(t *testing.T, uuid string, state baremetal.PowerState) {
	l.change(t, uuid, func(n *baremetal.Node) { n.PowerState = state })
}

func (l *lab) change(t *testing.T, uuid string, f func(n *baremetal.Node)) {
	t.Helper()
	err := l.store.Update(t.Context(), func(tx *store.Tx) error {
		n, err := tx.Nodes().Get(uuid)
		if err != nil {
			return err
		}
		f(n)
		return tx.Nodes().Update(n)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestVolumePowerRules holds when volume resources may be changed and deleted.
func TestVolumePowerRules(t *testing.T) {
	t.Parallel()
	on, off := baremetal.PowerOn, baremetal.PowerOff
	for _, test := range []struct {
		state         baremetal.ProvisionState
		power         baremetal.PowerState
		patch, remove int
	}{
		{baremetal.Enroll, "", 200, 204}, {baremetal.Enroll, on, 400, 204}, {baremetal.Enroll, off, 200, 204},
		{baremetal.Manageable, on, 400, 204}, {baremetal.AdoptFailed, on, 400, 204},
		{baremetal.Available, on, 400, 400}, {baremetal.Available, "", 200, 204}, {baremetal.Active, "", 400, 400},
		{baremetal.Available, off, 200, 204},
		{baremetal.Active, on, 400, 400}, {baremetal.Active, off, 200, 204},
	} {
		l := volumes(t)
		l.change(t, nodeA, func(n *baremetal.Node) { n.ProvisionState, n.PowerState = test.state, test.power })
		for _, path := range []string{"/v1/volume/connectors/c0ffee01-0000-4000-8000-000000000000",
			"/v1/volume/targets/c0ffee02-0000-4000-8000-000000000000"} {
			ops := []any{map[string]any{"op": "add", "path": "/extra/x", "value": 1}}
			if got, body := l.do(t, "PATCH", path, ops); got != test.patch {
				t.Errorf("%s, power %q: PATCH %s = %d %s, want %d", test.state, test.power, path, got, body, test.patch)
			}
			if got, body := l.do(t, "DELETE", path, nil); got != test.remove {
				t.Errorf("%s, power %q: DELETE %s = %d %s, want %d", test.state, test.power, path, got, body, test.remove)
			}
		}
	}
}

// TestReservedNodeIsLocked: what needs the node's lock says 409 after a while,
// what needs none goes on.
func TestReservedNodeIsLocked(t *testing.T) {
	t.Parallel()
	l := volumes(t)
	l.change(t, nodeA, func(n *baremetal.Node) { n.Reservation, n.PowerState = "another", baremetal.PowerOff })
	ops := []any{map[string]any{"op": "add", "path": "/extra/x", "value": 1}}
	const words = "is locked by host another, please retry after the current operation is completed."
	for _, test := range []struct {
		method, path string
		body         any
	}{
		{"PATCH", "/v1/volume/targets/c0ffee02-0000-4000-8000-000000000000", ops},
		{"DELETE", "/v1/nodes/a", nil},
		{"PUT", "/v1/nodes/a/states/power", map[string]any{"target": "power on"}},
	} {
		if status, body := l.do(t, test.method, test.path, test.body); status != http.StatusConflict || !strings.Contains(string(body), words) {
			t.Errorf("%s %s = %d %s, want 409 %s", test.method, test.path, status, body, words)
		}
	}
	l.must(t, "POST", "/v1/volume/targets", map[string]any{"node_uuid": nodeA, "volume_type": "iscsi", "volume_id": "more", "boot_index": 5},
		201)
}

// TestErrorsQuoteNoSecret makes mistakes around secrets, those of the request and
// those that are stored.
func TestErrorsQuoteNoSecret(t *testing.T) {
	l := volumes(t)
	target := "/v1/volume/targets/c0ffee02-0000-4000-8000-000000000000"
	l.setPower(t, nodeA, baremetal.PowerOff)
	op := func(op, path string, value any) map[string]any {
		return map[string]any{"op": op, "path": path, "value": value}
	}
	l.must(t, "PATCH", target,
		[]any{op("add", "/properties", map[string]any{"auth_username": "HUSH", "auth_password": "HUSH", "list": []any{}})}, 200)
	l.must(t, "PATCH", "/v1/nodes/a", []any{op("add", "/driver_info", map[string]any{"ipmi_password": "HUSH"})}, 200)
	for _, test := range []struct {
		method, path string
		body         any
	}{
		{"PATCH", target, []any{op("add", "/properties/missing/x", 1)}},
		{"PATCH", target, []any{op("replace", "/properties/new_password", "HUSH")}},
		{"PATCH", target, []any{op("add", "/properties/auth_password/x", "HUSH")}},
		{"PATCH", target, []any{op("add", "/properties/missing/x", map[string]any{"secret": "HUSH"})}},
		{"PATCH", target, op("add", "/properties/auth_password", "HUSH")},
		{"PATCH", "/v1/nodes/a", []any{op("add", "/driver_info/missing/x", "y")}},
		{"POST", "/v1/nodes", []any{op("add", "/driver_info/ipmi_password", "HUSH")}},
		{"POST", "/v1/nodes", map[string]any{"driver": "fake-hardware", "driver_info": []any{map[string]any{"ipmi_password": "HUSH"}}}},
		{"POST", "/v1/nodes", map[string]any{"driver": "fake-hardware", "driver_info": "ipmi_password=HUSH"}},
		{"POST", "/v1/volume/targets", map[string]any{"node_uuid": nodeA, "volume_type": "iscsi", "volume_id": "x", "boot_index": 7,
			"properties": []any{map[string]any{"auth_username": "HUSH"}}}},
		{"PUT", "/v1/nodes/a/states/provision", map[string]any{"target": "rescue", "rescue_password": []any{"HUSH"}}},
		{"PUT", "/v1/nodes/a/states/provision", map[string]any{"target": "active", "configdrive": []any{"HUSH"}}},
		{"PUT", "/v1/nodes/a/states/provision", map[string]any{"target": "manage", "deploy_steps": map[string]any{"password": "HUSH"}}},
		{"POST", "/v1/deploy_templates", map[string]any{"name": "CUSTOM_A", "steps": []any{map[string]any{"interface": "deploy", "step": 1,
			"priority": map[string]any{"token": "HUSH"}, "args": []any{map[string]any{"password": "HUSH"}}}}}},
		{"POST", "/v1/heartbeat/a", map[string]any{"callback_url": "http://x", "agent_token": []any{"HUSH"}}},
		{"GET", "/v1/?password=HUSH", nil},
	} {
		status, body := l.do(t, test.method, test.path, test.body)
		if status < 400 || status >= 500 || strings.Contains(string(body), "HUSH") {
			t.Errorf("%s %s %s = %d %s, want a refusal without the secret", test.method, test.path, rest.Encode(test.body), status, body)
		}
	}
}
