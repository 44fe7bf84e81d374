package page_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"ironhook/baremetal"
	"ironhook/e2e/lab"
	"ironhook/e2e/page/shot"
	"ironhook/fleet"
	"ironhook/store"
	"ironhook/web"
)

// stage is the pages over a store, and an API that only listens.
type stage struct {
	*testing.T
	store  *store.Store
	pages  atomic.Pointer[web.Web]
	url    string
	calls  chan call
	refuse atomic.Bool // the API refuses everything
	asked  sync.Map    // the last target of each path of states
}

// call is what the API was asked by a button.
type call struct{ Method, Path, Version, Target string }

// newStage opens the stage; wrap may stand between the browser and the pages.
func newStage(t *testing.T, wrap ...func(http.Handler) http.Handler) *stage {
	t.Helper()
	if testing.Short() {
		t.Skip("runs Chromium")
	}
	root, err := lab.Root()
	must(t, "find the repository", err)
	schema, err := os.ReadFile(filepath.Join(root, "schema.sql"))
	must(t, "read the schema", err)
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "ironhook.db"), string(schema))
	must(t, "open the store", err)
	t.Cleanup(func() { must(t, "close the store", s.Close()) })
	g := &stage{T: t, store: s, calls: make(chan call, 10)}
	g.pages.Store(g.newPages())
	mux := http.NewServeMux()
	mux.HandleFunc("/ui/", func(rw http.ResponseWriter, r *http.Request) { g.pages.Load().ServeHTTP(rw, r) })
	mux.HandleFunc("/docs/", func(rw http.ResponseWriter, r *http.Request) { g.pages.Load().ServeHTTP(rw, r) })
	mux.HandleFunc("/v1/", g.api)
	var handler http.Handler = mux
	for _, w := range wrap {
		handler = w(handler)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	t.Cleanup(func() { g.pages.Load().Close() })
	g.url = server.URL
	return g
}

func (g *stage) newPages() *web.Web {
	return web.New(web.Config{
		Store: g.store, Log: slog.New(slog.DiscardHandler), Version: "test", Drivers: []string{"ipmi", "redfish", baremetal.Manual},
		Login:     func(user, password string) bool { return user == "admin" && password == "secret" },
		Welcome:   stagedWelcome{},
		FileUsers: func() []string { return []string{"admin"} },
		Space:     func() (web.Space, error) { return web.Space{Total: 200 << 30, Free: 79 << 30, Floor: 1 << 30}, nil },
		Sessions: func(target string) []web.Session {
			since := time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC)
			moved := uint64(time.Now().UnixMilli() % 1e9) // they never rest
			return []web.Session{{Initiator: "iqn.2026-11.test:" +
				target, Remote: "10.0.0.101:50000", Since: since, Reads: moved, Writes: moved / 3, ReadBytes: moved * 9000, WrittenBytes: moved * 4000}}
		},
		Open: func() map[string]bool { return map[string]bool{"iqn.2026-11.test:disk": true} },
		Consoles: func(node string) (web.Console, error) {
			return web.Console{Enabled: node == "node-1", Problem: "10.0.0.7 does not answer", Text: []byte("login: root\r\n")}, nil
		},
		HardwareLog: stagedLog,
		Sensors: func(context.Context, string) ([]baremetal.Reading, error) {
			return []baremetal.Reading{{Name: "CPU Temp", Value: 95, Unit: "Cel", Health: baremetal.HealthCritical},
				{Name: "Fan 1", Value: 800, Unit: "RPM", Health: baremetal.HealthWarning},
				{Name: "12V", Value: 12.04, Unit: "V", Health: baremetal.HealthOK}}, nil
		},
		Files:  func() ([]web.File, error) { return []web.File{{Name: "scratch", Size: 1 << 30}}, nil },
		Script: func(*store.Tx, string) (string, error) { return "#!ipxe\necho booting\n", nil },
		Networks: func() []web.Network {
			return []web.Network{{Interface: "br0", Prefix: netip.MustParsePrefix("10.0.0.1/24"), Mode: "proxy", Rival: true,
				Why:   "Another DHCP server answers here, so Ironhook leases no addresses and only adds what to boot.",
				First: netip.MustParseAddr("10.0.0.100"), Last: netip.MustParseAddr("10.0.0.227")}}
		},
		System: func() web.System {
			return web.System{Go: "go1", Platform: "linux/amd64", Host: "lab", Data: "/var/lib/ironhook", Started: time.Now().Add(-time.Hour),
				LogLevel: "info",
				Certificate: &web.Certificate{Subject: "CN=lab", Issuer: "CN=lab", SHA256: strings.Repeat("AB", 32), Names: []string{"lab", "10.0.0.1"},
					Until: time.Now()},
				Backups: &web.Backups{To: "/srv/backups", Every: 24 * time.Hour, Keep: 7, Encrypted: true, Made: []time.Time{time.Now()}},
				Limits:  []web.Limit{{Name: "iSCSI sessions", Used: 8}, {Name: "Verbs", Used: 4, Most: 4}},
				Log: []string{`time=2026-11-30T10:00:00.000Z level=WARN msg="no address left"`,
					`time=2026-11-30T10:00:00.000Z level=INFO msg=login user=admin`}}
		},
	})
}

