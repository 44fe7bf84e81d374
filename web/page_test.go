package web

import (
	"crypto/sha256"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"ironhook/baremetal"
	"ironhook/store"
)

func mustURL(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestDashboard(t *testing.T) {
	r := newRoom(t).enter()
	if a := r.get("/ui/"); !strings.Contains(a.body, "No machines yet") || !strings.Contains(a.body, "0 machines") {
		t.Errorf("an empty dashboard =\n%s", a.body)
	}
	one := r.enroll(&baremetal.Node{UUID: "node-1", Name: "pc-01", PowerState: baremetal.PowerOn, ProvisionState: baremetal.Active},
		"52:54:00:00:00:01")
	r.enroll(&baremetal.Node{UUID: "node-2", Maintenance: true, MaintenanceReason: "new fan"}, "52:54:00:00:00:02")
	r.update(func(tx *store.Tx) error {
		return tx.Leases().Insert(&baremetal.Lease{MAC: "52:54:00:00:00:01", Address: netip.MustParseAddr("10.0.0.7"), Interface: "eno1",
			Expires: time.Now()})
	})
	r.happen(one.UUID, baremetal.BootSteps[:5]...)
	if err := r.store.Append(t.Context(), baremetal.Event{MAC: "b8:27:eb:00:00:01", Kind: baremetal.EventDiscover}); err != nil {
		t.Fatal(err)
	}
	page := r.get("/ui/").body
	for _, want := range []string{
		"2 machines", "1 on", "1 booting", `id="m-node-1"`, "pc-01", "10.0.0.7", "52:54:00:00:00:01", "Waiting for Login",
		`aria-valuenow="5"`, `aria-valuemax="9"`, "Maintenance: new fan", ">node-2<", "Version 1.2.3",
		"openstack baremetal port create --node $NODE b8:27:eb:00:00:01",
	} {
		if !strings.Contains(page, want) && !strings.Contains(page, strings.TrimPrefix(want, "Version ")) {
			t.Errorf("the dashboard has no %q", want)
		}
	}
	if t.Failed() {
		t.Log(page)
	}
}

func TestMachinePage(t *testing.T) {
	r := newRoom(t).enter()
	n := r.enroll(&baremetal.Node{
		UUID: "node-1", Name: "pc-01", Driver: "ipmi", PowerState: baremetal.PowerOn, ProvisionState: baremetal.Active,
		DriverInfo: baremetal.Object{"ipmi_address": "10.1.0.9", "ipmi_password": "hunter2"},
		Interfaces: baremetal.Interfaces{"storage": "iscsi"},
	}, "52:54:00:00:00:01")
	r.update(func(tx *store.Tx) error {
		err := tx.Connectors().Insert(&baremetal.VolumeConnector{UUID: "c-1", NodeUUID: n.UUID, Type: "iqn",
			ConnectorID: "iqn.2026-11.example:pc-01"})
		if err != nil {
			return err
		}
		return tx.Targets().Insert(&baremetal.VolumeTarget{
			UUID: "t-1", NodeUUID: n.UUID, VolumeType: "iscsi", VolumeID: "root-pc-01",
			Properties: baremetal.Object{"target_portal": "10.0.0.1:3260", "auth_username": "chap-user", "auth_password": "chap-secret"},
		})
	})
	r.happen(n.UUID, baremetal.BootSteps...)
	for _, path := range []string{"/ui/machines/node-1", "/ui/machines/pc-01"} {
		a := r.get(path)
		for _, want := range []string{
			"pc-01", "Last boot", "Root is mounted", "10.1.0.9", "iqn.2026-11.example:pc-01", "root-pc-01", "10.0.0.1:3260", baremetal.Mask,
			`data-path="/v1/nodes/node-1/states/power" data-target="rebooting"`, `data-target="deleted"`, "first-read", "created",
			`hx-sse:connect="/ui/events?after=10&amp;machine=node-1"`,
		} {
			if !strings.Contains(a.body, want) {
				t.Errorf("%s has no %q", path, want)
			}
		}
		for _, secret := range []string{"hunter2", "chap-secret", "chap-user"} {
			if strings.Contains(a.body, secret) {
				t.Errorf("%s shows the secret %q", path, secret)
			}
		}
	}
	if a := r.get("/ui/machines/nobody"); a.status != 404 || !strings.Contains(a.body, "Node nobody could not be found.") {
		t.Errorf("an unknown machine = %d\n%s", a.status, a.body)
	}
	if a := r.get("/ui/nowhere"); a.status != 404 || !strings.Contains(a.body, "There is no page /ui/nowhere.") {
		t.Errorf("an unknown page = %d", a.status)
	}
}

// Whatever a machine or a client of the API may write, no page turns it into
// markup.
func TestMarkupStaysText(t *testing.T) {
	const evil = `"><script>alert(1)</script><img src=x onerror=alert(1)>'</pre></hx-partial><hx-partial hx-target="body">`
	r := newRoom(t).enter()
	n := r.enroll(&baremetal.Node{
		UUID: "node-1", Name: evil, LastError: evil, Maintenance: true, MaintenanceReason: evil, Description: evil,
		Driver: evil, ProvisionState: baremetal.ProvisionState(evil), PowerState: baremetal.PowerState(evil),
		Properties: baremetal.Object{evil: evil}, DriverInfo: baremetal.Object{evil: evil}, Interfaces: baremetal.Interfaces{"boot": evil},
	}, evil)
	for _, e := range []baremetal.Event{
		{Node: n.UUID, Kind: baremetal.EventDiscover, Detail: evil}, {Node: n.UUID, Kind: baremetal.EventRefused, Detail: evil},
		{Node: n.UUID, Kind: evil, Detail: evil}, {MAC: evil, Kind: baremetal.EventDiscover, Detail: evil},
		{MAC: "52:54:00:00:00:09", Kind: baremetal.EventRefused, Detail: evil},
	} {
		if err := r.store.Append(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	tag := regexp.MustCompile(`(?i)<(script>|img|/pre></hx|hx-partial hx-target="body)`)
	pages := map[string]string{
		"dashboard": r.get("/ui/").body,
		"machine":   r.get("/ui/machines/node-1").body,
		"login":     r.login(evil, "x").body,
		"lost":      r.get("/ui/" + url.PathEscape(evil)).body,
		"stream":    r.follow("/ui/events?after=0").next().data,
		"one":       r.follow("/ui/events?machine=node-1&after=0").next().data,
	}
	for name, body := range pages {
		if found := tag.FindString(body); found != "" {
			t.Errorf("%s holds the tag %q", name, found)
		}
		if !strings.Contains(body, "&lt;script&gt;alert(1)&lt;/script&gt;") {
			t.Errorf("%s does not show the text at all", name)
		}
	}
}

// The policy forbids scripts and styles within a page, so a page must have none.
func TestPagesKeepTheirOwnPolicy(t *testing.T) {
	r := newRoom(t).enter()
	n := r.enroll(&baremetal.Node{UUID: "node-1", Name: "pc-01"}, "52:54:00:00:00:01")
	r.happen(n.UUID, baremetal.BootSteps...)
	inline := regexp.MustCompile(`(?i)<script>|<style|\sstyle=|\son[a-z]+=|javascript:|\shx-on|https?://`)
	for _, path := range []string{"/ui/", "/ui/machines/pc-01", "/ui/login"} {
		a := r.get(path)
		if got := a.header.Get("Content-Security-Policy"); !strings.HasPrefix(got, "default-src 'self';") || strings.Contains(got, "unsafe") {
			t.Errorf("%s: policy %q", path, got)
		}
		if found := inline.FindString(a.body); found != "" {
			t.Errorf("%s holds %q, which the policy forbids", path, found)
		}
		for _, asset := range regexp.MustCompile(`(?:src|href)="(/ui/static/[^"]+)"`).FindAllStringSubmatch(a.body, -1) {
			if s := r.get(asset[1]); s.status != 200 || !strings.Contains(s.header.Get("Cache-Control"), "immutable") {
				t.Errorf("%s: asset %s = %d, %q", path, asset[1], s.status, s.header.Get("Cache-Control"))
			}
		}
	}
	if a := r.get("/ui/static/app.css?v=old"); a.header.Get("Cache-Control") != "no-cache" {
		t.Errorf("an old address of a file = %q, want no-cache", a.header.Get("Cache-Control"))
	}
}

func TestABrokenStoreIsNotAnEmptyDashboard(t *testing.T) {
	r := newRoom(t).enter()
	r.destroy("nodes")
	for _, path := range []string{"/ui/", "/ui/machines/pc-01"} {
		a := r.get(path)
		if a.status != 500 || strings.Contains(a.body, "No machines") || !strings.Contains(a.body, "the log says why") {
			t.Errorf("GET %s over a broken store = %d\n%s", path, a.status, a.body)
		}
		if !strings.Contains(r.log.String(), "path="+path+" error=") {
			t.Errorf("the log does not say why %s failed:\n%s", path, r.log)
		}
	}
	if _, ok := r.follow("/ui/events").read(); ok {
		t.Error("a stream over a broken store says something")
	}
}

// The parts that are not ours are the published ones, byte for byte: htmx.org
// 4.0.1, dist/htmx.min.js and dist/ext/hx-sse.min.js.
func TestPublishedFilesAreUntouched(t *testing.T) {
	for name, want := range map[string]string{
		"htmx.min.js":   "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130",
		"hx-sse.min.js": "18ef2761356ec1fe0bb6d92612315b37517a7c1e9856b661c5ae81fef239d103",
	} {
		body, err := files.ReadFile("static/" + name)
		if got := fmt.Sprintf("%x", sha256.Sum256(body)); err != nil || got != want {
			t.Errorf("SHA-256 of %s = %s, %v; want %s", name, got, err, want)
		}
	}
}
