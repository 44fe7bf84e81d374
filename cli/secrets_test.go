package cli_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ironhook/store"
)

// TestNoSecretLeaves fills an appliance with secrets of every kind, makes it fail with
// them, and reads all that can be read: answers, pages, events, the log at its most
// talkative. None of them says a secret.
func TestNoSecretLeaves(t *testing.T) {
	data := t.TempDir()
	r := start(t, data, "--log-level", "debug")
	h := &house{T: t, running: r, data: data}
	nodes := h.furnish()
	h.stumble(nodes[2])
	said := h.everything(nodes...)
	secrets := append(h.kept(), r.password, "sekret-") // what was made and what was given
	stop(t, r)
	said["the log"] = r.log.String()
	for place, text := range said {
		for _, secret := range secrets {
			if at := strings.Index(text, secret); at >= 0 {
				t.Errorf("%s contains a secret: ...%s...", place, text[max(0, at-80):min(len(text), at+len(secret)+10)])
			}
		}
	}
}

// furnish makes machines with a secret in every place that one can have, and returns
// their UUIDs.
func (h *house) furnish() []string {
	if err := os.WriteFile(filepath.Join(h.data, "volumes", "disk.raw"), make([]byte, 1<<20), 0o600); err != nil {
		h.Fatal(err)
	}
	bmc := h.make("nodes", `{"name": "bmc", "driver": "ipmi", "driver_info": {"ipmi_address": "127.0.0.1", "ipmi_port": "1",
		"ipmi_username": "root", "ipmi_password": "sekret-ipmi", "redfish_password": "sekret-redfish",
		"deploy_kernel": "https://user:sekret-url@example.org/k", "snmp_auth_key": "sekret-snmp"},
		"instance_info": {"configdrive": "sekret-drive", "image_auth_token": "sekret-token"}}`)
	array := h.make("nodes", `{"name": "array", "driver": "fake-hardware", "storage_interface": "external"}`)
	h.make("ports", `{"node_uuid": "`+array+`", "address": "52:54:00:00:00:02"}`)
	h.make("volume/targets", `{"node_uuid": "`+array+`", "volume_type": "iscsi", "boot_index": 0, "volume_id": "lun", "properties": {
		"target_portal": "10.0.0.1:3260", "target_iqn": "iqn.2010-10.org.example:a", "target_lun": 0, "auth_method": "CHAP",
		"auth_username": "sekret-user", "auth_password": "sekret-chap", "reverse_auth_username": "array", "reverse_auth_password": "sekret-mutual"}}`)
	local := h.make("nodes", `{"name": "local", "driver": "fake-hardware", "storage_interface": "iscsi", "properties": {"capabilities": `+
		`"iscsi_boot:True"}}`)
	h.make("ports", `{"node_uuid": "`+local+`", "address": "52:54:00:00:00:03"}`)
	h.make("volume/targets", `{"node_uuid": "`+local+`", "volume_type": "iscsi", "boot_index": 0, "volume_id": "disk"}`)
	return []string{bmc, array, local}
}

// stumble makes what can fail fail: power, a volume that is not there, a patch, a login;
// in the end the machine with a local volume is on.
func (h *house) stumble(local string) {
	h.put("nodes/bmc/states/power", `{"target": "power on", "timeout": 1}`)
	h.await("bmc", func(n node) bool { return n.LastError != nil })
	lacking := h.make("volume/targets", `{"node_uuid": "`+local+`", "volume_type": "iscsi", "boot_index": 1, "volume_id": "nothing"}`)
	h.put("nodes/local/states/power", `{"target": "power on"}`)
	h.await("local", func(n node) bool { return n.LastError != nil })
	h.call(h.T, "DELETE", "/v1/volume/targets/"+lacking, "")
	if status, _ := h.call(h.T, "PATCH", "/v1/nodes/local",
		`[{"op": "add", "path": "/no_such_field", "value": "sekret-ipmi"}]`); status != http.StatusBadRequest {
		h.Errorf("a patch of nothing = %d, want 400", status)
	}
	h.put("nodes/local/states/power", `{"target": "power on"}`)
	h.await("local", func(n node) bool { return n.PowerState == "power on" && n.LastError == nil })
	right := h.password
	h.password = "sekret-wrong"
	if got := h.status(h.T, "/v1/nodes"); got != http.StatusUnauthorized {
		h.Errorf("with a wrong password: %d, want 401", got)
	}
	h.password = right
}

// house is an appliance with machines in it.
type house struct {
	*testing.T
	*running
	data string
}

type node struct {
	PowerState     string  `json:"power_state"`
	ProvisionState string  `json:"provision_state"`
	Reservation    *string `json:"reservation"`
	LastError      *string `json:"last_error"`
}

// make creates something and returns its UUID.
func (h *house) make(kind, body string) string {
	h.Helper()
	status, text := h.call(h.T, "POST", "/v1/"+kind, body)
	var made struct{ UUID string }
	if err := json.Unmarshal([]byte(text), &made); err != nil || status != http.StatusCreated {
		h.Fatalf("POST %s = %d %s", kind, status, text)
	}
	return made.UUID
}

func (h *house) put(path, body string) {
	h.Helper()
	if status, text := h.call(h.T, "PUT", "/v1/"+path, body); status != http.StatusAccepted {
		h.Fatalf("PUT %s = %d %s", path, status, text)
	}
}

