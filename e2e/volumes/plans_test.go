package volumes_test

import (
	"database/sql"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	_ "modernc.org/sqlite"

	"ironhook/e2e/lab"
	"ironhook/internal/asked"
)

// outlet is the power of a machine that nothing but its own switch changes: it survives the
// program.
type outlet struct {
	mu sync.Mutex
	on bool
}

func (o *outlet) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch r.URL.Path {
	case "/on", "/off":
		o.on = r.URL.Path == "/on"
	}
	fmt.Fprint(w, map[bool]string{true: "on", false: "off"}[o.on])
}

func (o *outlet) state() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return map[bool]string{true: "power on", false: "power off"}[o.on]
}

// verb is a row of the crash matrix.
type verb struct {
	path []string // the verbs that lead to where it begins
	body string   // of the request
	to   string   // the states in which the node may rest after a kill, apart by commas; the first is the goal
	on   bool     // the machine at the goal
}

// rebuilds reports whether the verb is for a machine that runs a deployment.
func (v verb) rebuilds() bool { return strings.Contains(v.body, `"rebuild"`) }

// verbsOfPlans are all verbs that work on a machine. A word of path is a verb, "wait" a
// deployment that waits for its ramdisk, "reinstate" a power action.
var verbsOfPlans = map[string]verb{
	"manage":  {nil, `{"target": "manage"}`, "manageable,enroll", false},
	"provide": {[]string{"manage"}, `{"target": "provide"}`, "available,clean failed,manageable", false},
	"clean":   {[]string{"manage"}, `{"target": "clean", "clean_steps": [` + powerSteps + `]}`, "manageable,clean failed", false},
	"adopt":   {[]string{"manage"}, `{"target": "adopt"}`, "active,adopt failed,manageable", false},
	"active":  {[]string{"manage", "provide"}, `{"target": "active"}`, "active,deploy failed,available", true},
	"rebuild": {[]string{"manage", "provide", "active"}, `{"target": "rebuild"}`, "active,deploy failed", true},
	"service": {[]string{"manage", "provide", "active"}, `{"target": "service", "service_steps": [` + powerSteps +
		`]}`, "active,service failed", false},
	"deleted":   {[]string{"manage", "provide", "active"}, `{"target": "deleted"}`, "available,error,active,clean failed", false},
	"abort":     {[]string{"manage", "provide", "hold"}, `{"target": "abort"}`, "deploy failed,deploy hold", false},
	"unhold":    {[]string{"manage", "provide", "hold"}, `{"target": "unhold"}`, "wait call-back,deploy hold", true},
	"power off": {[]string{"manage", "provide", "active"}, "power off", "active", false},
	"power on":  {[]string{"manage", "provide", "active", "power off"}, "power on", "active", true},
	"rebooting": {[]string{"manage", "provide", "active"}, "rebooting", "active", true},
}

const powerSteps = `{"interface": "deploy", "step": "power_on", "args": {}}, {"interface": "deploy", "step": "power_off", "args": {}}`

// again is how a verb is asked for again from where a kill has left the node.
var again = map[string]string{
	"clean failed": "manage", "deploy failed": "active", "adopt failed": "adopt", "error": "deleted",
	"service failed": "service",
}

// planner is a node in a program that is cut in its verbs.
type planner struct {
	*pointed
	outlet outlet
	url    string
}

// TestCrashMatrix kills the program before the n-th change of its files during each verb and starts it again. No
// node stays reserved or between two states; none has volumes that it should not have, or runs after its plan
// has failed; and the verb, asked for again, ends well. IRONHOOK_KILL_POINTS says at how many points of each
// verb, 2 if it is not set; "all" is each of them.
func TestCrashMatrix(t *testing.T) {
	if testing.Short() {
		t.Skip("kills the program")
	}
	program, err := lab.Build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	options := []string{"--hardware-types", "webhook"}
	p := &planner{pointed: &pointed{cloud: &cloud{T: t, dir: t.TempDir(), options: options}, program: program}}
	server := httptest.NewServer(&p.outlet)
	defer server.Close()
	p.url = server.URL
	p.kill = p.serve(program, "none")
	p.images = []string{p.upload("golden", 2<<20)}
	cut, points := 0, 0
	for _, name := range slices.Sorted(maps.Keys(verbsOfPlans)) {
		v := verbsOfPlans[name]
		total := p.cutIn(v, 0)
		if total == 0 || t.Failed() {
			t.Fatalf("%s, not cut, has changed the disk %d times", name, total)
		}
		some := asked.Points(t, total, 2)
		for _, point := range some {
			p.cutIn(v, point)
			if t.Failed() {
				t.Fatalf("%s, cut at point %d of %d", name, point, total)
			}
		}
		t.Logf("%-10s cut at %d of %d points", name, len(some), total)
		cut, points = cut+len(some), points+total
	}
	t.Logf("%d verbs, cut at %d of %d points", len(verbsOfPlans), cut, points)
}

// cutIn brings a new node to where the verb begins, cuts the verb at a point (0: does not),
// starts the program again, and checks what there is. It returns the number of points.
func (p *planner) cutIn(v verb, point int) (changes int) {
	p.Helper()
	p.enroll()
	for _, word := range v.path {
		p.must(p.verb(word))
		p.rest()
	}
	c := cut(p.T, p.pid, filepath.Join(p.dir, "data"), point)
	err := p.ask(v.body)
	for err == nil && p.alive() && !p.rests() {
	}
	changes = c.done(p.T)
	p.kill()
	p.kill = p.serve(p.program, "none")
	p.rest()
	p.sound(v)
	p.complete(v)
	return changes
}

