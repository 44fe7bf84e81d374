package cli_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// deployed is an appliance with the images first and second and the machine pc, whose
// deployment made its disk of first, and that is off. The test must stop it.
func deployed(t *testing.T) (h *house, pc, first, second string) {
	t.Helper()
	data := t.TempDir()
	r := start(t, data)
	h = &house{T: t, running: r, data: data}
	first, second = h.image("first"), h.image("second")
	pc = h.make("nodes", `{"name": "pc", "driver": "fake-hardware", "storage_interface": "iscsi", "deploy_interface": "direct",
		"boot_interface": "ipxe", "properties": {"capabilities": "iscsi_boot:True"}, "instance_info": {"image_source": "first", "root_gb": 1}}`)
	h.make("ports", `{"node_uuid": "`+pc+`", "address": "52:54:00:00:00:01"}`)
	for _, step := range []struct{ verb, state string }{{"manage", "manageable"}, {"provide", "available"}, {"active", "active"}} {
		h.provision("pc", step.verb, step.state)
	}
	h.put("nodes/pc/states/power", `{"target": "power off"}`)
	h.await("pc", func(n node) bool { return n.PowerState == "power off" })
	return h, pc, first, second
}

// TestTheDiskOfAMachineThatIsOff goes by the APIs only: what destroys or takes the
// volume of a deployed machine that is off is refused, names its node, and changes
// nothing; undeploy lets it go.
func TestTheDiskOfAMachineThatIsOff(t *testing.T) {
	h, pc, _, second := deployed(t)
	defer stop(t, h.running)
	r := h.running
	old := h.volumes()[0]
	id := old["id"].(string)
	if old["status"] != "in-use" || !strings.Contains(fmt.Sprint(old["attachments"]), "server_id:"+pc) {
		t.Fatalf("the volume of a deployed machine that is off = %v, want it in use by node %s", old, pc)
	}
	_, usage := r.call(t, "GET", "/ironhook/v1/disks/"+id+"/usage", "")
	if !strings.Contains(usage, `"users":["pc"]`) {
		t.Errorf("usage = %s, want the user named", usage)
	}
	status, snapshot := r.call(t, "POST", "/volume/v3/p/snapshots", `{"snapshot": {"volume_id": "`+id+`", "name": "s"}}`)
	if status != http.StatusAccepted {
		t.Fatalf("a snapshot of a machine that is off = %d %s", status, snapshot)
	}
	snap := between(snapshot, `"id":"`, `"`)
	target := h.list("volume/targets", "targets")[0]["uuid"].(string)
	for _, try := range []struct{ method, path, body string }{
		{"DELETE", "volumes/" + id, ""},
		{"DELETE", "volumes/" + id + "?cascade=true", ""},
		{"POST", "volumes/" + id + "/action", `{"revert": {"snapshot_id": "` + snap + `"}}`},
		{"POST", "volumes/" + id + "/action", `{"os-reimage": {"image_id": "` + second + `"}}`},
		{"POST", "volumes/" + id + "/action", `{"os-reset_status": {"status": "error"}}`},
		{"POST", "volumes/" + id + "/action", `{"os-update_readonly_flag": {"readonly": true}}`},
		{"POST", "volumes/" + id + "/action", `{"os-reserve": {}}`},
		{"POST", "volumes/" + id + "/action", `{"os-attach": {"host_name": "thief", "mountpoint": "/dev/sda"}}`},
		{"POST", "volumes/" + id +
			"/action", `{"os-initialize_connection": {"connector": {"initiator": "iqn.2026-11.net.example:thief", "host": "thief"}}}`},
		{"POST", "attachments", `{"attachment": {"volume_uuid": "` + id +
			`", "instance_uuid": "c0ffee00-0000-4000-8000-000000000001", "connector": {"initiator": "iqn.2026-11.net.example:thief", "host": ` +
			`"thief"}}}`},
		{"DELETE", "attachments/" + target, ""},
	} {
		status, text := r.call(t, try.method, "/volume/v3/p/"+try.path, try.body)
		if status < 400 || status >= 500 || !strings.Contains(text, "node pc") {
			t.Errorf("%s %s %s = %d %s, want a refusal that names the node", try.method, try.path, try.body, status, text)
		}
	}
	if status, text := r.call(t, "DELETE", "/v1/volume/targets/"+target, ""); status != http.StatusConflict {
		t.Errorf("DELETE of the target = %d %s, want 409", status, text)
	}
	thief := h.make("nodes", `{"name": "thief", "driver": "fake-hardware", "storage_interface": "iscsi", "properties": {"capabilities": `+
		`"iscsi_boot:True"}}`)
	stolen := h.make("volume/targets", `{"node_uuid": "`+thief+`", "volume_type": "iscsi", "boot_index": 0, "volume_id": "`+id+`"}`)
	h.put("nodes/thief/states/power", `{"target": "power on"}`)
	h.await("thief", func(n node) bool { return n.LastError != nil && strings.Contains(*n.LastError, "in use by node pc") })
	if status, text := r.call(t, "DELETE", "/v1/volume/targets/"+stolen, ""); status != http.StatusNoContent {
		t.Errorf("DELETE of a target that holds nothing = %d %s", status, text)
	}

	h.provision("pc", "deleted", "available")
	kept := h.until(func(all []map[string]any) bool { return len(all) == 1 && all[0]["status"] == "available" })[0]
	if kept["id"] != id {
		t.Errorf("after undeploy there is %v, want the volume, for it has a snapshot", kept)
	}
	r.call(t, "DELETE", "/volume/v3/p/snapshots/"+snap, "")
	if status, text := r.call(t, "DELETE", "/volume/v3/p/volumes/"+id, ""); status != http.StatusAccepted {
		t.Errorf("DELETE of a volume that no node has = %d %s", status, text)
	}
	h.until(func(all []map[string]any) bool { return len(all) == 0 })
}

