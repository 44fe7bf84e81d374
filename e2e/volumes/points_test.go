package volumes_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ironhook/e2e/lab"
	"ironhook/internal/asked"
)

// pointed is a program that is cut at numbered points of an operation.
type pointed struct {
	*cloud
	program string
	kill    func()
	images  []string // which the node is made of by turns
	source  string   // URL of a disk
	volume  string
	now     string // the snapshot or the image that the operation is on
	wanted  int    // index of the image that the node should be made of
}

// operations are what is cut: what there must be before, what is asked, and what must hold
// after the next start. answered is false if no answer came.
var operations = map[string]struct {
	prepare func(p *pointed)
	ask     func(p *pointed) (method, path, body string)
	busy    func(p *pointed) bool // reports whether it is still going on
	check   func(p *pointed, answered bool)
}{
	"rebuild": {
		func(p *pointed) {
			p.wanted = 1 - p.wanted
			p.ok("PATCH", "/v1/nodes/pc", fmt.Sprintf(`[{"op": "add", "path": "/instance_info/image_source", "value": %q}]`, p.images[p.wanted]))
		},
		func(*pointed) (string, string, string) {
			return "PUT", "/v1/nodes/pc/states/provision", `{"target": "rebuild"}`
		},
		func(p *pointed) bool { return !slices.Contains(resting, p.state()) },
		(*pointed).rebuilt,
	},
	"import": {
		func(p *pointed) {
			p.now = p.id(p.ok("POST", "/image/v2/images", `{"name": "cut", "container_format": "bare"}`))
		},
		func(p *pointed) (string, string, string) {
			return "POST", "/image/v2/images/" + p.now + "/import", fmt.Sprintf(`{"method": {"name": "web-download", "uri": %q}}`, p.source)
		},
		func(p *pointed) bool { return !slices.Contains([]string{"active", "killed"}, p.imageStatus()) },
		(*pointed).imported,
	},
	"snapshot deletion": {
		func(p *pointed) {
			p.now = p.id(p.ok("POST", "/volume/v3/p/snapshots", fmt.Sprintf(`{"snapshot": {"volume_id": %q}}`, p.volume)))
		},
		func(p *pointed) (string, string, string) { return "DELETE", "/volume/v3/p/snapshots/" + p.now, "" },
		func(p *pointed) bool { return p.status("/volume/v3/p/snapshots/"+p.now) != http.StatusNotFound },
		(*pointed).deleted,
	},
}

// resting are the states in which no verb runs on a node.
var resting = []string{"active", "deploy failed", "available", "manageable", "enroll"}

// TestKilledAtPoints kills the program before the n-th change of its files during a rebuild,
// an import and the deletion of a snapshot, and starts it again. IRONHOOK_KILL_POINTS says at
// how many points of each, 6 if it is not set; "all" is each of them.
func TestKilledAtPoints(t *testing.T) {
	if testing.Short() {
		t.Skip("kills the program")
	}
	program, err := lab.Build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	disk := strings.Repeat("disk of the network\n", 100_000)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(disk))
	}))
	defer server.Close()
	options := []string{"--import-from", "loopback", "--hardware-types", "fake-hardware"}
	p := &pointed{cloud: &cloud{T: t, dir: t.TempDir(), options: options}, program: program, source: server.URL}
	p.kill = p.serve(program, "none")
	p.images = []string{p.upload("one", 2<<20), p.upload("two", 2<<20)}
	p.volume = p.id(p.ok("POST", "/volume/v3/p/volumes", fmt.Sprintf(`{"volume": {"size": 1, "name": "data", "imageRef": %q}}`, p.images[0])))
	p.deploy()
	for name := range operations {
		total, _ := p.round(name, 0)
		points := asked.Points(t, total, 6)
		for _, point := range points {
			_, last := p.round(name, point)
			if t.Failed() {
				t.Fatalf("%s, cut at point %d of %d (%s)", name, point, total, last)
			}
		}
		t.Logf("%s: cut at %d of %d points", name, len(points), total)
	}
}

