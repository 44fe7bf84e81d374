package baremetalapi

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"ironhook/baremetal"
	"ironhook/power/redfish/bmctest"
	"ironhook/store"
)

// redfishLab is an API with a node called r whose BMC is a real Redfish service.
func redfishLab(t *testing.T) (*lab, *bmctest.BMC) {
	t.Helper()
	b := bmctest.New()
	s := httptest.NewServer(b)
	t.Cleanup(s.Close)
	l := newLabOf(t, []string{"fake-hardware", "redfish"})
	l.must(t, "POST", "/v1/nodes",
		map[string]any{"name": "r", "driver": "redfish", "deploy_interface": "ramdisk", "driver_info": map[string]any{
			"redfish_address": s.URL, "redfish_username": bmctest.User, "redfish_password": bmctest.Password}}, 201)
	l.must(t, "PUT", "/v1/nodes/r/states/provision", map[string]any{"target": "manage"}, 202)
	l.resting(t, "manageable")
	return l, b
}

// resting waits until the node r is in a state, with nobody at work, and returns it.
func (l *lab) resting(t *testing.T, state string) map[string]any {
	t.Helper()
	for {
		changed := l.store.Changed()
		var n map[string]any
		if err := json.Unmarshal(l.must(t, "GET", "/v1/nodes/r", nil, 200), &n); err != nil {
			t.Fatal(err)
		}
		if n["provision_state"] == state && n["reservation"] == nil {
			return n
		}
		select {
		case <-changed:
		case <-t.Context().Done():
			t.Fatalf("the node is %v: %v", n["provision_state"], n["last_error"])
		}
	}
}

// what a GET of the node r says, without spaces.
func (l *lab) said(t *testing.T, path string) string {
	t.Helper()
	return string(l.must(t, "GET", "/v1/nodes/r"+path, nil, 200))
}

func wants(t *testing.T, got string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(got, p) {
			t.Errorf("%s\nlacks %s", got, p)
		}
	}
}

// What the BMC tells is there once the node is managed.
func TestRedfishPartsAreCached(t *testing.T) {
	l, _ := redfishLab(t)
	wants(t, l.said(t, "/bios"), `"name":"ProcTurbo","value":"Enabled"`, `/bios/ProcTurbo","rel":"self"`)
	wants(t, l.said(t, "/bios/Cores"), `{"Cores":{"created_at":`, `"lower_bound":1`, `"upper_bound":8`, `"allowable_values":[]`)
	wants(t, l.said(t, "/bios?fields=name,read_only"), `"name":"ProcTurbo","read_only":false`)
	wants(t, l.said(t, "/firmware"),
		`"component":"bmc","initial_version":"5.0","current_version":"5.0","last_version_flashed":null,"vendor":null,"model":"BMC-1",`+
			`"serial_number":null`,
		`"component":"nic:N-SN"`)
	if got := string(l.must(t, "GET", "/v1/nodes/r/firmware", nil, 200, versionHeader, "1.113")); strings.Contains(got, "vendor") {
		t.Errorf("firmware at 1.113 = %s", got)
	}
	wants(t, string(l.must(t, "GET", "/v1/nodes/r/firmware?fields=vendor", nil, 400, versionHeader, "1.113")),
		"They require at least API version 1.114")
	wants(t, string(l.must(t, "GET", "/v1/nodes/r/bios/Zz", nil, 404)), "doesn't have a BIOS setting 'Zz'")
	if n := l.resting(t, "manageable"); n["boot_mode"] != "uefi" || n["secure_boot"] != false {
		t.Errorf("boot_mode %v, secure_boot %v", n["boot_mode"], n["secure_boot"])
	}
	wants(t, l.said(t, "/validate"), `"bios":{"result":true}`, `"firmware":{"result":true}`, `"inspect":{"result":true}`)
}

func TestRedfishManagement(t *testing.T) {
	l, b := redfishLab(t)
	l.must(t, "PUT", "/v1/nodes/r/states/boot_mode", map[string]any{"target": "bios"}, 202)
	if n := l.resting(t, "manageable"); n["boot_mode"] != "bios" || n["last_error"] != nil {
		t.Errorf("boot_mode %v, %v", n["boot_mode"], n["last_error"])
	}
	l.must(t, "PUT", "/v1/nodes/r/states/secure_boot", map[string]any{"target": true}, 202)
	if n := l.resting(t, "manageable"); !strings.HasPrefix(n["last_error"].(string),
		"Failed to change secure_boot state to 'True': the firmware boots in bios mode") {
		t.Errorf("last_error %v", n["last_error"])
	}
	l.must(t, "POST", "/v1/nodes/r/vmedia", map[string]any{"device_type": "cdrom", "image_url": "http://u:marker-pw@192.0.2.1/x.iso"}, 204)
	l.resting(t, "manageable")
	media := l.said(t, "/vmedia")
	wants(t, media, `"inserted":true`, `"media_types":["CD","DVD"]`, "192.0.2.1/x.iso")
	if strings.Contains(media, "marker-pw") {
		t.Errorf("virtual media tell a password: %s", media)
	}
	l.must(t, "DELETE", "/v1/nodes/r/vmedia?device_types=cdrom", nil, 204)
	l.resting(t, "manageable")
	if b.Get(bmctest.System+"/VirtualMedia/Cd", "Inserted") != false {
		t.Error("the image is still inserted")
	}
	lights := l.said(t, "/management/indicators")
	wants(t, lights, `"component":"system","readonly":false,"states":["blinking","off","on"]`)
	light := "/management/indicators/c0ffee00-0000-4000-8000-0000000000a1@system"
	l.must(t, "PUT", "/v1/nodes/r"+light, map[string]any{"state": "ON"}, 204)
	wants(t, l.said(t, light), `{"state":"on"}`)
	wants(t, string(l.must(t, "GET", "/v1/nodes/r/management/indicators/zz@system", nil, 400)),
		"Unknown indicator zz for component system of node")
}

