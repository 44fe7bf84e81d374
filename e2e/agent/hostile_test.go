package agent_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ironhook/e2e/lab"
)

// stranger sends requests from the boot network, without a password.
type stranger struct{ http.Client }

// send returns the status and the body of the answer to a request.
func (s *stranger) send(t *testing.T, method, path string, body any) (int, object) {
	t.Helper()
	b, err := json.Marshal(body)
	must(t, "request", err)
	r, err := http.NewRequestWithContext(t.Context(), method, "http://"+lab.Address+":6385"+path, bytes.NewReader(b))
	must(t, "request", err)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-OpenStack-Ironic-API-Version", "1.84")
	answer, err := s.Do(r)
	must(t, method+" "+path, err)
	defer answer.Body.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(answer.Body)
	must(t, method+" "+path, err)
	var out object
	_ = json.Unmarshal(text, &out) // not every answer is an object
	return answer.StatusCode, out
}

// report is what an agent reports whose machine has cards with these addresses.
func report(macs ...string) object {
	var cards []object
	for i, mac := range macs {
		cards = append(cards, object{"name": fmt.Sprintf("eth%d", i), "mac_address": mac})
	}
	return object{"inventory": object{"interfaces": cards, "memory": object{"physical_mb": 1}, "cpu": object{"architecture": "evil"}}}
}

const (
	quarry    = "52:54:00:18:00:01" // the machine that boots the agent
	inspected = "52:54:00:18:00:02" // the one that is inspected
	bystander = "52:54:00:18:00:03" // one that does neither
)

// TestHostileAgent has a machine of the boot network pretend to be the agent of others. It gets and changes
// what is the first agent's by its token, and nothing else.
func TestHostileAgent(t *testing.T) {
	r := newRoomWith(t, "hostile", noAgent)
	nodes := map[string]string{}
	for name, mac := range map[string]string{"quarry": quarry, "inspected": inspected, "bystander": bystander} {
		var made struct{ UUID string }
		must(t, "enrol", r.client.Do(t.Context(), "POST", "/v1/nodes",
			object{"name": name, "driver": "fake-hardware", "deploy_interface": "direct", "inspect_interface": "agent",
				"boot_interface": "ipxe", "storage_interface": "noop", "automated_clean": false}, &made))
		must(t, "port", r.client.Do(t.Context(), "POST", "/v1/ports", object{"node_uuid": made.UUID, "address": mac}, nil))
		nodes[name] = made.UUID
		r.provision(t, name, "manage", "manageable")
	}
	r.begin(t, "quarry", object{"target": "clean", "clean_steps": []object{{"interface": "deploy", "step": "erase_devices_metadata"}}})
	r.await(t, "quarry", "clean wait")
	r.begin(t, "inspected", object{"target": "inspect"})
	r.await(t, "inspected", "inspect wait")
	before := r.everything(t, "bystander")
	s := &stranger{http.Client{Transport: &http.Transport{DialContext: r.Dial}, Timeout: time.Minute}}

	status, first := s.send(t, "GET", "/v1/lookup?addresses="+quarry, nil)
	token, _ := first["config"].(object)["agent_token"].(string)
	if status != 200 || len(token) < 20 {
		t.Fatalf("the first lookup: %d, a token of %d bytes", status, len(token))
	}
	for i := range 20 { // replayed
		if status, again := s.send(t, "GET", "/v1/lookup?addresses="+quarry, nil); status != 200 ||
			again["config"].(object)["agent_token"] != "******" {
			t.Fatalf("lookup %d: %d %v", i+2, status, again["config"])
		}
	}
	beat := func(node, token, callback string) int {
		status, _ := s.send(t, "POST", "/v1/heartbeat/"+nodes[node],
			object{"callback_url": callback, "agent_version": "11", "agent_token": token})
		return status
	}
	const at = "https://10.77.0.99:9999" // nobody answers there
	if status := beat("quarry", token, at); status != 202 {
		t.Fatalf("the agent's heartbeat: %d", status)
	}
	for what, status := range map[string]int{
		"another token": beat("quarry", strings.Repeat("x", len(token)), at), "the mask": beat("quarry", "******", at),
		"no token":      beat("quarry", "", at),
		"another place": beat("quarry", token, "https://10.77.0.98:9999"), "the token of another node": beat("inspected", token, at),
		"a node without an agent": beat("bystander", token, at),
	} {
		if status != 400 {
			t.Errorf("a heartbeat with %s: %d, want 400", what, status)
		}
	}
	for what, c := range map[string]struct {
		path   string
		report object
		status int
	}{
		"a node that is not inspected": {"", report(bystander), 404},
		"the same by its UUID":         {"?node_uuid=" + nodes["bystander"], report(bystander), 404},
		"the cards of two nodes":       {"", report(inspected, bystander), 404},
		"no card":                      {"", object{"inventory": object{"interfaces": []object{}}}, 400},
		"17 MiB": {"",
			object{"inventory": object{"interfaces": []object{{"mac_address": inspected}}, "x": strings.Repeat("x", 17<<20)}}, 413},
		"a stranger with more than 256 KiB": {"",
			object{"inventory": object{"interfaces": []object{{"mac_address": "52:54:00:18:01:00"}}, "x": strings.Repeat("x", 300<<10)}}, 400},
	} {
		if status, answer := s.send(t, "POST", "/v1/continue_inspection"+c.path, c.report); status != c.status {
			t.Errorf("a report of %s: %d, want %d: %.300v", what, status, c.status, answer)
		}
	}
	r.fill(t, s)
	if status, _ := s.send(t, "GET", "/ironhook/v1/agent/"+nodes["quarry"]+"/image/"+url.PathEscape(token), nil); status != 404 {
		t.Errorf("an image by the token itself: %d", status)
	}
	// the one that is inspected may claim a card of another: it stays where it is
	if status, _ := s.send(t, "POST", "/v1/continue_inspection?node_uuid="+nodes["inspected"], report(inspected, bystander)); status != 202 {
		t.Errorf("the report of the node that is inspected: %d", status)
	}
	r.await(t, "inspected", "manageable")
	if after := r.everything(t, "bystander"); after != before {
		t.Errorf("the bystander was\n%s\nand is\n%s", before, after)
	}
}

