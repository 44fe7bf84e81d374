package baremetalapi

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"ironhook/baremetal"
)

// TestRamdisk is the life of a ramdisk: it looks its node up, is given a token once,
// and shows it in its heartbeats until the machine is switched off.
func TestRamdisk(t *testing.T) {
	l := newLab(t)
	l.must(t, "POST", "/v1/nodes",
		map[string]any{"uuid": nodeA, "name": "a", "driver": "fake-hardware", "driver_info": map[string]any{"ipmi_password": "HUSH"}}, 201)
	l.must(t, "POST", "/v1/ports", map[string]any{"node_uuid": nodeA, "address": "52:54:00:00:00:01"}, 201)
	const lookup, beat = "/v1/lookup?addresses=junk,52:54:00:00:00:01", "/v1/heartbeat/a"
	body := map[string]any{"callback_url": "http://192.0.2.1:9999", "agent_version": "9.4", "agent_token": "guessed"}
	token := func() string {
		t.Helper()
		var answer struct {
			Node   struct{ UUID string }
			Config struct {
				Token string `json:"agent_token"`
			}
		}
		raw := l.must(t, "GET", lookup, nil, 200)
		if err := json.Unmarshal(raw, &answer); err != nil {
			t.Fatal(err)
		}
		if answer.Node.UUID != nodeA || strings.Contains(string(raw), "HUSH") {
			t.Fatalf("lookup = %s, want node %s without secrets", raw, nodeA)
		}
		return answer.Config.Token
	}

	l.must(t, "GET", lookup, nil, 404) // it waits for no ramdisk
	l.change(t, nodeA, func(n *baremetal.Node) { n.ProvisionState = baremetal.CleanWait })
	l.must(t, "POST", beat, body, 400) // there is no token yet
	first := token()
	if len(first) < 20 || first == baremetal.Mask {
		t.Fatalf("token = %q, want a secret", first)
	}
	if second := token(); second != baremetal.Mask {
		t.Errorf("second token = %q, want %q", second, baremetal.Mask)
	}
	if old := l.must(t, "GET", lookup, nil, 200, "X-OpenStack-Ironic-API-Version", "1.61"); strings.Contains(string(old), first) {
		t.Errorf("lookup at 1.61 = %s, want no token", old)
	}

	l.must(t, "POST", beat, body, 400)
	body["agent_token"] = first
	l.must(t, "POST", beat, body, http.StatusAccepted)
	shown := string(l.must(t, "GET", "/v1/nodes/a?fields=driver_internal_info", nil, 200))
	for _, want := range []string{`"agent_url":"http://192.0.2.1:9999"`, `"agent_version":"9.4"`, `"agent_last_heartbeat":"2`,
		`"agent_secret_token":"******"`} {
		if !strings.Contains(shown, want) {
			t.Errorf("node = %s, want %s in it", shown, want)
		}
	}
	body["callback_url"] = "http://192.0.2.66:9999"
	if status, answer := l.do(t, "POST", beat, body); status != 400 || !strings.Contains(string(answer), "Detected change") {
		t.Errorf("heartbeat from elsewhere = %d %s, want a refusal", status, answer)
	}

	l.change(t, nodeA, func(n *baremetal.Node) { n.ProvisionState = baremetal.Manageable })
	l.must(t, "PUT", "/v1/nodes/a/states/power", map[string]any{"target": "power off"}, http.StatusAccepted)
	l.settled(t, "a")
	l.change(t, nodeA, func(n *baremetal.Node) { n.ProvisionState = baremetal.CleanWait })
	l.must(t, "POST", beat, body, 400)
	if again := token(); again == first || again == baremetal.Mask {
		t.Errorf("token after the machine was off = %q, want a new one", again)
	}
}

// settled waits until no operation holds the node.
func (l *lab) settled(t *testing.T, ident string) {
	t.Helper()
	for {
		changed := l.store.Changed()
		var n struct{ Reservation *string }
		if err := json.Unmarshal(l.must(t, "GET", "/v1/nodes/"+ident+"?fields=reservation", nil, 200), &n); err != nil {
			t.Fatal(err)
		}
		if n.Reservation == nil {
			return
		}
		<-changed
	}
}
