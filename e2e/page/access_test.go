package page_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"ironhook/baremetal"
	"ironhook/e2e/page/shot"
)

// press strikes keys one after the other.
func press(t *testing.T, b *shot.Browser, keys ...string) {
	t.Helper()
	for _, key := range keys {
		must(t, "press a key", chromedp.Do(b.Tab, chromedp.KeyEvent(key)))
	}
}

// A person without a mouse reaches everything: the way past the banner, the filter,
// each machine, and the buttons of one.
func TestByKeyboard(t *testing.T) {
	g := newStage(t)
	g.enroll("pc-01", "node-1")
	g.enroll("pc-02", "node-2")
	b := browse(t, within(t, 2*time.Minute), g.url, "secret")
	focused := func(what, expression string) {
		t.Helper()
		must(t, what, b.Await(`((e) => `+expression+`)(document.activeElement)`))
	}
	press(t, b, kb.Tab)
	focused("the way past the banner", `e.className == "skip" && e.getBoundingClientRect().width > 50`)
	tabTo := func(what, expression string) {
		t.Helper()
		for range 40 {
			press(t, b, kb.Tab)
			yes, err := chromedp.Run(b.Tab, chromedp.Evaluate[bool](`((e) => !!(`+expression+`))(document.activeElement)`))
			if must(t, what, err); yes {
				return
			}
		}
		t.Fatalf("the keyboard does not reach %s", what)
	}
	tabTo("the filter", `e.id == "filter"`)
	focused("the filter", `e.id == "filter" && e.matches(":focus-visible")`)
	press(t, b, "0", "2")
	must(t, "one machine is left", b.Await(`document.querySelectorAll(".tile:not([hidden])").length == 1`))
	press(t, b, "x")
	must(t, "none is left, and it is said", b.Await(`!document.getElementById("none").hidden`))
	press(t, b, kb.Backspace)
	tabTo("the machine", `e.textContent == "pc-02"`)
	focused("the machine", `e.textContent == "pc-02" && getComputedStyle(e, "::after").outlineStyle == "solid"`)
	press(t, b, kb.Enter)
	must(t, "its page", b.Await(`location.pathname == "/ui/machines/node-2" && `+shot.Live))
	tabTo("its first button", `e.matches("button[data-path]")`)
	focused("its first button", `e.matches("button[data-path]")`)
	press(t, b, kb.Enter)
	select {
	case got := <-g.calls:
		if got.Target != "power on" {
			t.Errorf("the first button calls %+v, want power on", got)
		}
	case <-within(t, 30*time.Second).Done():
		t.Error("Enter on a button calls nothing")
	}
	quiet(t, b)
}

// What a screen reader says of each thing one can act on, or that changes, is never
// empty; headings leave no level out.
func TestEverythingHasAName(t *testing.T) {
	g := newStage(t)
	g.enroll("pc-01", "node-1")
	must(t, "a stranger", g.store.Append(t.Context(), baremetal.Event{MAC: "b8:27:eb:00:00:01", Kind: baremetal.EventDiscover}))
	b := browse(t, within(t, 2*time.Minute), g.url, "secret")
	for _, path := range []string{"/ui/", "/ui/machines/pc-01"} {
		must(t, "show "+path, b.Show(path))
		nameless, err := chromedp.Run(b.Tab, chromedp.Evaluate[[]string](`[...document.querySelectorAll(
			"a, button, input:not([type=hidden]), summary, [role=progressbar], [tabindex], section, nav")].filter((e) =>
			!(e.getAttribute("aria-label") || e.labels?.length || e.textContent.trim() || e.matches("section:empty"))).map((e) => e.outerHTML)`))
		if must(t, "look for names", err); len(nameless) > 0 {
			t.Errorf("%s has things without a name: %q", path, nameless)
		}
		levels, err := chromedp.Run(b.Tab,
			chromedp.Evaluate[[]int](`[...document.querySelectorAll("h1, h2, h3")].map((e) => Number(e.tagName[1]))`))
		must(t, "look for headings", err)
		for i, level := range levels {
			if (i == 0) != (level == 1) || i > 0 && level > levels[i-1]+1 {
				t.Errorf("%s has headings of the levels %v, want one h1 at first and none left out", path, levels)
				break
			}
		}
	}
}

// Without scripts the pages still show everything and reload themselves; what
// would need a script is not there.
func TestWithoutScripts(t *testing.T) {
	g := newStage(t)
	g.enroll("pc-01", "node-1")
	g.step("pc-01", baremetal.EventPowerOn)
	b := browse(t, within(t, 2*time.Minute), g.url, "secret")
	off := func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return err
	}
	must(t, "switch scripts off", chromedp.Do(b.Tab, chromedp.Func(off)))
	// The page reloads itself, so that each question must stand a page that is just leaving.
	for _, path := range []string{"/ui/", "/ui/machines/pc-01"} {
		must(t, "open "+path, b.Go(path))
		for _, present := range []string{"pc-01", "Waiting for DHCP", "read anew every ten seconds"} {
			must(t, path+" says "+present, b.Await(fmt.Sprintf(`document.body.innerText.includes(%q)`, present)))
		}
		for _, absent := range []string{"Power on", "not live"} {
			must(t, path+" does not show what needs a script", b.Await(fmt.Sprintf(`!document.body.innerText.includes(%q)`, absent)))
		}
	}
	for path, present := range map[string]string{"sel": "correctable ECC", "sensors": "CPU Temp"} {
		must(t, "the machine has a link to "+path,
			b.Await(fmt.Sprintf(`document.querySelector('.actions a[href$="/%s"]')?.checkVisibility()`, path)))
		must(t, "open "+path, b.Go("/ui/machines/pc-01/"+path))
		must(t, path+" says "+present,
			b.Await(fmt.Sprintf(`document.body.innerText.includes(%q) && !document.querySelector("main button")?.checkVisibility()`, present)))
		must(t, "back", b.Go("/ui/machines/pc-01"))
	}
}