// stagedLog is the event log of a BMC; that of node-2 does not answer.
func stagedLog(_ context.Context, node string) (baremetal.HardwareLog, error) {
	if node == "node-2" {
		return baremetal.HardwareLog{},
			baremetal.Errorf(baremetal.ErrBMC, "node pc-02: BMC 10.0.0.8: no answer; check ipmi_address and ipmi_port")
	}
	at := time.Date(2026, 5, 31, 10, 53, 52, 0, time.UTC)
	return baremetal.HardwareLog{Lost: true, Entries: []baremetal.LogEntry{
		{ID: "0001", Uptime: 42 * time.Second, Severity: baremetal.HealthOK, Sensor: "Event Logging #0x01", Message: "log cleared"},
		{ID: "0002", At: at, Severity: baremetal.HealthWarning, Sensor: "Memory #0x02", Message: "correctable ECC (data 0x02 0x07)"},
		{ID: "0003", At: at, Severity: baremetal.HealthCritical, Sensor: "CPU Temp (Temperature)",
			Message: "upper critical, going high (reading 95, threshold 90 Cel)"},
	}}, nil
}

// stagedWelcome is a link that one key opens.
type stagedWelcome struct{}

func (stagedWelcome) Opens(key string) bool           { return key == "the-key" }
func (stagedWelcome) Set(_, _ string) (string, error) { return "", nil }
func (stagedWelcome) Over() error                     { return nil }

// wall makes a link to the wall, and returns its token.
func (g *stage) wall(name string) string {
	g.Helper()
	token, err := fleet.Views{Store: g.store}.Hang(g.Context(), name)
	must(g.T, "make a link", err)
	return token
}

// restart ends the pages with their streams, and begins others over the same store.
func (g *stage) restart() { g.pages.Swap(g.newPages()).Close() }

// node answers how a machine stands after what was asked of it.
func (g *stage) node(rw http.ResponseWriter, path string) {
	rest := map[string]any{"power_state": "power off", "provision_state": "available", "target_power_state": nil,
		"target_provision_state": nil, "last_error": nil}
	if power, ok := g.asked.Load(path + "/states/power"); ok {
		rest["power_state"] = power
	}
	if state, ok := g.asked.Load(path + "/states/provision"); ok {
		rest["provision_state"] = state
	}
	_ = json.NewEncoder(rw).Encode(rest) // the browser may have left
}

// api takes signed calls only, and refuses to end maintenance in Ironic's way.
func (g *stage) api(rw http.ResponseWriter, r *http.Request) {
	if _, ok := g.pages.Load().Signed(r); !ok {
		rw.WriteHeader(http.StatusUnauthorized)
		return
	}
	if r.Method == http.MethodGet {
		g.node(rw, r.URL.Path)
		return
	}
	var body struct{ Target string }
	if text, err := io.ReadAll(r.Body); err == nil && len(text) > 0 {
		if err := json.Unmarshal(text, &body); err != nil {
			g.Errorf("a button sends %q: %v", text, err)
		}
	}
	g.calls <- call{r.Method, r.URL.Path, r.Header.Get("X-OpenStack-Ironic-API-Version"), body.Target}
	if r.Method == http.MethodDelete || g.refuse.Load() {
		rw.WriteHeader(http.StatusConflict)
		fmt.Fprint(rw, `{"error_message": "{\"faultcode\": \"Client\", \"faultstring\": \"Node pc-01 is locked by host lab.\", \"debuginfo\": `+
			`null}"}`)
		return
	}
	g.asked.Store(r.URL.Path, body.Target)
	rw.WriteHeader(http.StatusAccepted)
}

