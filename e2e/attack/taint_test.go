package attack_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"ironhook/baremetal"
	"ironhook/e2e/lab"
)

// marker is in every secret that the test plants; a number tells them apart.
const marker = "tainted-"

// control is planted where it is to be found.
const control = "no-secret-of-the-test"

// planter plants secrets, each with a marker of its own, and knows where each is.
type planter struct {
	*victim
	where []string // by the number of the marker
}

// plant returns the next marker.
func (p *planter) plant(where string) string {
	p.where = append(p.where, where)
	return fmt.Sprintf("%s%03d-", marker, len(p.where)-1)
}

var planted = regexp.MustCompile(marker + `(\d{3})-`)

// clean checks that a text has no marker.
func (p *planter) clean(where, text string) {
	p.Helper()
	for _, found := range planted.FindAllStringSubmatch(text, -1) {
		n := 0
		_, _ = fmt.Sscan(strings.TrimLeft(found[1], "0"), &n) // 0 for "000"
		p.Errorf("%s has the secret of %s", where, p.where[n])
	}
}

// call sends JSON, and checks the answer.
func (p *planter) call(method, path string, in any) map[string]any {
	p.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		p.Fatal(err)
	}
	kind := asJSON
	if method == "PATCH" && strings.HasPrefix(path, "/v1/") {
		kind = "application/json-patch+json"
	}
	_, text := p.do(p.password, method, path, kind, string(body))
	p.clean("the answer to "+method+" "+path, text)
	out := map[string]any{}
	_ = json.Unmarshal([]byte(text), &out) // an error has no id
	return out
}

type object = map[string]any