// TestRebuildMakesTheDiskAnew of what instance_info says now, having said first what it
// cannot do.
func TestRebuildMakesTheDiskAnew(t *testing.T) {
	h, _, first, second := deployed(t)
	defer stop(t, h.running)
	r := h.running
	id := h.volumes()[0]["id"].(string)
	_, snapshot := r.call(t, "POST", "/volume/v3/p/snapshots", `{"snapshot": {"volume_id": "`+id+`", "name": "s"}}`)
	snap := between(snapshot, `"id":"`, `"`)
	h.patch("pc", `[{"op": "replace", "path": "/instance_info/image_source", "value": "secnod"}]`)
	if status, text := r.call(t, "PUT", "/v1/nodes/pc/states/provision", `{"target": "rebuild"}`); status != http.StatusBadRequest ||
		!strings.Contains(text, "names no active image") {
		t.Errorf("rebuild from a typo = %d %s, want 400", status, text)
	}
	if _, text := r.call(t, "GET", "/v1/nodes/pc/validate", ""); !strings.Contains(text, "names no active image") {
		t.Errorf("validate = %s, want the same words", text)
	}
	h.patch("pc", `[{"op": "replace", "path": "/instance_info/image_source", "value": "second"}, {"op": "replace", "path": `+
		`"/instance_info/root_gb", "value": 2}]`)
	h.provision("pc", "rebuild", "active")
	var made, before map[string]any
	h.until(func(all []map[string]any) bool {
		for _, v := range all {
			if v["id"] == id {
				before = v
			} else {
				made = v
			}
		}
		return len(all) == 2 && before["status"] == "available"
	})
	if made["size"] != 2.0 || !strings.Contains(fmt.Sprint(made["volume_image_metadata"]), second) ||
		strings.Contains(fmt.Sprint(made), first) || made["status"] != "in-use" {
		t.Errorf("the volume after a rebuild = %v, want 2 GiB of image %s", made, second)
	}
	if _, text := r.call(t, "GET", "/volume/v3/p/snapshots/"+snap, ""); !strings.Contains(text, id) {
		t.Errorf("the snapshot after a rebuild = %s, want it kept with its volume", text)
	}
	h.await("pc", func(n node) bool { return n.PowerState == "power on" })
}

// image uploads an image of a MiB.
func (h *house) image(name string) string {
	h.Helper()
	status, text := h.call(h.T, "POST", "/image/v2/images", `{"name": "`+name+`", "disk_format": "raw", "container_format": "bare"}`)
	id := between(text, `"id":"`, `"`)
	if status != http.StatusCreated || id == "" {
		h.Fatalf("create image = %d %s", status, text)
	}
	request, err := http.NewRequestWithContext(h.Context(), "PUT", h.url(h.T)+"/image/v2/images/"+id+"/file",
		strings.NewReader(strings.Repeat(name, 1<<18)))
	if err != nil {
		h.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/octet-stream")
	request.SetBasicAuth("admin", h.password)
	if status, text := answer(h.T, http.DefaultClient, request); status != http.StatusNoContent {
		h.Fatalf("upload = %d %s", status, text)
	}
	return id
}

func between(text, before, after string) string {
	_, rest, _ := strings.Cut(text, before)
	found, _, _ := strings.Cut(rest, after)
	return found
}

func (h *house) patch(name, ops string) {
	h.Helper()
	if status, text := h.call(h.T, "PATCH", "/v1/nodes/"+name, ops); status != http.StatusOK {
		h.Fatalf("PATCH %s = %d %s", ops, status, text)
	}
}

// provision gives a verb and waits until it has led to a state.
func (h *house) provision(name, verb, state string) {
	h.Helper()
	h.put("nodes/"+name+"/states/provision", `{"target": "`+verb+`"}`)
	h.await(name, func(n node) bool {
		if n.ProvisionState == state && n.Reservation == nil {
			return true
		}
		if strings.HasSuffix(n.ProvisionState, "failed") || n.ProvisionState == "error" {
			h.Fatalf("%s of %s led to %s: %v", verb, name, n.ProvisionState, n.LastError)
		}
		return false
	})
}

// volumes are all there are, in detail.
func (h *house) volumes() (list []map[string]any) {
	h.Helper()
	var body struct{ Volumes []map[string]any }
	_, text := h.call(h.T, "GET", "/volume/v3/p/volumes/detail", "")
	if err := json.Unmarshal([]byte(text), &body); err != nil {
		h.Fatal(err)
	}
	return body.Volumes
}

// until waits until the volumes are as wanted: unused ones are deleted in the background.
func (h *house) until(wanted func([]map[string]any) bool) []map[string]any {
	h.Helper()
	for range 60 {
		if all := h.volumes(); wanted(all) {
			return all
		}
		h.call(h.T, "GET", "/ironhook/v1/events?wait=1&after="+h.newest(), "")
	}
	h.Fatalf("volumes = %v, never as wanted", h.volumes())
	return nil
}