func (g *stage) enroll(name, uuid string) {
	g.Helper()
	must(g.T, "enroll", g.store.Update(g.Context(), func(tx *store.Tx) error {
		err := tx.Nodes().Insert(&baremetal.Node{
			UUID: uuid, Name: name, Driver: "ipmi", PowerState: baremetal.PowerOff, ProvisionState: baremetal.Available, Maintenance: true,
			Interfaces: baremetal.Interfaces{"management": "ipmitool"},
		})
		if err != nil {
			return err
		}
		return tx.Append(baremetal.Event{Node: uuid, Kind: baremetal.EventNode})
	}))
}

// step makes one step of the node's boot happen.
func (g *stage) step(node string, kind baremetal.EventKind) {
	g.Helper()
	must(g.T, "step", g.store.Update(g.Context(), func(tx *store.Tx) error {
		n, err := tx.Nodes().Get(node)
		if err != nil {
			return err
		}
		n.PowerState = baremetal.PowerOn
		if err := tx.Nodes().Update(n); err != nil {
			return err
		}
		return tx.Append(baremetal.Event{Node: n.UUID, Kind: kind})
	}))
}

func TestBarFillsAndNothingElseMoves(t *testing.T) {
	g := newStage(t)
	g.enroll("pc-01", "node-1")
	g.enroll("pc-02", "node-2")
	b := browse(t, within(t, 2*time.Minute), g.url, "secret")
	// A note on the other tile that no swap of it would leave there.
	mark := `document.querySelector("#m-node-2").note = "untouched"`
	must(t, "mark the other tile", chromedp.Do(b.Tab, chromedp.Evaluate[chromedp.Void](mark)))
	for i, kind := range baremetal.BootSteps {
		g.step("pc-01", kind)
		must(t, string(kind), b.Await(fmt.Sprintf(`document.querySelector("#m-node-1 .bar").getAttribute("aria-valuenow") == %d`, i+1)))
		must(t, "segment", b.Await(fmt.Sprintf(`document.querySelectorAll("#m-node-1 .bar .done").length == %d`, i+1)))
	}
	must(t, "colour", b.Await(`document.querySelector("#m-node-1").classList.contains("up")`))
	must(t, "the other tile", b.Await(`document.querySelector("#m-node-2").note === "untouched"`))
	must(t, "summary", b.Await(`document.querySelector("#summary").textContent.includes("1 on")`))

	// What a person opened stays open, and new times are shown in local words.
	must(t, "a stranger", g.store.Append(t.Context(), baremetal.Event{MAC: "b8:27:eb:00:00:01", Kind: baremetal.EventDiscover}))
	details := `#strangers details:has(summary code)`
	must(t, "open it", chromedp.Do(b.Tab, chromedp.WaitVisible(chromedp.CSS(details)), chromedp.Click(chromedp.CSS(details+" summary"))))
	must(t, "a step of it", g.store.Append(t.Context(), baremetal.Event{MAC: "b8:27:eb:00:00:01", Kind: baremetal.EventFile}))
	must(t, "that step", b.Await(`document.querySelector("#strangers summary").textContent.includes("Fetched the boot program")`))
	must(t, "still open", b.Await(`document.querySelector("#strangers details").open`))
	must(t, "local time", b.Await(`!document.querySelector("#strangers time").textContent.includes("UTC")`))

	g.enroll("pc-03", "node-3")
	must(t, "a new machine", b.Await(`document.querySelectorAll(".tile").length == 3`))
	must(t, "picture", b.Picture(filepath.Join(t.ArtifactDir(), "dashboard.png")))
	quiet(t, b)
}