// round runs an operation, cuts it at a point (0: does not), starts the program again, and
// checks what there is.
func (p *pointed) round(name string, point int) (changes int, how string) {
	p.Helper()
	o := operations[name]
	o.prepare(p)
	c := cut(p.T, p.pid, filepath.Join(p.dir, "data"), point)
	method, path, body := o.ask(p)
	status, _, err := p.try(method, path, body)
	answered := err == nil
	if answered && status >= 300 {
		p.Fatalf("%s = %d", name, status)
	}
	how = fmt.Sprintf("answered: %v", answered)
	for deadline := time.Now().Add(commandLimit); answered && p.alive() && o.busy(p); {
		if time.Now().After(deadline) {
			p.Fatalf("%s does not end", name)
		}
	}
	changes = c.done(p.T)
	p.kill()
	p.kill = p.serve(p.program, "none")
	o.check(p, answered)
	p.clean()
	return changes, how
}

// rebuilt: the node has the volume of before, or the new one, and nothing else is left; a
// further rebuild makes the one that is wanted.
func (p *pointed) rebuilt(answered bool) {
	p.Helper()
	p.reach("the node to rest", func() bool { return slices.Contains(resting, p.state()) })
	state := p.state()
	if state != "active" && state != "deploy failed" {
		p.Errorf("the node is %s", state)
	}
	p.reach("one volume of the node", func() bool { return len(p.bootVolumes()) == 1 })
	image := p.imageOf(p.bootVolumes()[0])
	if !slices.Contains(p.images, image) || answered && state == "active" && image != p.images[p.wanted] {
		p.Errorf("the node is %s with a volume of image %s; image %s was asked for", state, image, p.images[p.wanted])
	}
	target := map[bool]string{true: "rebuild", false: "active"}[state == "active"]
	p.ok("PUT", "/v1/nodes/pc/states/provision", fmt.Sprintf(`{"target": %q}`, target))
	p.reach("the rebuild", func() bool { return p.state() == "active" })
	p.reach("one volume of the node", func() bool { return len(p.bootVolumes()) == 1 })
	if image := p.imageOf(p.bootVolumes()[0]); image != p.images[p.wanted] {
		p.Errorf("after another rebuild the volume is of image %s, want %s", image, p.images[p.wanted])
	}
}

// imported: the image is whole or says that it is not.
func (p *pointed) imported(answered bool) {
	p.Helper()
	status, text := p.do("GET", "/image/v2/images/"+p.now, "")
	if status != http.StatusOK {
		p.Fatalf("the image that was created = %d %s", status, text)
	}
	switch p.imageStatus() {
	case "active":
		if _, data := p.do("GET", "/image/v2/images/"+p.now+"/file", ""); data != strings.Repeat("disk of the network\n", 100_000) {
			p.Errorf("an active image of %d other bytes", len(data))
		}
	case "killed":
		if !strings.Contains(text, "Send them again, or delete the image") && !strings.Contains(text, "interrupted") {
			p.Errorf("the image does not say what became of it: %s", text)
		}
	case "queued":
		if answered {
			p.Errorf("an import that was accepted is forgotten: %s", text)
		}
	default:
		p.Errorf("the image is neither whole nor says that it is not: %s", text)
	}
	p.ok("DELETE", "/image/v2/images/"+p.now, "")
}

// deleted: a deletion that was answered is done; one that was not leaves a snapshot that can
// be deleted, or none.
func (p *pointed) deleted(answered bool) {
	p.Helper()
	path := "/volume/v3/p/snapshots/" + p.now
	if answered {
		p.reach("the end of the snapshot", func() bool { return p.status(path) == http.StatusNotFound })
		return
	}
	if status, text := p.do("GET", path, ""); status == http.StatusOK {
		if !strings.Contains(text, `"status":"available"`) {
			p.Errorf("a snapshot whose deletion was cut short: %s", text)
		}
		p.ok("DELETE", path, "")
	}
	p.reach("the end of the snapshot", func() bool { return p.status(path) == http.StatusNotFound })
}

