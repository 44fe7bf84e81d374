package baremetalapi

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"ironhook/baremetal"
	"ironhook/conductor"
	"ironhook/store"
)

const agentNode, agentMAC = "44444444-0000-4000-8000-000000000018", "52:54:00:00:18:01"

// images are the images of a lab whose agent writes some.
type images struct{}

func (images) Fetch(context.Context, *baremetal.Node) (conductor.Written, error) {
	return conductor.Written{UUID: "image", Size: 1 << 30, SHA256: "ab"}, nil
}

func (images) URL(_ context.Context, n *baremetal.Node, key string) (string, error) {
	return "http://appliance/" + n.UUID + "/" + key, nil
}

// standin is an agent as the conductor sees it.
type standin struct {
	*httptest.Server
	mu     sync.Mutex
	token  string
	told   []string                  // names of commands
	params map[string]map[string]any // the last ones by name
	status map[string]string         // of commands, SUCCEEDED where nothing is said
}

func newStandin(t *testing.T) *standin {
	s := &standin{params: map[string]map[string]any{}, status: map[string]string{}}
	s.Server = httptest.NewTLSServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *standin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.URL.Query().Get("agent_token") != s.token {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	answer := func(name string) map[string]any {
		status, result := s.status[name], map[string]any{"system_logs": logs()}
		if status == "" {
			status = "SUCCEEDED"
		}
		return map[string]any{"id": name, "command_name": name, "command_status": status, "command_result": result,
			"command_error": map[string]any{"details": "the disk is gone"}}
	}
	if r.Method == http.MethodGet {
		var list []any
		for _, name := range s.told {
			list = append(list, answer(name))
		}
		json.NewEncoder(w).Encode(map[string]any{"commands": list}) //nolint:errcheck // a test
		return
	}
	var in struct {
		Name   string
		Params map[string]any
	}
	json.NewDecoder(r.Body).Decode(&in) //nolint:errcheck // a test
	s.told = append(s.told, in.Name)
	s.params[in.Name] = in.Params
	json.NewEncoder(w).Encode(answer(in.Name)) //nolint:errcheck // a test
}

func logs() string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	t := tar.NewWriter(z)
	text := "what the agent said\x1b[2J"
	t.WriteHeader(&tar.Header{Name: "agent", Size: int64(len(text)), Mode: 0o600}) //nolint:errcheck // a test
	t.Write([]byte(text))                                                          //nolint:errcheck // a test
	t.Close()                                                                      //nolint:errcheck // a test
	z.Close()                                                                      //nolint:errcheck // a test
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

func (s *standin) say(name, status string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status[name] = status
}

func (s *standin) commands() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.told)
}

func (s *standin) beat(url, token string) string {
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	b, _ := json.Marshal(map[string]any{"callback_url": url, "agent_token": token, "agent_version": "11", "agent_verify_ca": string(ca)})
	return string(b)
}

// withAgent is a lab in which machines boot an agent, and a node that an image is to be written to.
func withAgent(t *testing.T) (*lab, *standin) {
	l := newLab(t)
	l.api.conductor.Agent, l.api.conductor.Images, l.api.conductor.Discovery = true, images{}, conductor.DiscoverWait
	l.must(t, "POST", "/v1/nodes", map[string]any{"uuid": agentNode, "name": "a", "driver": "fake-hardware", "deploy_interface": "direct",
		"storage_interface": "noop", "boot_interface": "ipxe",
		"properties": map[string]any{"root_device": map[string]any{"serial": "S1"}},
		"instance_info": map[string]any{"image_source": "debian", "force_deployment": true,
			"configdrive": map[string]any{"meta_data": map[string]any{"name": "a"}}}}, 201)
	l.must(t, "POST", "/v1/ports", map[string]any{"node_uuid": agentNode, "address": agentMAC}, 201)
	l.must(t, "PUT", "/v1/nodes/a/states/provision", map[string]any{"target": "manage"}, 202)
	l.until(t, agentNode, "manageable")
	return l, newStandin(t)
}

// meets has the agent look its node up, and returns its token.
func (l *lab) meets(t *testing.T, s *standin) {
	t.Helper()
	var found struct {
		Config struct {
			Token string `json:"agent_token"`
		}
	}
	if err := json.Unmarshal(l.must(t, "GET", "/v1/lookup?addresses="+agentMAC, nil, 200), &found); err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.token = found.Config.Token
}

