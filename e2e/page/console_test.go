package page_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"ironhook/e2e/lab"
	"ironhook/e2e/page/shot"
)

// screen is a terminal in a page, before a machine that answers each line in brackets.
type screen struct {
	*testing.T
	*shot.Browser
}

// says waits until the state of the console is in these words.
func (s screen) says(words string) {
	s.Helper()
	must(s.T, words, s.Await(fmt.Sprintf(`document.getElementById("console-state").textContent.includes(%q)`, words)))
}

// shows waits until a text is on the terminal, for the eye and for a screen reader.
func (s screen) shows(text string) {
	s.Helper()
	for _, part := range []string{".xterm-rows", ".xterm-accessibility-tree"} {
		must(s.T, text+" in "+part, s.Await(fmt.Sprintf(`document.querySelector("#terminal %s").textContent.includes(%q)`, part, text)))
	}
}

// takes presses the button with this label, when it can be seen and pressed.
func (s screen) takes(label string) {
	s.Helper()
	must(s.T, label, s.Await(fmt.Sprintf(`((b) => b.textContent === %q && b.checkVisibility() && !b.disabled && (b.click(), `+
		`true))(document.getElementById("console-type"))`, label)))
}

// types strikes the keys of a line, where the terminal has them.
func (s screen) types(line string) {
	s.Helper()
	s.says("You type.")
	must(s.T, "the keys are the terminal's", s.Await(`document.activeElement.closest("#terminal") !== null`))
	must(s.T, "type "+line, chromedp.Do(s.Tab, chromedp.KeyEvent(line), chromedp.KeyEvent(kb.Enter)))
}

// isGood holds the page as it is to the rules of axe, in both themes, and to the width of a phone.
func (s screen) isGood(axe, what string) {
	s.Helper()
	for _, theme := range []string{"light", "dark"} {
		scheme(s.T, s.Browser, theme)
		judge(s.T, s.Browser, axe, theme+" "+what)
	}
	must(s.T, "a phone", chromedp.Do(s.Tab, chromedp.EmulateViewport(360, 740)))
	must(s.T, "no wider than it, "+what, s.Await(`document.documentElement.scrollWidth <= 360`))
	must(s.T, "a desk", chromedp.Do(s.Tab, chromedp.EmulateViewport(1280, 800)))
}

// consoleOn enables a console, and waits until that is done.
func (h *house) consoleOn(node string) {
	h.Helper()
	h.ironhook("node", "console", "enable", node)
	h.await("the console of "+node+" is enabled",
		fmt.Sprintf(`(window.enabled ??= setInterval(() => fetch("/ui/machines/%s/console").then((a) => a.text())
		.then((text) => { window.on = text.includes("console-state") }), 100), window.on === true && (clearInterval(window.enabled), true))`, node))
}

// A console in the page: everybody reads what a machine answers, one types, and another takes that over. When the BMC
// is gone, the page says so, and goes on when it is back. Who has signed out has no console.
func TestConsole(t *testing.T) {
	h := newHouse(t)
	bmc, err := lab.NewSerialBMC(t.TempDir())
	must(t, "start a BMC", err)
	t.Cleanup(bmc.Close)
	program := axe(t)
	h.ironhook(append([]string{"node", "create", "--name", "pc", "--console-interface", "ipmitool-socat"}, bmc.Options()...)...)
	must(t, "show the machine", h.Show("/ui/machines/pc"))
	h.click(`#machine a[href$="/console"]`)
	h.await("it is not enabled, and that is said", `document.querySelector("main").textContent.includes("ironhook node console enable pc")`)
	screen{t, h.Browser}.isGood(program, "a console that is not enabled")
	h.consoleOn("pc")
	h.open("/ui/machines/pc/console")

	first := screen{t, h.Browser}
	first.says("Connected. Nobody types.")
	first.takes("Type")
	first.types("root")
	first.shows("[root]")
	second := screen{t, browse(t, within(t, 8*time.Minute), h.url, h.password)}
	must(t, "the same console", second.Go("/ui/machines/pc/console"))
	second.says("admin types.")
	second.shows("[root]")
	first.types("uptime")
	second.shows("[uptime]")
	second.takes("Take over")
	second.types("halt")
	first.shows("[halt]")
	first.says("admin types.")
	second.takes("Only read")
	first.says("Nobody types.")
	quiet(t, h.Browser)
	quiet(t, second.Browser)
	first.isGood(program, "a console")

	text, err := chromedp.Run(h.Tab,
		chromedp.Evaluate[string](`fetch(document.querySelector('main a[href$="/text"]').href).then((a) => a.text())`, chromedp.EvalAwaitPromise))
	if must(t, "follow the link to the text", err); !strings.Contains(text, "[root]") || !strings.Contains(text, "[halt]") {
		t.Errorf("the text that is kept is %q", text)
	}

	bmc.Cut()
	first.says("Not connected: ")
	first.shows("[halt]")
	first.isGood(program, "a console whose BMC is gone")
	must(t, "the BMC comes back", bmc.Mend())
	first.says("Connected. ")
	first.takes("Type")
	first.types("again")
	second.shows("[again]")

	must(t, "sign out", h.SignOut())
	h.open("/ui/machines/pc/console")
	h.await("the login page", `location.pathname === "/ui/login" && document.getElementById("terminal") === null`)
	h.do("the socket without it",
		fmt.Sprintf(`{ const s = new WebSocket(%q); s.onopen = () => window.socket = "open"; s.onerror = () => window.socket = "refused"; }`,
			"ws"+h.url[len("http"):]+"/ironhook/v1/nodes/pc/console"))
	h.await("is refused", `window.socket === "refused"`)
}