func TestBrowserComesBackWithoutLoss(t *testing.T) {
	g := newStage(t)
	g.enroll("pc-01", "node-1")
	b := browse(t, within(t, 2*time.Minute), g.url, "secret")
	g.step("pc-01", baremetal.EventPowerOn)
	must(t, "first step", b.Await(shot.Reached(1)))
	hide := func(hidden bool) {
		script := fmt.Sprintf(`Object.defineProperty(document, "hidden", {value: %v, configurable: true}); document.dispatchEvent(new `+
			`Event("visibilitychange"))`, hidden)
		must(t, "hide the tab", chromedp.Do(b.Tab, chromedp.Evaluate[chromedp.Void](script)))
	}
	hide(true) // a tab in the background lets go of its stream
	for _, kind := range baremetal.BootSteps[1:6] {
		g.step("pc-01", kind)
	}
	hide(false)
	must(t, "what happened meanwhile", b.Await(shot.Reached(6)))
	quiet(t, b)
}

// A page goes live although its first question is not answered: the appliance
// may be starting.
func TestPageAsksAgain(t *testing.T) {
	var asked atomic.Int32
	g := newStage(t, func(inner http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/ui/events" && asked.Add(1) == 1 {
				rw.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			inner.ServeHTTP(rw, r)
		})
	})
	browse(t, within(t, 2*time.Minute), g.url, "secret") // it waits until the page is live
	if got := asked.Load(); got != 2 {
		t.Errorf("the page asked %d times, want 2", got)
	}
}

// The scripts may come in any order and with any delay. htmx starts on a page as
// soon as it may, in a timer of its own; when it did so before the extension was
// there, the page never went live.
func TestPageGoesLiveWhenAScriptIsSlow(t *testing.T) {
	come := make(chan struct{})
	g := newStage(t, func(inner http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/ui/static/hx-sse.min.js" {
				select {
				case <-come:
				case <-r.Context().Done():
				}
			}
			inner.ServeHTTP(rw, r)
		})
	})
	b, err := shot.SignIn(within(t, 2*time.Minute), g.url, "secret")
	must(t, "sign in", err)
	t.Cleanup(b.Close)
	must(t, "htmx has come, and its timers have run", b.Await(
		`window.htmx !== undefined && (window.timers ??= setTimeout(() => window.timers = "ran"), window.timers === "ran")`))
	close(come)
	must(t, "go live", b.Await(shot.Live))
}

func TestButtonsCallTheAPI(t *testing.T) {
	g := newStage(t)
	g.enroll("pc-01", "node-1")
	b := browse(t, within(t, 2*time.Minute), g.url, "secret")
	must(t, "open the machine", b.Show("/ui/machines/pc-01"))
	for _, test := range []struct {
		selector string
		want     call
	}{
		{`button[data-target="power on"]`, call{"PUT", "/v1/nodes/node-1/states/power", "1.82", "power on"}},
		{`button[data-target="active"]`, call{"PUT", "/v1/nodes/node-1/states/provision", "1.82", "active"}},
		{`button[data-method="DELETE"]`, call{"DELETE", "/v1/nodes/node-1/maintenance", "1.82", ""}},
	} {
		must(t, "press "+test.selector, b.Press(test.selector))
		select {
		case got := <-g.calls:
			if got != test.want {
				t.Errorf("%s calls %+v, want %+v", test.selector, got, test.want)
			}
		case <-within(t, 30*time.Second).Done():
			t.Fatalf("%s calls nothing", test.selector)
		}
	}
	must(t, "Ironic's words", b.Await(
		`[...document.querySelectorAll(".toast")].some((e) => e.textContent.startsWith("End maintenance: Node pc-01 is locked by host lab."))`))

	out, err := http.NewRequestWithContext(t.Context(), "PUT", g.url+"/v1/nodes/node-1/states/power", nil)
	must(t, "a call without a session", err)
	out.Header.Set("X-Ironhook-UI", "1")
	answer, err := http.DefaultClient.Do(out)
	must(t, "a call without a session", err)
	answer.Body.Close() //nolint:errcheck // nothing was read
	if answer.StatusCode != http.StatusUnauthorized {
		t.Errorf("a call without a session = %d, want 401", answer.StatusCode)
	}
}

