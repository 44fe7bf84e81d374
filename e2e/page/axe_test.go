package page_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"context"

	"ironhook/baremetal"
	"ironhook/e2e/lab"
	"ironhook/e2e/page/shot"
	"ironhook/store"
)

// axe is the program that judges pages, of build/axe; scripts/axe.sh fetches it.
func axe(t *testing.T) string {
	t.Helper()
	root, err := lab.Root()
	must(t, "find the repository", err)
	if out, err := exec.CommandContext(t.Context(), filepath.Join(root, "scripts", "axe.sh")).CombinedOutput(); err != nil {
		t.Fatalf("scripts/axe.sh: %v\n%s", err, out)
	}
	found, err := filepath.Glob(filepath.Join(root, "build", "axe", "axe-*.js"))
	if err != nil || len(found) == 0 {
		t.Fatalf("no axe in build/axe: %v", err)
	}
	text, err := os.ReadFile(found[len(found)-1])
	must(t, "read axe", err)
	return string(text)
}

// violation is what axe finds.
type violation struct {
	ID, Help string
	Nodes    []struct{ HTML, FailureSummary string }
}

// judge holds the page that is shown to the rules of WCAG 2.2, levels A and AA, and to axe's
// best practices.
func judge(t *testing.T, b *shot.Browser, program, what string) {
	t.Helper()
	must(t, "bring axe", chromedp.Do(b.Tab, chromedp.Evaluate[chromedp.Void](program+";undefined")))
	text, err := chromedp.Run(b.Tab,
		chromedp.Evaluate[string](`axe.run(document, {resultTypes: ["violations"]}).then((r) => JSON.stringify(r.violations))`,
			chromedp.EvalAwaitPromise))
	must(t, "judge "+what, err)
	var found []violation
	must(t, "read the verdict", json.Unmarshal([]byte(text), &found))
	for _, v := range found {
		for _, n := range v.Nodes {
			t.Errorf("%s: %s (%s): %.200s: %.200s", what, v.Help, v.ID, n.HTML, n.FailureSummary)
		}
	}
}

// scheme makes the browser prefer light or dark pages.
func scheme(t *testing.T, b *shot.Browser, name string) {
	t.Helper()
	set := func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}},
		})
		return err
	}
	must(t, "prefer "+name, chromedp.Do(b.Tab, chromedp.Func(set)))
}

// furnish fills the stage with a machine in each state that has a look of its own.
func (g *stage) furnish() {
	g.Helper()
	for i := 1; i <= 8; i++ {
		g.enroll(fmt.Sprintf("pc-%02d", i), fmt.Sprintf("node-%d", i))
	}
	must(g.T, "furnish", g.store.Update(g.Context(), func(tx *store.Tx) error {
		for i, state := range []baremetal.ProvisionState{baremetal.Active, baremetal.DeployFailed, baremetal.Deploying, baremetal.Enroll} {
			n, err := tx.Nodes().Get(fmt.Sprintf("node-%d", i+1))
			if err != nil {
				return err
			}
			n.ProvisionState, n.Maintenance = state, false
			n.ResourceClass, n.Extra = "lab", baremetal.Object{"notes": "third desk\nsecond row"}
			if state == baremetal.DeployFailed {
				n.LastError = "Failed to deploy. The volume root-2 of pc-02 does not exist: make it, or set another volume target."
			}
			if err := tx.Nodes().Update(n); err != nil {
				return err
			}
			if err := tx.Ports().Insert(&baremetal.Port{UUID: "port-" +
				n.UUID, NodeUUID: n.UUID, Address: fmt.Sprintf("52:54:00:00:00:%02x", i+1), PXEEnabled: true}); err != nil {
				return err
			}
			if err := tx.Targets().Insert(&baremetal.VolumeTarget{UUID: "t-" +
				n.UUID, NodeUUID: n.UUID, VolumeType: "iscsi", VolumeID: fmt.Sprintf("root-%d", i+1)}); err != nil {
				return err
			}
		}
		for _, i := range []*baremetal.Image{{UUID: "i-1", Name: "debian", Status: baremetal.ImageActive, Size: 2 << 30, VirtualSize: 2 << 30},
			{UUID: "i-2", Name: "broken", Status: baremetal.ImageKilled, Message: "the file is no disk image"}} {
			if err := tx.Images().Insert(i); err != nil {
				return err
			}
		}
		for i := 1; i <= 3; i++ {
			v := &baremetal.Volume{UUID: fmt.Sprintf("v-%d", i), Name: fmt.Sprintf("root-%d", i), Size: 2 << 30, Status: baremetal.VolumeAvailable,
				ImageUUID: "i-1"}
			if err := tx.Volumes().Insert(v); err != nil {
				return err
			}
		}
		if err := tx.Grants().Insert(&baremetal.Grant{Serial: "s-1", Node: "node-1", Target: "t-node-1", Volume: "v-1",
			IQN: "iqn.2026-11.test:disk", Initiator: "iqn.2026-11.test:pc-01"}); err != nil {
			return err
		}
		if err := tx.Snapshots().Insert(&baremetal.Snapshot{UUID: "s-1", Name: "monday", VolumeUUID: "v-1", Size: 2 << 30,
			Status: "available"}); err != nil {
			return err
		}
		if err := tx.Append(baremetal.Event{Node: "node-1", Kind: baremetal.EventAttach,
			Detail: "v-1 to iqn.2026-11.local.ironhook:node-715482dd-8008-42a5-97d2-6cac44cbefa8"}); err != nil {
			return err
		}
		return tx.Append(baremetal.Event{Node: "node-6", Kind: baremetal.EventError, Step: baremetal.EventAttach, Detail: "No volume root-6."})
	}))
	for _, kind := range baremetal.BootSteps {
		g.step("pc-01", kind)
	}
	for _, kind := range baremetal.BootSteps[:5] {
		g.step("pc-05", kind)
	}
	must(g.T, "a stranger", g.store.Append(g.Context(), baremetal.Event{MAC: "b8:27:eb:00:00:01", Kind: baremetal.EventDiscover}))
}