// noAgent is for a room in which nothing boots it.
func noAgent(t *testing.T, _ string) string {
	dir := t.TempDir()
	for _, name := range []string{"vmlinuz", "initrd"} {
		must(t, "agent", os.WriteFile(filepath.Join(dir, name), []byte("nothing"), 0o600))
	}
	return dir
}

// fill has machines that nobody knows wait for approval until no more are kept.
func (r *room) fill(t *testing.T, s *stranger) {
	t.Helper()
	kept := 0
	for i := range 300 {
		status, _ := s.send(t, "POST", "/v1/continue_inspection", report(fmt.Sprintf("52:54:00:99:%02x:%02x", i>>8, i&255)))
		switch status {
		case 202:
			kept++
		case 404, 409, 429, 503: // no more are kept, or not so many at once
		default:
			t.Fatalf("report %d of a stranger: %d", i, status)
		}
	}
	if kept == 0 || kept > 256 {
		t.Errorf("%d strangers are kept, want at most 256", kept)
	}
}

// everything is what the API says of a node and its records.
func (r *room) everything(t *testing.T, node string) string {
	t.Helper()
	var all []string
	for _, path := range []string{"/v1/nodes/" + node, "/v1/ports/detail?node=" + node, "/v1/volume/connectors?detail=true&node=" +
		node, "/v1/volume/targets?detail=true&node=" + node} {
		var out object
		must(t, path, r.client.Do(t.Context(), "GET", path, nil, &out))
		b, err := json.Marshal(out)
		must(t, path, err)
		all = append(all, string(b))
	}
	return strings.Join(all, "\n")
}

// await waits until the node is in a state.
func (r *room) await(t *testing.T, node, state string) {
	t.Helper()
	eventually(t, node+" in "+state, func() (bool, error) {
		n, err := r.client.Node(t.Context(), node)
		if err == nil && n.ProvisionState != state && strings.HasSuffix(n.ProvisionState, " failed") && n.LastError != nil {
			err = fmt.Errorf("%s: %s", n.ProvisionState, *n.LastError)
		}
		return n.ProvisionState == state, err
	})
}
