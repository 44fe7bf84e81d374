package web

import (
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"ironhook/baremetal"
	"ironhook/store"
)

// open are the routes that need no login; each has its own test, or nothing of any machine.
var open = []string{"/ui/static/{name}", "/ui/role.css", "/ui/login", "/ui/logout", "/ui/welcome", "/ui/wall/{token}", "/ui", "/docs",
	"/docs/{path...}"}

// patterns are the routes that web.go has, as method and path.
func patterns(t *testing.T) (list [][2]string) {
	t.Helper()
	source, err := os.ReadFile("web.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`HandleFunc\("(?:([A-Z]+) )?(/[^"]*)"`).FindAllStringSubmatch(string(source), -1) {
		list = append(list, [2]string{m[1], m[2]})
	}
	if len(list) < 20 {
		t.Fatalf("only the routes %q were found", list)
	}
	return list
}

// addressOf is one that a pattern takes.
func addressOf(pattern string) string {
	return strings.NewReplacer("{$}", "", "{node}", "node-1", "{id}", "v-1", "{token}", "x", "{name}", "app.css", "{path...}",
		"").Replace(pattern)
}

// No route of a page, or of its events, shows anything without a login.
func TestNoPageWithoutALogin(t *testing.T) {
	r := newRoom(t, func(w *Web) {
		w.Metrics = http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write([]byte("a-secret-name")) })
	})
	r.enroll(&baremetal.Node{UUID: "node-1", Name: "a-secret-name"}, "52:54:00:00:00:01")
	for _, p := range patterns(t) {
		if slices.Contains(open, p[1]) {
			continue
		}
		method := p[0]
		if method == "" {
			method = "GET"
		}
		a := r.do(method, addressOf(p[1]), "")
		if a.status != http.StatusSeeOther && a.status != http.StatusUnauthorized || strings.Contains(a.body, "a-secret-name") {
			t.Errorf("%s %s without a login = %d\n%.200s", method, p[1], a.status, a.body)
		}
	}
	for _, p := range open {
		if a := r.get(addressOf(p)); strings.Contains(a.body, "a-secret-name") {
			t.Errorf("%s names a machine without a login", p)
		}
	}
}

// The headers go with every answer, whatever it is.
func TestHeadersEverywhere(t *testing.T) {
	r := newRoom(t).enter()
	r.enroll(&baremetal.Node{UUID: "node-1", Name: "pc-1"}, "52:54:00:00:00:01")
	r.hang("lobby", "x")
	for _, p := range patterns(t) {
		if p[0] != "GET" || p[1] == "/ui/events" { // a stream does not end
			continue
		}
		a := r.get(addressOf(p[1]))
		for name, want := range headers {
			if name == "Content-Security-Policy" && p[1] == "/ui/machines/{node}/console" {
				want += terminalPolicy
			}
			if got := a.header.Get(name); got != want && (name != "Cache-Control" || got == "") {
				t.Errorf("GET %s = %d with %s: %q, want %q", p[1], a.status, name, got, want)
			}
		}
		if strings.Contains(a.body, "<script>") || regexp.MustCompile(`\son[a-z]+="`).MatchString(a.body) ||
			regexp.MustCompile(`\sstyle="`).MatchString(a.body) {
			t.Errorf("GET %s has scripts or styles of its own, which its policy forbids", p[1])
		}
	}
}

// What the style sheet hides until a script says that scripts run (app.js) is on no page without it. The console of a
// node is enabled, for its buttons to be there.
func TestWhatNeedsScriptsHasThem(t *testing.T) {
	css, err := files.ReadFile("static/app.css")
	if err != nil || !strings.Contains(string(css), "html:not(.js) :is(.live, .actions > :not(a), .tools") {
		t.Fatalf("app.css hides something else without scripts (%v)", err)
	}
	hidden, script := regexp.MustCompile(`class="(live|actions|tools)[ "]`), regexp.MustCompile(`src="[^"]*/app\.js[?"]`)
	r := newRoom(t, func(w *Web) {
		w.Consoles = func(string) (Console, error) { return Console{Enabled: true}, nil }
		w.HardwareLog, w.Sensors = (&bmc{}).HardwareLog, (&bmc{}).Sensors
	}).enter()
	r.enroll(&baremetal.Node{UUID: "node-1", Name: "pc-1"}, "52:54:00:00:00:01")
	r.hang("lobby", "x")
	with := map[string]bool{}
	for _, p := range patterns(t) {
		if p[0] != "GET" || p[1] == "/ui/events" {
			continue
		}
		body := r.get(addressOf(p[1])).body
		with[p[1]] = hidden.MatchString(body)
		if with[p[1]] && !script.MatchString(body) {
			t.Errorf("GET %s has what is hidden without app.js, and no app.js", p[1])
		}
	}
	for _, pattern := range []string{"/ui/{$}", "/ui/machines/{node}", "/ui/machines/{node}/console", "/ui/machines/{node}/sel",
		"/ui/machines/{node}/sensors"} {
		if !with[pattern] {
			t.Errorf("GET %s has nothing to hide: %v", pattern, with)
		}
	}
}

// What a machine, an image or a user is called is text on every page, and never markup.
func TestMarkupIsInert(t *testing.T) {
	const evil = `"><script>alert(1)</script><img src=x onerror=alert(2)>`
	r := newRoom(t, func(w *Web) {
		w.FileUsers = func() []string { return []string{evil} }
		w.System = func() System {
			return System{Host: evil, Data: evil, Log: []string{evil}, Backups: &Backups{To: evil}}
		}
		w.Networks = func() []Network { return []Network{{Interface: evil, Mode: evil, Why: evil}} }
		w.Script = func(*store.Tx, string) (string, error) { return evil, nil }
		w.Files = func() ([]File, error) { return []File{{Name: evil, Size: 1}}, nil }
		b := &bmc{log: baremetal.HardwareLog{Entries: []baremetal.LogEntry{{ID: evil, Severity: evil, Sensor: evil, Message: evil}}},
			sensors: []baremetal.Reading{{Name: evil, Unit: evil, Health: evil}}}
		w.HardwareLog, w.Sensors = b.HardwareLog, b.Sensors
	}).enter()
	r.enroll(&baremetal.Node{UUID: "node-1", Name: evil, Description: evil, ResourceClass: evil, Owner: evil, LastError: evil,
		MaintenanceReason: evil, Driver: evil,
		PowerState: baremetal.PowerOn, Extra: baremetal.Object{"notes": evil}, DriverInfo: baremetal.Object{evil: evil},
		Properties:   baremetal.Object{evil: evil},
		InstanceInfo: baremetal.Object{"image_source": evil}}, "52:54:00:00:00:01")
	r.update(func(tx *store.Tx) error {
		for _, kind := range baremetal.EventKinds {
			for _, e := range []baremetal.Event{{Node: "node-1", Kind: kind, Detail: evil, User: evil},
				{MAC: "52:54:00:00:00:09", Kind: kind, Detail: evil}} {
				if err := tx.Append(e); err != nil {
					return err
				}
			}
		}
		if err := tx.Images().Insert(&baremetal.Image{UUID: "i-1", Name: evil, Status: baremetal.ImageActive, Message: evil}); err != nil {
			return err
		}
		if err := tx.Volumes().Insert(&baremetal.Volume{UUID: "v-1", Name: evil, Status: baremetal.VolumeAvailable, Message: evil,
			ImageUUID: "i-1"}); err != nil {
			return err
		}
		if err := tx.Users().Insert(&baremetal.User{Name: evil, Role: baremetal.RoleViewer}); err != nil {
			return err
		}
		if err := tx.Views().Insert(&baremetal.View{Name: evil, Query: evil}); err != nil {
			return err
		}
		if err := tx.Walls().Insert(&baremetal.Wall{Name: evil, Token: baremetal.TokenHash("x")}); err != nil {
			return err
		}
		return tx.Targets().Insert(&baremetal.VolumeTarget{UUID: "t-1", NodeUUID: "node-1", VolumeType: evil, VolumeID: evil})
	})
	shown := 0
	for _, p := range patterns(t) {
		if p[0] != "GET" || p[1] == "/ui/events" {
			continue
		}
		a := r.get(addressOf(p[1]) + "?q=" + `%22%3E%3Cscript%3Ealert(1)%3C/script%3E%3Cimg%20src=x%20onerror=alert(2)%3E&mac=%3Cscript%3E`)
		if strings.Contains(a.body, "<script>alert") || strings.Contains(a.body, "<img src=x") {
			if strings.HasPrefix(a.header.Get("Content-Type"), "text/html") {
				t.Errorf("GET %s = %d passes markup on", p[1], a.status)
			}
		}
		if strings.Contains(a.body, "&lt;script&gt;alert(1)") {
			shown++
		}
	}
	if shown < 10 {
		t.Errorf("only %d pages show the words at all", shown)
	}
}

// A viewer is refused the pages of administrators, and shown no button of theirs.
func TestViewerSeesOnly(t *testing.T) {
	r := newRoom(t, func(w *Web) {
		w.Role = func(string) baremetal.Role { return baremetal.RoleViewer }
		w.HardwareLog, w.Sensors = (&bmc{}).HardwareLog, (&bmc{}).Sensors
	}).enter()
	r.enroll(&baremetal.Node{UUID: "node-1", Name: "pc-1"}, "52:54:00:00:00:01")
	for _, path := range []string{"/ui/enrol", "/ui/machines/node-1/edit", "/ui/disks/v-1/file"} {
		if a := r.get(path); a.status != http.StatusForbidden {
			t.Errorf("%s for a viewer = %d", path, a.status)
		}
	}
	for _, path := range []string{"/ui/", "/ui/start", "/ui/boots", "/ui/system", "/ui/network", "/ui/volumes", "/ui/machines/node-1",
		"/ui/machines/node-1/sel", "/ui/machines/node-1/sensors", "/ui/metrics"} {
		if a := r.get(path); a.status != http.StatusOK && path != "/ui/metrics" {
			t.Errorf("%s for a viewer = %d", path, a.status)
		}
	}
	r.pagesSay("/ui/system", nil, `action="`+"/ironhook", `data-path="/ironhook`)
	if style := r.get("/ui/role.css").body; !strings.Contains(style, "[data-method]") || !strings.Contains(style, "#save-view") {
		t.Errorf("the style of a viewer is %s", style)
	}
}