// furnished are the pages, with what to press on each to see all of it.
var furnished = []struct{ path, press string }{
	{"/ui/", ""}, {"/ui/?by=class&as=table", ""}, {"/ui/", `document.getElementById("select").click()`}, {"/ui/?q=nothing-like-it", ""},
	{"/ui/machines/pc-01", `for (const d of document.querySelectorAll("details")) d.open = true`}, {"/ui/machines/pc-02", ""},
	{"/ui/machines/pc-06", ""},
	{"/ui/machines/pc-01/edit", ""}, {"/ui/machines/pc-01/script", ""}, {"/ui/machines/pc-01/console", ""}, {"/ui/machines/pc-02/console", ""},
	{"/ui/machines/nobody", ""}, {"/ui/enrol?mac=b8:27:eb:00:00:01", ""},
	{"/ui/machines/pc-01/sel", ""}, {"/ui/machines/pc-02/sel", ""}, {"/ui/machines/pc-01/sensors", ""},
	{"/ui/volumes", `for (const d of document.querySelectorAll("details")) d.open = true`}, {"/ui/network", ""}, {"/ui/boots?hours=1", ""},
	{"/ui/system", ""},
	{"/ui/start", ""}, {"/docs/", ""}, {"/docs/tutorial.md", ""}, {"/docs/reference/options.md", ""}, {"/docs/messages.md", ""},
	{"/docs/nothing.md", ""},
}

// No page, in neither theme, with machines in trouble, breaks a rule of axe; none is wider
// than a phone.
func TestAccessible(t *testing.T) {
	g := newStage(t)
	g.furnish()
	program := axe(t)
	token := g.wall("lobby")
	b := browse(t, within(t, 8*time.Minute), g.url, "secret")
	open := func(path string) {
		t.Helper()
		must(t, "open "+path, b.Go(path))
	}
	pages := append(furnished, struct{ path, press string }{"/ui/wall/" + token, ""})
	for _, theme := range []string{"light", "dark"} {
		scheme(t, b, theme)
		for _, p := range pages {
			open(p.path)
			if p.press != "" {
				must(t, "press", chromedp.Do(b.Tab, chromedp.Evaluate[chromedp.Void](p.press)))
			}
			judge(t, b, program, theme+" "+p.path+" "+p.press)
		}
	}
	must(t, "a phone", chromedp.Do(b.Tab, chromedp.EmulateViewport(360, 740)))
	for _, p := range pages {
		open(p.path)
		wide, err := chromedp.Run(b.Tab, chromedp.Evaluate[int](`document.documentElement.scrollWidth`))
		if must(t, "measure", err); wide > 360 {
			t.Errorf("%s is %d pixels wide on a phone of 360", p.path, wide)
		}
	}
	must(t, "the wall", b.Show("/ui/"))
	must(t, "sign out", b.SignOut())
	for _, path := range []string{"/ui/login", "/ui/welcome?key=the-key", "/ui/welcome?key=another"} {
		for _, theme := range []string{"light", "dark"} {
			scheme(t, b, theme)
			open(path)
			judge(t, b, program, theme+" "+path)
		}
	}
}