// clean wants every block to be as it was written, and no file that nothing names.
func (p *pointed) clean() {
	p.Helper()
	for _, id := range append(slices.Clone(p.images), append(p.bootVolumes(), p.volume)...) {
		status, text := p.do("POST", "/ironhook/v1/disks/"+id+"/verify", "")
		if status != http.StatusOK || !strings.HasSuffix(strings.TrimSpace(text), `{"damage":[]}`) {
			p.Errorf("verify %s = %d %s", id, status, text)
		}
	}
	volumes := filepath.Join(p.dir, "data", "volumes")
	count := func(pattern string) int {
		found, err := filepath.Glob(filepath.Join(volumes, pattern))
		p.must(err)
		return len(found)
	}
	p.reach("files of nothing to go", func() bool {
		unfinished := count(".growing-*") + count("layers/.growing-*")
		return unfinished == 0 && count("*.json") == 4 && count("layers/*.raw") == 2 && count("layers/*.overlay") == 2
	})
}

func (p *pointed) deploy() {
	p.Helper()
	p.ok("POST", "/v1/nodes", fmt.Sprintf(`{"name": "pc", "driver": "fake-hardware",
		"storage_interface": "iscsi", "deploy_interface": "direct", "boot_interface": "ipxe",
		"properties": {"capabilities": "iscsi_boot:True"}, "instance_info": {"image_source": %q}}`, p.images[0]))
	p.ok("POST", "/v1/ports", fmt.Sprintf(`{"address": "52:54:00:00:00:01", "node_uuid": %q}`, p.field("/v1/nodes/pc", "uuid")))
	for _, verb := range []struct{ target, state string }{{"manage", "manageable"}, {"provide", "available"}, {"active", "active"}} {
		p.ok("PUT", "/v1/nodes/pc/states/provision", fmt.Sprintf(`{"target": %q}`, verb.target))
		p.reach(verb.state, func() bool { return p.state() == verb.state })
	}
}

// ok makes a request that must succeed, and returns the answer.
func (p *pointed) ok(method, path, body string) string {
	p.Helper()
	status, text := p.do(method, path, body)
	if status >= 300 {
		p.Fatalf("%s %s %s = %d %s", method, path, body, status, text)
	}
	return text
}

// alive reports whether the program answers.
func (p *pointed) alive() bool { _, _, err := p.try("GET", "/healthz", ""); return err == nil }

func (p *pointed) status(path string) int {
	status, _, err := p.try("GET", path, "")
	if err != nil {
		return 0
	}
	return status
}

func (p *pointed) field(path, name string) string {
	_, text, err := p.try("GET", path, "")
	var body map[string]any
	if err != nil || json.Unmarshal([]byte(text), &body) != nil {
		return ""
	}
	return fmt.Sprint(body[name])
}

func (p *pointed) state() string       { return p.field("/v1/nodes/pc", "provision_state") }
func (p *pointed) imageStatus() string { return p.field("/image/v2/images/"+p.now, "status") }

// id is that of what an answer shows.
func (p *pointed) id(text string) string {
	p.Helper()
	var body struct {
		ID               string
		Volume, Snapshot struct{ ID string }
	}
	p.must(json.Unmarshal([]byte(text), &body))
	return body.ID + body.Volume.ID + body.Snapshot.ID
}

// bootVolumes are all volumes but that for data.
func (p *pointed) bootVolumes() (ids []string) {
	p.Helper()
	var list struct{ Volumes []struct{ ID string } }
	p.must(json.Unmarshal([]byte(p.ok("GET", "/volume/v3/p/volumes", "")), &list))
	for _, v := range list.Volumes {
		if v.ID != p.volume {
			ids = append(ids, v.ID)
		}
	}
	return ids
}

// imageOf is the image that a volume is made of.
func (p *pointed) imageOf(volume string) string {
	p.Helper()
	var shown struct {
		Volume struct {
			Meta map[string]string `json:"volume_image_metadata"`
		}
	}
	p.must(json.Unmarshal([]byte(p.ok("GET", "/volume/v3/p/volumes/"+volume, "")), &shown))
	return shown.Volume.Meta["image_id"]
}

// reach waits until a condition holds.
func (p *pointed) reach(what string, holds func() bool) {
	p.Helper()
	for deadline := time.Now().Add(commandLimit); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			p.Fatalf("no end of waiting for %s; the node is %s, volumes %v", what, p.state(), p.bootVolumes())
		}
	}
}