// removed deletes the node, if there is one.
func (p *planner) removed() {
	p.Helper()
	if p.status("/v1/nodes/pc") == http.StatusOK {
		p.ok("PUT", "/v1/nodes/pc/maintenance", "{}")
		p.ok("DELETE", "/v1/nodes/pc", "")
	}
}

func (p *planner) enroll() {
	p.Helper()
	p.removed()
	p.outlet.mu.Lock()
	p.outlet.on = false
	p.outlet.mu.Unlock()
	p.ok("POST", "/v1/nodes", fmt.Sprintf(`{"name": "pc", "driver": "webhook", "storage_interface": "iscsi", "boot_interface": "ipxe",
		"driver_info": {"webhook_on_url": "%[1]s/on", "webhook_off_url": "%[1]s/off", "webhook_state_url": "%[1]s/",
			"webhook_state_on": "on", "webhook_state_off": "off"},
		"properties": {"capabilities": "iscsi_boot:True"}, "instance_info": {"image_source": %[2]q}}`, p.url, p.images[0]))
	p.ok("POST", "/v1/ports", fmt.Sprintf(`{"address": "52:54:00:00:00:01", "node_uuid": %q}`, p.field("/v1/nodes/pc", "uuid")))
}

// verb asks for a word of a path.
func (p *planner) verb(word string) error {
	switch word {
	case "hold":
		return p.ask(`{"target": "active", "deploy_steps": [{"interface": "deploy", "step": "hold", "priority": 10, "args": {}}]}`)
	case "service":
		return p.ask(verbsOfPlans["service"].body)
	case "power off", "power on":
		return p.ask(word)
	}
	return p.ask(fmt.Sprintf(`{"target": %q}`, word))
}

// ask sends the body of a provision verb, or a power action.
func (p *planner) ask(body string) error {
	path := "/v1/nodes/pc/states/provision"
	if !strings.HasPrefix(body, "{") {
		path, body = "/v1/nodes/pc/states/power", fmt.Sprintf(`{"target": %q}`, body)
	}
	status, text, err := p.try("PUT", path, body)
	if err == nil && status != http.StatusAccepted {
		err = fmt.Errorf("PUT %s %s from %s = %d %s", path, body, p.state(), status, text)
	}
	return err
}

func (p *planner) rests() bool { return p.field("/v1/nodes/pc", "reservation") == "<nil>" }

func (p *planner) rest() {
	p.Helper()
	p.reach("the node to be released", p.rests)
}

// grants are the volumes that nodes may log in to.
func (p *planner) grants() (n int) {
	p.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(p.dir, "data", "ironhook.db")+"?mode=ro&_pragma=busy_timeout(10000)")
	p.must(err)
	defer db.Close()
	p.must(db.QueryRowContext(p.Context(), "SELECT count(*) FROM grants").Scan(&n))
	return n
}

// sound holds the node against what must be true wherever the program ended.
func (p *planner) sound(v verb) {
	p.Helper()
	state, grants, power := p.state(), p.grants(), p.outlet.state()
	if !slices.Contains(strings.Split(v.to, ","), state) {
		p.Errorf("the node is %q, want one of %s", state, v.to)
	}
	switch state {
	case "enroll", "manageable", "available", "clean failed", "inspect failed":
		if grants > 0 {
			p.Errorf("a node that is %s has %d volumes", state, grants)
		}
	case "deploy failed": // a machine that is off may keep its own, which the next power action attaches or takes away;
		// one whose rebuild ended before it was touched runs on with its own
		if power != "power off" && (!v.rebuilds() || grants != 1) {
			p.Errorf("a node whose deployment has failed is %s, with %d volumes", power, grants)
		}
	}
	if grants > 1 {
		p.Errorf("%d grants of one volume", grants)
	}
}

// complete asks for the verb again, until the node is where it leads to.
func (p *planner) complete(v verb) {
	p.Helper()
	goal, _, _ := strings.Cut(v.to, ",")
	want := map[bool]string{true: "power on", false: "power off"}[v.on]
	for range 4 {
		state := p.state()
		if state == goal && p.outlet.state() == want && p.field("/v1/nodes/pc", "last_error") == "<nil>" {
			break
		}
		if word, ok := again[state]; ok && state != goal {
			p.must(p.verb(word))
		} else if state == "manageable" && goal == "available" {
			p.must(p.verb("provide")) // after a cleaning that failed
		} else if strings.HasPrefix(v.body, "{") && state == goal && p.outlet.state() == want {
			break
		} else {
			p.must(p.ask(v.body))
		}
		p.rest()
	}
	state, power, grants := p.state(), p.outlet.state(), p.grants()
	if state != goal || power != want {
		p.Errorf("asked for again, the node is %s and %s with the error %s, want %s and %s", state, power, p.field("/v1/nodes/pc", "last_error"),
			goal, want)
	}
	if held := goal == "active" || goal == "wait call-back"; v.on && held && grants != 1 || !v.on && grants != 0 {
		p.Errorf("at the end the node is %s with %d volumes", state, grants)
	}
}