// TestTaint plants a marker in every secret of every resource, also where it is refused, and
// looks for it in every answer, page, event, metric, in the log with debug lines, in a backup and
// its listing, and in the process list.
func TestTaint(t *testing.T) {
	for _, auth := range []string{"http_basic", "none"} {
		t.Run(auth, func(t *testing.T) {
			p := &planter{}
			cinder := filepath.Join(t.TempDir(), "cinder.toml")
			text := fmt.Sprintf("auth_type = \"password\"\nauth_url = \"http://127.0.0.1:1/v3\"\nusername = \"u\"\nproject_name = "+
				"\"p\"\naction_retries = 0\npassword = %q\n", p.plant("password for Cinder"))
			if err := os.WriteFile(cinder, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			p.victim = start(t, t.TempDir(), "--auth", auth, "--log-level", "debug", "--storage-interfaces", "noop,external,iscsi,cinder",
				"--cinder", cinder)
			processes := p.watchProcesses()
			ids := append(p.nodes(), p.cinder()...)
			ids = append(ids, p.images()...)
			if auth != "none" {
				p.users()
			}
			if len(p.where) < 40 {
				t.Errorf("%d secrets planted only: %v", len(p.where), p.where)
			}
			for _, node := range []string{"pc-webhookx", "pc-redfishx"} { // what they say of the failure is looked at too
				p.wait("/v1/nodes/"+node+"?fields=last_error", `"last_error":"`)
			}
			shown := 0
			for _, path := range p.routes(ids) {
				_, text := p.do(p.password, "GET", path, "", "")
				p.clean("GET "+path, text)
				shown += strings.Count(text, control)
			}
			if shown < len(baremetal.DriverKeys) {
				t.Errorf("what is no secret is shown %d times only", shown)
			}
			if auth == "none" {
				p.pages()
			}
			p.backup()
			p.clean("the process list", processes())
			p.out.mu.Lock()
			p.clean("the log", p.out.text.String())
			p.out.mu.Unlock()
		})
	}
}

// watchProcesses looks at the command lines and environments of all processes, again and again until
// the function is called, which returns those with a marker.
func (p *planter) watchProcesses() func() string {
	found, looks, done, ended := strings.Builder{}, 0, make(chan struct{}), make(chan struct{})
	look := func() {
		all, _ := filepath.Glob("/proc/[0-9]*/*") // the pattern is right
		for _, path := range all {
			if name := filepath.Base(path); name != "cmdline" && name != "environ" && name != "comm" {
				continue
			}
			if b, err := os.ReadFile(path); err == nil && planted.Match(b) { // it may have ended
				fmt.Fprintf(&found, "%s: %s\n", path, b)
			}
		}
		looks++
	}
	go func() {
		defer close(ended)
		for {
			select {
			case <-done:
				look()
				return
			case <-time.After(10 * time.Millisecond):
				look()
			}
		}
	}()
	return func() string {
		close(done)
		<-ended
		if looks < 3 {
			p.Errorf("%d looks at the process list", looks)
		}
		return found.String()
	}
}

// cinder has a node try to attach a volume of a Cinder that does not answer.
func (p *planter) cinder() []string {
	node := p.call("POST", "/v1/nodes", object{"name": "pc-cinderx", "driver": "fake-hardware", "storage_interface": "cinder",
		"boot_interface": "ipxe", "deploy_interface": "direct",
		"properties": object{"capabilities": "iscsi_boot:True"}})
	id, _ := node["uuid"].(string)
	p.call("POST", "/v1/ports", object{"node_uuid": id, "address": "52:54:00:00:0c:01"})
	p.call("POST", "/v1/volume/connectors", object{"node_uuid": id, "type": "iqn", "connector_id": "iqn.2026-11.test:c"})
	p.call("POST", "/v1/volume/targets",
		object{"node_uuid": id, "volume_type": "iscsi", "boot_index": 0, "volume_id": "3f0b1f6e-0000-4000-8000-000000000001"})
	for _, step := range [][2]string{{"manage", "manageable"}, {"provide", "available"}} {
		p.call("PUT", "/v1/nodes/"+id+"/states/provision", object{"target": step[0]})
		p.wait("/v1/nodes/"+id+"?fields=provision_state", `"provision_state":"`+step[1])
	}
	if refused := p.call("PUT", "/v1/nodes/"+id+"/states/provision", object{"target": "active"}); len(refused) > 0 {
		p.Fatalf("the deployment with Cinder: %v", refused)
	}
	p.wait("/v1/nodes/"+id+"?fields=provision_state", `"provision_state":"deploy failed"`)
	return []string{id}
}

// backup makes an encrypted backup and lists it. Neither what the commands say nor the file has a
// secret that can be read.
func (p *planter) backup() {
	dir := p.TempDir()
	passphrase, file := filepath.Join(dir, "passphrase"), filepath.Join(dir, "file.age")
	if err := os.WriteFile(passphrase, []byte(p.plant("passphrase of the backup")), 0o600); err != nil {
		p.Fatal(err)
	}
	program, err := lab.Build(p.Context())
	if err != nil {
		p.Fatal(err)
	}
	for _, args := range [][]string{
		{"backup", "--data", p.dir, "--to", file, "--passphrase-file", passphrase}, {"backup", "verify", "--passphrase-file", passphrase, file},
	} {
		said, err := exec.CommandContext(p.Context(), program, args...).CombinedOutput()
		if err != nil || len(said) == 0 {
			p.Errorf("%v: %v %s", args, err, said)
		}
		p.clean(strings.Join(args[:2], " "), string(said))
	}
	content, err := os.ReadFile(file)
	if err != nil || len(content) < 1000 {
		p.Errorf("a backup of %d bytes, %v", len(content), err)
	}
	p.clean("the backup", string(content))
}

// nodes makes a node of each driver, with all of its secrets, and uses it.
func (p *planter) nodes() (ids []string) {
	for driver, keys := range baremetal.DriverKeys {
		kind := driver
		if !slices.Contains([]string{"ipmi", "redfish", "wake-on-lan", "webhook"}, driver) {
			kind = "fake-hardware"
		}
		info := object{"redfish_address": "http://127.0.0.1:1", "ipmi_address": "127.0.0.1", "ipmi_port": 1, "webhook_timeout": 1}
		for _, k := range keys {
			switch where := driver + "'s " + k.Name; {
			case !k.Secret:
			case strings.HasSuffix(k.Name, "_url"):
				info[k.Name] = "http://user:" + p.plant(where) + "@127.0.0.1:1/" + p.plant(where) + "?token=" + p.plant(where)
			case k.Name == "webhook_headers":
				info[k.Name] = object{"X-Token": p.plant(where)}
			default:
				info[k.Name] = p.plant(where)
			}
		}
		name := "pc-" + strings.Trim(driver, "-") + "x"
		node := p.call("POST", "/v1/nodes", object{"name": name, "driver": kind, "driver_info": info, "storage_interface": "external",
			"extra": object{"note": control}, "instance_info": object{"configdrive": p.plant("configdrive of " + name)}})
		id, _ := node["uuid"].(string)
		if id == "" {
			p.Errorf("node of %q: %v", driver, node)
			continue
		}
		properties := object{"target_portal": "127.0.0.1:3260", "target_iqn": "iqn.2026-11.test:t", "target_lun": 0, "auth_method": "CHAP"}
		for _, k := range baremetal.TargetKeys {
			if k.Secret {
				properties[k.Name] = p.plant("target's " + k.Name)
			}
		}
		target := p.call("POST", "/v1/volume/targets",
			object{"node_uuid": id, "volume_type": "iscsi", "boot_index": 0, "volume_id": "v", "properties": properties})
		p.call("POST", "/v1/ports", object{"node_uuid": id, "address": fmt.Sprintf("52:54:00:00:01:%02x", len(ids))})
		ids = append(ids, id, name)
		if text, ok := target["uuid"].(string); ok {
			ids = append(ids, text)
		}
		p.misuse(id, keys)
		p.call("PUT", "/v1/nodes/"+id+"/states/provision", object{"target": "manage"})
		p.call("PUT", "/v1/nodes/"+id+"/states/power", object{"target": "power on"})
		p.call("GET", "/v1/nodes/"+id+"/validate", nil)
	}
	return ids
}

// misuse gives secrets in forms and places that are refused.
func (p *planter) misuse(node string, keys []baremetal.Key) {
	for _, k := range keys {
		if !k.Secret {
			continue
		}
		for _, patch := range []any{
			[]any{object{"op": "add", "path": "/driver_info/" + k.Name, "value": []string{p.plant("a list as " + k.Name)}}},
			[]any{object{"op": "add", "path": "/driver_info/" + k.Name, "value": object{"a": p.plant("an object as " + k.Name)}}},
			[]any{object{"op": "move", "from": "/driver_info/" + k.Name, "path": "/extra/stolen"}},
			[]any{object{"op": "copy", "from": "/driver_info/" + k.Name, "path": "/properties/stolen"}},
			[]any{object{"op": "test", "path": "/driver_info/" + k.Name, "value": p.plant("a test of " + k.Name)}},
			object{"driver_info": object{k.Name: p.plant("no patch, " + k.Name)}},
		} {
			p.call("PATCH", "/v1/nodes/"+node, patch)
		}
	}
}

// images imports from addresses with secrets in them.
func (p *planter) images() (ids []string) {
	for _, from := range []string{
		"http://127.0.0.1:1/i?token=" + p.plant("query of an import"), "http://user:" + p.plant("password of an import") + "@127.0.0.1:1/i",
		"http://[::1/i?" + p.plant("malformed import"), "ftp://u:" + p.plant("import by ftp") + "@example.com/i",
		"http://name.invalid/i?sig=" + p.plant("import of no host"), "http://127.0.0.1:1/" + "#" + p.plant("fragment of an import"),
	} {
		made := p.call("POST", "/image/v2/images", object{"name": "i", "disk_format": "raw", "container_format": "bare"})
		id, _ := made["id"].(string)
		p.call("POST", "/image/v2/images/"+id+"/import", object{"method": object{"name": "web-download", "uri": from}})
		ids = append(ids, id)
	}
	p.wait("/image/v2/images/"+ids[0], `"status":"killed"`)
	return ids
}

// users makes some, and fails to.
func (p *planter) users() {
	for _, in := range []any{
		object{"name": "vera", "role": "viewer", "password": p.plant("a user's password")},
		object{"name": "vera", "role": "viewer", "password": p.plant("password of a user that exists")},
		object{"name": "otto", "role": "none", "password": p.plant("password of a user without a role")},
		object{"name": "udo", "role": "viewer", "password": []string{p.plant("a list as password")}},
		object{"name": "a:b", "role": "viewer", "password": p.plant("password of a wrong name")},
	} {
		p.call("POST", "/ironhook/v1/users", in)
	}
	for _, password := range []string{p.plant("a wrong password"), p.plant("another")} {
		_, text := p.do(password, "GET", "/v1/nodes", "", "")
		p.clean("the answer to a wrong password", text)
	}
}

// routes are the paths of all APIs, with each id in each place.
func (p *planter) routes(ids []string) (paths []string) {
	_, text := p.do(p.password, "GET", "/v1/openapi", "", "")
	var doc struct{ Paths map[string]map[string]any }
	if err := json.Unmarshal([]byte(text), &doc); err != nil || len(doc.Paths) < 30 {
		p.Fatalf("%d paths in the document, %v", len(doc.Paths), err)
	}
	forms := []string{
		"/ironhook/v1/events", "/ironhook/v1/events?node={id}", "/ironhook/v1/leases", "/ironhook/v1/sessions", "/ironhook/v1/boots",
		"/ironhook/v1/boots/{id}", "/ironhook/v1/boots/{id}/script",
		"/ironhook/v1/users", "/ironhook/v1/clouds.yaml", "/image/v2/images", "/image/v2/images/{id}", "/image/v2/images/{id}/locations",
		"/image/v2/tasks",
		"/image/v2/images/{id}/tasks", "/image/v2/images/{id}/members", "/volume/v3/volumes/detail", "/volume/v3/snapshots/detail", "/metrics",
		"/healthz", "/readyz",
	}
	for path, methods := range doc.Paths {
		if methods["get"] != nil {
			forms = append(forms, path)
		}
	}
	argument := regexp.MustCompile(`\{[^}]*\}`)
	for _, form := range forms {
		if !argument.MatchString(form) {
			paths = append(paths, form, form+"?detail=true")
			continue
		}
		for _, id := range ids {
			paths = append(paths, argument.ReplaceAllString(form, id))
		}
	}
	return paths
}

// pages reads all pages, from link to link.
func (p *planter) pages() {
	link := regexp.MustCompile(`(?:href|src|hx-get)="(/ui/[^"#?]*)`)
	seen, next := map[string]bool{"/ui/": true}, []string{"/ui/"}
	for len(next) > 0 {
		path := next[0]
		next = next[1:]
		res := p.exchange("GET", path, "", "", nil)
		if res.StatusCode != http.StatusOK || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") {
			continue
		}
		text, err := io.ReadAll(res.Body)
		if err != nil {
			p.Fatal(err)
		}
		p.clean("page "+path, string(text))
		for _, found := range link.FindAllStringSubmatch(string(text), -1) {
			if !seen[found[1]] {
				seen[found[1]] = true
				next = append(next, found[1])
			}
		}
	}
	if len(seen) < 15 {
		p.Errorf("these pages only: %v", seen)
	}
}