// beats sends heartbeats until the node is in the state. One that comes when the work is done
// finds its token gone.
func (l *lab) beats(t *testing.T, s *standin, state string) {
	t.Helper()
	for t.Context().Err() == nil {
		if status, body := l.do(t, "POST", "/v1/heartbeat/"+agentNode, s.beat(s.URL, s.token)); status != 202 && status != 400 {
			t.Fatalf("heartbeat: %d %s", status, body)
		}
		var n struct {
			State string `json:"provision_state"`
			Error any    `json:"last_error"`
		}
		if err := json.Unmarshal(l.must(t, "GET", "/v1/nodes/a", nil, 200), &n); err != nil {
			t.Fatal(err)
		}
		if n.State == state {
			return
		}
		if strings.HasSuffix(n.State, "failed") {
			t.Fatalf("the node is %s: %v", n.State, n.Error)
		}
	}
}

// TestAgentWrites is a deployment by the agent. What others send in its name changes nothing.
func TestAgentWrites(t *testing.T) {
	l, s := withAgent(t)
	l.must(t, "PUT", "/v1/nodes/a/states/provision", map[string]any{"target": "provide"}, 202)
	l.until(t, agentNode, "available")
	l.must(t, "GET", "/v1/lookup?addresses="+agentMAC, nil, 404) // it waits for no agent
	s.say("standby.prepare_image", "RUNNING")
	l.must(t, "PUT", "/v1/nodes/a/states/provision", map[string]any{"target": "active"}, 202)
	l.until(t, agentNode, "wait call-back")
	l.must(t, "POST", "/v1/heartbeat/"+agentNode, s.beat(s.URL, "before it has a token"), 400)
	l.must(t, "GET", "/v1/lookup?addresses=52:54:00:00:99:99", nil, 404)
	l.meets(t, s)
	var second struct {
		Config struct {
			Token string `json:"agent_token"`
		}
	}
	if err := json.Unmarshal(l.must(t, "GET", "/v1/lookup?addresses="+agentMAC, nil, 200), &second); err != nil ||
		second.Config.Token == s.token {
		t.Errorf("the token is given twice: %v", err)
	}
	l.must(t, "POST", "/v1/heartbeat/"+agentNode, s.beat(s.URL, "wrong"), 400)
	l.must(t, "POST", "/v1/heartbeat/"+agentNode, s.beat(s.URL, s.token), 202)
	l.must(t, "POST", "/v1/heartbeat/"+agentNode, s.beat("https://192.0.2.66:9999", s.token), 400) // from elsewhere
	for !slices.Contains(s.commands(), "standby.prepare_image") && t.Context().Err() == nil {
		l.must(t, "POST", "/v1/heartbeat/"+agentNode, s.beat(s.URL, s.token), 202)
	}
	l.until(t, agentNode, "wait call-back")
	info, _ := s.params["standby.prepare_image"]["image_info"].(map[string]any)
	at := fmt.Sprint(info["urls"])
	if info["os_hash_value"] != "ab" || info["disk_format"] != "raw" || !strings.HasPrefix(at, "[http://appliance/"+agentNode+"/") ||
		strings.Contains(at, s.token) || s.params["standby.prepare_image"]["configdrive"] == nil {
		t.Errorf("the agent is told %v", s.params["standby.prepare_image"])
	}
	s.say("standby.prepare_image", "SUCCEEDED")
	l.beats(t, s, "active")
	want := []string{"standby.prepare_image", "image.install_bootloader", "standby.sync", "log.collect_system_logs"}
	if got := s.commands(); !slices.Equal(got, want) {
		t.Errorf("commands %v, want %v", got, want)
	}
	err := l.store.View(t.Context(), func(tx *store.Tx) error {
		log, err := tx.AgentLogs().Get(agentNode)
		if err == nil && (!strings.Contains(log.Text, "what the agent said") || strings.Contains(log.Text, "\x1b")) {
			t.Errorf("log %q", log.Text)
		}
		n, err2 := tx.Nodes().Get(agentNode)
		if n.InstanceInfo["force_deployment"] != nil || n.DriverInternalInfo["agent_secret_token"] != nil || n.InAgent() {
			t.Errorf("after the deployment: %v, %v", n.InstanceInfo, n.DriverInternalInfo)
		}
		if err == nil {
			err = err2
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestAgentFails: what the agent cannot do fails the deployment with its words, and the machine is off.
func TestAgentFails(t *testing.T) {
	l, s := withAgent(t)
	l.must(t, "PUT", "/v1/nodes/a/states/provision", map[string]any{"target": "provide"}, 202)
	l.until(t, agentNode, "available")
	s.say("standby.prepare_image", "FAILED")
	l.must(t, "PUT", "/v1/nodes/a/states/provision", map[string]any{"target": "active"}, 202)
	l.until(t, agentNode, "wait call-back")
	l.meets(t, s)
	l.must(t, "POST", "/v1/heartbeat/"+agentNode, s.beat(s.URL, s.token), 202)
	l.until(t, agentNode, "deploy failed")
	raw := string(l.must(t, "GET", "/v1/nodes/a", nil, 200))
	if !strings.Contains(raw, "the disk is gone") || !strings.Contains(raw, `"power_state":"power off"`) {
		t.Errorf("%s", raw)
	}
	if strings.Contains(raw, s.token) {
		t.Error("the token is shown")
	}
}

// TestAgentCleans: a manual cleaning by the agent, and steps that it does not know.
func TestAgentCleans(t *testing.T) {
	l, s := withAgent(t)
	clean := func(step string, status int) {
		t.Helper()
		l.must(t, "PUT", "/v1/nodes/a/states/provision",
			map[string]any{"target": "clean", "clean_steps": []any{map[string]any{"interface": "deploy", "step": step}}}, status)
	}
	clean("erase_devices", 202)
	l.until(t, agentNode, "clean wait")
	l.meets(t, s)
	l.beats(t, s, "manageable")
	if got := s.commands(); got[0] != "clean.execute_clean_step" || !slices.Contains(got, "standby.sync") {
		t.Errorf("commands %v", got)
	}
	step, _ := s.params["clean.execute_clean_step"]["step"].(map[string]any)
	if step["step"] != "erase_devices" {
		t.Errorf("the agent is told %v", s.params)
	}
	clean("make_coffee", 202)
	l.until(t, agentNode, "clean failed")
	if raw := string(l.must(t, "GET", "/v1/nodes/a", nil, 200)); !strings.Contains(raw, "node does not support this clean step") {
		t.Errorf("%s", raw)
	}
}

// TestDiscovery: a machine that is not enrolled waits, one approval makes a node of it, and nobody
// can speak for a machine that is enrolled.
func TestDiscovery(t *testing.T) {
	l, _ := withAgent(t)
	report := func(mac, more string) string {
		return `{"inventory": {"bmc_address": "10.0.1.9", "cpu": {"architecture": "x86_64", "count": 4}, "memory": {"physical_mb": 4096}, "disks": [{"name": "/dev/sda", "size": 10737418240}],
			"interfaces": [{"mac_address": "` + mac + `", "name": "eth0"}], "boot": {"current_boot_mode": "uefi", "pxe_interface": "` + mac + `"}},
			"hba": true, "volume_connectors": [{"type": "wwpn", "connector_id": "20:00:00:25:b5:bb:00:01"}, {"type": "port", "connector_id": "x"}, {"type": "iqn", "connector_id": "a b"}]` + more + `}`
	}
	const path = "/v1/continue_inspection"
	l.must(t, "POST", path, report(agentMAC, ""), 404) // enrolled, and it does not wait
	l.must(t, "POST", path, report("52:54:00:00:18:02", ""), 202)
	l.must(t, "POST", path, report("52:54:00:00:18:02", ""), 202) // again
	l.must(t, "POST", path, report("52:54:00:00:18:03", `, "huge": "`+strings.Repeat("x", 300<<10)+`"`), 400)
	c := l.api.conductor
	if _, err := c.Approve(t.Context(), "52:54:00:00:18:02", conductor.Approval{Name: "bad name"}); err == nil {
		t.Error("a bad name is approved")
	}
	node, err := c.Approve(t.Context(), "52:54:00:00:18:02", conductor.Approval{Name: "b", Driver: "fake-hardware"})
	if err != nil {
		t.Fatal(err)
	}
	l.until(t, node, "available")
	raw := string(l.must(t, "GET", "/v1/nodes/b", nil, 200))
	for _, want := range []string{`"memory_mb":4096`, `"cpus":4`, `"local_gb":9`, `boot_mode:uefi,iscsi_boot:True,hba_boot:True`} {
		if !strings.Contains(raw, want) {
			t.Errorf("%s: no %s", raw, want)
		}
	}
	connectors := string(l.must(t, "GET", "/v1/volume/connectors", nil, 200))
	if !strings.Contains(connectors, "20:00:00:25:b5:bb:00:01") || strings.Contains(connectors, `"port"`) ||
		strings.Contains(connectors, "a b") {
		t.Errorf("connectors %s", connectors)
	}
	if _, err := c.Approve(t.Context(), "52:54:00:00:18:02", conductor.Approval{}); err == nil {
		t.Error("it is approved twice")
	}
	c.Discovery = conductor.DiscoverOff
	l.must(t, "POST", path, report("52:54:00:00:18:04", ""), 404)
}