// await waits until a node is as wanted, by the events of the appliance.
func (h *house) await(name string, wanted func(node) bool) {
	h.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		var n node
		_, text := h.call(h.T, "GET", "/v1/nodes/"+name, "")
		if err := json.Unmarshal([]byte(text), &n); err != nil {
			h.Fatal(err)
		}
		if wanted(n) {
			return
		}
		h.call(h.T, "GET", "/ironhook/v1/events?wait=1&after="+h.newest(), "")
	}
	h.Fatalf("%s never came to be as wanted", name)
}

func (h *house) newest() string {
	seq := "0"
	for _, e := range h.array("/ironhook/v1/events?limit=1000") {
		seq = fmt.Sprint(int64(e["seq"].(float64)))
	}
	return seq
}

func (h *house) array(path string) (list []map[string]any) {
	_, text := h.call(h.T, "GET", path, "")
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		h.Fatalf("GET %s: %v in %s", path, err, text)
	}
	return list
}

func (h *house) list(path, key string) []map[string]any {
	_, text := h.call(h.T, "GET", "/v1/"+path, "")
	lists := map[string][]map[string]any{}
	if err := json.Unmarshal([]byte(text), &lists); err != nil {
		h.Fatalf("GET %s: %v in %s", path, err, text)
	}
	return lists[key]
}

// everything reads whatever can be read, by where.
func (h *house) everything(nodes ...string) map[string]string {
	paths := []string{
		"/", "/v1", "/v1/nodes", "/v1/nodes/detail", "/v1/ports/detail", "/v1/volume", "/v1/volume/connectors?detail=True",
		"/v1/volume/targets", "/v1/volume/targets?detail=True", "/v1/drivers", "/v1/drivers/ipmi", "/v1/drivers/ipmi/properties",
		"/v1/conductors", "/v1/nodes/nobody", "/ironhook/v1/events", "/ironhook/v1/clouds.yaml", "/ironhook/v1/sessions", "/metrics",
		"/image/v2/images",
		"/volume/v3/standalone/volumes/detail", "/volume/v3/standalone/attachments/detail",
	}
	for _, n := range nodes {
		for _, tail := range []string{"", "?fields=driver_info,instance_info,last_error", "/states", "/validate", "/volume/targets?detail=True",
			"/history"} {
			paths = append(paths, "/v1/nodes/"+n+tail)
		}
		for _, t := range h.list("volume/targets?node="+n, "targets") {
			paths = append(paths, "/v1/volume/targets/"+t["uuid"].(string))
		}
	}
	said := map[string]string{}
	for _, path := range paths {
		_, said["GET "+path] = h.call(h.T, "GET", path, "")
	}
	_, boot, _ := strings.Cut(h.ready, "boot ")
	boot, _, _ = strings.Cut(boot, ",")
	for _, mac := range []string{"52-54-00-00-00-02", "52-54-00-00-00-03"} {
		response, err := http.NewRequestWithContext(h.Context(), "GET", boot+"/boot/"+mac, nil)
		if err != nil {
			h.Fatal(err)
		}
		_, said["script of "+mac] = answer(h.T, http.DefaultClient, response)
	}
	h.pages(said, nodes)
	return said
}

// pages reads the pages as a person does who at first types the password in the
// wrong field.
func (h *house) pages(said map[string]string, nodes []string) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		h.Fatal(err)
	}
	browser := &http.Client{Jar: jar}
	for _, user := range []string{h.password, "admin"} {
		response, err := browser.PostForm(h.url(h.T)+"/ui/login", url.Values{"user": {user}, "password": {h.password}})
		if err != nil {
			h.Fatal(err)
		}
		response.Body.Close()
	}
	for _, path := range append([]string{"/ui/"}, nodes...) {
		if path != "/ui/" {
			path = "/ui/machines/" + path
		}
		request, err := http.NewRequestWithContext(h.Context(), "GET", h.url(h.T)+path, nil)
		if err != nil {
			h.Fatal(err)
		}
		status, text := answer(h.T, browser, request)
		if said["page "+path] = text; status != http.StatusOK || strings.Contains(text, `name="password"`) {
			h.Errorf("page %s = %d, want it to be shown", path, status)
		}
	}
}

// kept are the secrets that the appliance made itself, out of its database and its
// file of users.
func (h *house) kept() (secrets []string) {
	schema, err := os.ReadFile(schemaFile(h.T))
	if err != nil {
		h.Fatal(err)
	}
	s, err := store.Open(h.Context(), filepath.Join(h.data, "ironhook.db"), string(schema))
	if err != nil {
		h.Fatal(err)
	}
	defer s.Close()
	err = s.View(context.Background(), func(tx *store.Tx) error {
		grants, err := tx.Grants().List(store.Query{})
		for _, e := range grants {
			secrets = append(secrets, e.Secret)
		}
		return err
	})
	if err != nil || len(secrets) != 1 {
		h.Fatalf("exports have %d secrets, %v, want one", len(secrets), err)
	}
	users, err := os.ReadFile(filepath.Join(h.data, "htpasswd"))
	if err != nil {
		h.Fatal(err)
	}
	_, digest, _ := strings.Cut(strings.TrimSpace(string(users)), ":")
	return append(secrets, digest)
}