func TestSignedOutPageLeadsToTheLogin(t *testing.T) {
	g := newStage(t)
	g.enroll("pc-01", "node-1")
	b := browse(t, within(t, 2*time.Minute), g.url, "secret")
	must(t, "open the machine", b.Show("/ui/machines/pc-01"))
	// The user signs out in another tab of the same browser.
	out := `void fetch("/ui/logout", {method: "POST", redirect: "manual"})` // its answer may find the page gone
	must(t, "sign out", chromedp.Do(b.Tab, chromedp.Evaluate[chromedp.Void](out)))
	err := chromedp.Do(b.Tab, chromedp.WaitVisible(chromedp.CSS("form.card [name=password]")))
	must(t, "the login page", err)
}

// The page shows what it is asked for: a counter leads to its machines, the filter reads
// what is seen and nothing else, trouble comes first, and its address remembers it.
func TestWallAnswersQuestions(t *testing.T) {
	g := newStage(t)
	for i := 1; i <= 12; i++ {
		g.enroll(fmt.Sprintf("a-machine-with-quite-a-long-name-%d", i), fmt.Sprintf("node-%d", i))
	}
	b := browse(t, within(t, 3*time.Minute), g.url, "secret")
	names := `[...document.querySelectorAll(".tile:not([hidden]) h2")].map((e) => e.textContent.split("-").at(-1)).join(" ")`
	await := func(what, want string) {
		t.Helper()
		must(t, what+" shows "+want, b.Await(names+` === "`+want+`"`))
	}
	await("the page", "1 2 3 4 5 6 7 8 9 10 11 12")
	must(t, "whole names", b.Await(`[...document.querySelectorAll(".tile h2")].every((e) => e.scrollWidth <= e.clientWidth && `+
		`e.getBoundingClientRect().height > 0)`))
	must(t, "a failure", g.store.Append(t.Context(),
		baremetal.Event{Node: "node-11", Kind: baremetal.EventError, Step: baremetal.EventAttach, Detail: "No volume root-11."}))
	await("a failure", "11 1 2 3 4 5 6 7 8 9 10 12")
	must(t, "the cause", b.Await(`document.querySelector("#m-node-11 .caption").textContent === "Volume failed"`))
	must(t, "it is announced",
		b.Await(`document.getElementById("announce").textContent.includes("name-11. Volume failed. No volume root-11.")`))
	click := func(selector string) {
		t.Helper()
		must(t, "click "+selector, chromedp.Do(b.Tab, chromedp.Click(chromedp.CSS(selector))))
	}
	click(`#summary [data-kind=trouble]`)
	await("in trouble", "11")
	g.step("node-3", baremetal.EventPowerOn)
	g.enroll("a-machine-13", "node-13")
	must(t, "a machine comes", b.Await(`document.querySelectorAll(".tile").length === 13`))
	await("still only trouble", "11")
	must(t, "its address", b.Await(`location.search === "?only=trouble"`))
	must(t, "the page again", b.Show("/ui/?only=trouble&q=root-11"))
	await("the address", "11")
	must(t, "its words", b.Await(`document.getElementById("filter").value === "root-11"`))
	must(t, "the page again", b.Show("/ui/?q=offer"))
	await("a word that is not seen", "")
	must(t, "the page again", b.Show("/ui/"))
	click(`#summary [data-kind=on]`)
	await("on", "3")
	must(t, "one goes", g.store.Update(t.Context(), func(tx *store.Tx) error {
		if err := tx.Nodes().Delete("node-3"); err != nil {
			return err
		}
		return tx.Append(baremetal.Event{Node: "node-3", Kind: baremetal.EventNode, Detail: "deleted"})
	}))
	must(t, "it goes", b.Await(`document.querySelector("#m-node-3") === null && document.querySelectorAll(".tile").length === 12`))
	quiet(t, b)
}

// Sessions survive a restart of the appliance, and the page goes live again by itself.
func TestRestartSignsNobodyOut(t *testing.T) {
	g := newStage(t)
	g.enroll("pc-01", "node-1")
	b := browse(t, within(t, 2*time.Minute), g.url, "secret")
	g.restart()
	g.step("pc-01", baremetal.EventPowerOn)
	must(t, "what happened meanwhile", b.Await(shot.Reached(1)+` && `+shot.Live))
	must(t, "another page", b.Show("/ui/machines/pc-01"))
}