func TestRedfishInspection(t *testing.T) {
	l, _ := redfishLab(t)
	l.must(t, "PUT", "/v1/nodes/r/states/provision", map[string]any{"target": "inspect"}, 202)
	n := l.resting(t, "manageable")
	if n["last_error"] != nil || n["inspection_finished_at"] == nil {
		t.Fatalf("inspection: %v", n["last_error"])
	}
	properties, _ := json.Marshal(n["properties"])
	wants(t, string(properties), `"memory_mb":16384`, `"local_gb":63`, `"cpu_arch":"x86_64"`, `"capabilities":"boot_mode:uefi"`)
	wants(t, l.said(t, "/ports"), bmctest.MAC)
	wants(t, l.said(t, "/inventory"), `"product_name":"T-1000"`)
}

// The steps: what they change is there at the end, and secrets are not in the history.
func TestRedfishSteps(t *testing.T) {
	l, b := redfishLab(t)
	clean := func(steps ...map[string]any) map[string]any {
		l.must(t, "PUT", "/v1/nodes/r/states/provision", map[string]any{"target": "clean", "clean_steps": steps}, 202)
		return l.resting(t, "manageable")
	}
	n := clean(map[string]any{"interface": "bios", "step": "apply_configuration",
		"args": map[string]any{"settings": []any{map[string]any{"name": "ProcTurbo", "value": "Disabled"}}}},
		map[string]any{"interface": "management", "step": "clear_secure_boot_keys"})
	if n["last_error"] != nil {
		t.Fatal(n["last_error"])
	}
	wants(t, l.said(t, "/bios"), `"name":"ProcTurbo","value":"Disabled"`)
	wants(t, strings.Join(b.Log(), "\n"), "DeleteAllKeys")
	clean(map[string]any{"interface": "bios", "step": "factory_reset"})
	wants(t, l.said(t, "/bios"), `"name":"ProcTurbo","value":"Enabled"`)
	b.Change(bmctest.Manager, bmctest.Object{"FirmwareVersion": "6.0"})
	clean(map[string]any{"interface": "firmware", "step": "update",
		"args": map[string]any{"settings": []any{map[string]any{"component": "bmc", "url": "http://192.0.2.1/fw"}}}})
	wants(t, l.said(t, "/firmware"), `"initial_version":"5.0","current_version":"6.0","last_version_flashed":"6.0"`)
	wants(t, l.said(t, "/history?detail=true"), `"event_type":"manual_cleaning_start"`, `"event_type":"manual_cleaning_end"`,
		"Manual Cleaning completed successfully")
	l.must(t, "PUT", "/v1/nodes/r/states/provision", map[string]any{"target": "clean", "clean_steps": []any{
		map[string]any{"interface": "firmware", "step": "update",
			"args": map[string]any{"settings": []any{map[string]any{"component": "cpu", "url": "http://x"}}}}}}, 202)
	if n := l.resting(t, "clean failed"); !strings.Contains(n["last_error"].(string), `"cpu" is none of bios, bmc, nic:NAME`) {
		t.Errorf("last_error %v", n["last_error"])
	}
	wants(t, l.said(t, "/history?detail=true&sort_dir=desc&limit=1"), `"severity":"ERROR","event_type":"cleaning"`, `"state":"cleaning"`)
}

// A history is sorted and paged by any of its fields.
func TestHistoryPages(t *testing.T) {
	l := newLab(t)
	l.must(t, "POST", "/v1/nodes", map[string]any{"name": "r", "driver": "fake-hardware"}, 201)
	err := l.store.Update(t.Context(), func(tx *store.Tx) error {
		n, err := tx.Nodes().Get("r")
		for _, event := range []string{"b", "c", "a"} {
			if err == nil {
				err = tx.Record(&baremetal.History{NodeUUID: n.UUID, EventType: "deploying", Event: event})
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var order string
	for next := "/v1/nodes/r/history?sort_key=event&limit=1"; next != ""; {
		var page struct {
			History []struct{ Event string }
			Next    string
		}
		if err := json.Unmarshal(l.must(t, "GET", next, nil, 200), &page); err != nil {
			t.Fatal(err)
		}
		for _, h := range page.History {
			order += h.Event
		}
		next = strings.TrimPrefix(page.Next, l.URL)
	}
	if order != "abc" {
		t.Errorf("the pages say %q", order)
	}
}
