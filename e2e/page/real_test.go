package page_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"ironhook/e2e/lab"
	"ironhook/e2e/page/shot"
)

// house is the real program with all of its APIs, on the loopback, and a browser.
type house struct {
	*testing.T
	url, password string
	link          string // of the first start
	data          string // its directory
	boot          string // where machines ask over HTTP what to boot
	program       string
	*shot.Browser
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := newEmptyHouse(t)
	must(t, "sign in", h.SignIn(h.password))
	must(t, "go live", h.Await(shot.Live))
	return h
}

// newEmptyHouse is one that nobody has signed in to.
func newEmptyHouse(t *testing.T) *house {
	t.Helper()
	if testing.Short() {
		t.Skip("runs Chromium")
	}
	program, err := lab.Build(t.Context())
	must(t, "build the appliance", err)
	ctx := within(t, 8*time.Minute)
	h := &house{T: t, program: program, data: t.TempDir()}
	cmd := exec.CommandContext(ctx, program, "serve", "--data", h.data, "--dhcp", "off",
		"--api", "127.0.0.1:0", "--iscsi", "127.0.0.1:0", "--http", "127.0.0.1:0", "--import-from", "loopback")
	out, err := cmd.StdoutPipe()
	must(t, "read what it says", err)
	must(t, "start the appliance", cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }) // it has nothing to save
	for line := bufio.NewScanner(out); h.url == "" && line.Scan(); {
		if m := regexp.MustCompile(`password (\S+)`).FindStringSubmatch(line.Text()); m != nil {
			h.password = m[1]
		}
		if m := regexp.MustCompile(`open (\S+/ui/welcome\S+)`).FindStringSubmatch(line.Text()); m != nil {
			h.link = m[1]
		}
		if m := regexp.MustCompile(`ready: .*boot (http://[^, ]+)`).FindStringSubmatch(line.Text()); m != nil {
			h.boot = m[1]
		}
		if _, url, ok := strings.Cut(line.Text(), "api "); ok && strings.HasPrefix(line.Text(), "ready:") {
			h.url = strings.Fields(url)[0]
		}
	}
	if h.url == "" {
		t.Fatal("the appliance ended before it was ready")
	}
	var err2 error
	h.Browser, err2 = shot.Blank(ctx, h.url)
	must(t, "browse", err2)
	t.Cleanup(h.Close)
	return h
}

// ironhook runs a command on the appliance's own machine.
func (h *house) ironhook(args ...string) string {
	h.Helper()
	cmd := exec.CommandContext(h.Context(), h.program, args...)
	cmd.Env = append(os.Environ(), "IRONHOOK_DATA="+h.data)
	out, err := cmd.CombinedOutput()
	if err != nil {
		h.Fatalf("ironhook %q: %v\n%s", args, err, out)
	}
	return string(out)
}

// do runs a script in the page, with the user's session. It waits for no promise: one is
// lost when the page leaves, as many do after what a script presses.
func (h *house) do(what, script string) {
	h.Helper()
	must(h.T, what, chromedp.Do(h.Tab, chromedp.Evaluate[chromedp.Void](script)))
}

func (h *house) await(what, expression string) {
	h.Helper()
	must(h.T, what, h.Await(expression))
}

// come waits for an element on a page whose scripts have run: before them a button does
// nothing. The page may be about to leave, so both are one question.
func (h *house) come(selector string) {
	h.Helper()
	h.await(selector, fmt.Sprintf(`document.readyState === "complete" && document.querySelector(%q) !== null`, selector))
}

func (h *house) click(selector string) {
	h.Helper()
	h.come(selector)
	must(h.T, "click "+selector, chromedp.Do(h.Tab, chromedp.WaitVisible(chromedp.CSS(selector)), chromedp.Click(chromedp.CSS(selector))))
}

func (h *house) fill(selector, text string) {
	h.Helper()
	h.come(selector)
	h.do("fill "+selector, fmt.Sprintf(
		`{ const e = document.querySelector(%q); e.value = %q; e.dispatchEvent(new Event("change", {bubbles: true})); }`, selector, text))
}

func (h *house) open(path string) {
	h.Helper()
	must(h.T, "open "+path, h.Go(path))
}

// ask wants something of what an API answers the page, which must stay.
func (h *house) ask(path, want string) {
	h.Helper()
	script := fmt.Sprintf(`ironhook.call("GET", %q).then((a) => JSON.stringify(a.body))`, path)
	if got, err := chromedp.Run(h.Tab, chromedp.Evaluate[string](script, chromedp.EvalAwaitPromise)); err != nil ||
		!strings.Contains(got, want) {
		h.Errorf("%s = %s, %v, want %s", path, got, err, want)
	}
}

// Twenty machines are enrolled from a list: what is wrong with it is said before anything
// is made, and a second attempt leaves alone what is done.
func TestTwentyFromAList(t *testing.T) {
	h := newHouse(t)
	h.open("/ui/enrol")
	list := "Name,MAC,driver,ipmi_address,ipmi_password\n"
	for i := range 20 {
		list += fmt.Sprintf("pc-%d,52:54:00:00:01:%02x,,,\n", i+1, i)
	}
	h.fill("#many textarea", list+"pc-1,52:54:00:00:01:99,,,\nbad,no "+
		"mac,,,\nbmc-1,52-54-00-00-02-01,ipmi,127.0.0.1,secret-word\nx,52:54:00:00:02:02,ipmy,,\n")
	h.click("#many [data-preview]")
	h.await("the faults", `document.querySelector(".preview > p").textContent === "3 of 24 lines cannot be enrolled. Mend them first."`)
	h.await("it cannot be done", `document.querySelector("#many button.main").disabled`)
	h.fill("#many textarea", list)
	h.click("#many [data-preview]")
	h.await("the preview", `document.querySelector(".preview > p").textContent === "20 machines."`)
	h.click("#many button.main")
	h.await("all are enrolled", `document.querySelectorAll(".preview td.good").length === 20`)
	h.click("#many [data-preview]")
	h.click("#many button.main")
	h.await("again, and nothing is wrong", `document.querySelectorAll(".preview td.good").length === 20`)
	must(t, "the wall", h.Show("/ui/"))
	h.await("twenty machines",
		`document.querySelectorAll(".tile").length === 20 && [...document.querySelectorAll(".tile .state")].every((e) => `+
			`e.textContent.endsWith("available"))`)
}

// One machine is enrolled by a form, changed, and deleted. A secret is kept by a form that
// does not show it.
func TestMachineIsMadeAndChanged(t *testing.T) {
	h := newHouse(t)
	h.open("/ui/enrol?mac=52:54:00:00:00:AA")
	h.await("it is filled in",
		`document.querySelector("#one [name=mac]").value === "52:54:00:00:00:aa" && document.querySelector("#one [name=name]").value === `+
			`"pc-0000aa"`)
	h.fill("#one [name=driver]", "ipmi")
	h.fill(`#one [name="driver_info/ipmi_address"]`, "127.0.0.1")
	h.fill(`#one [name="driver_info/ipmi_port"]`, "1")
	h.fill(`#one [name="driver_info/ipmi_password"]`, "secret-word")
	h.do("do not deploy", `document.querySelector("#one [name=deploy]").checked = false`)
	h.click("#one button.main")
	h.await("its BMC does not answer, and that is said", `document.querySelector("#one .results .bad")?.textContent.length > 10`)

	h.open("/ui/machines/pc-0000aa/edit")
	h.await("no secret", `!document.documentElement.outerHTML.includes("secret-word")`)
	h.fill("#settings [name=description]", "third desk")
	h.fill(`#settings [name="driver_info/ipmi_port"]`, "623")
	h.click("#settings button.main")
	h.await("saved", `document.querySelector(".outcome").textContent === "Saved."`)
	h.ask("/v1/nodes/pc-0000aa", `"ipmi_password":"******"`)
	h.ask("/v1/nodes/pc-0000aa", `"description":"third desk"`)
	h.fill("#port [name=address]", "52:54:00:00:00:ab")
	h.click("#port button")
	h.await("a port", `[...document.querySelectorAll(".rows code")].some((e) => e.textContent === "52:54:00:00:00:ab")`)
	h.fill("#target [name=volume_id]", "root")
	h.click("#target button")
	h.await("a target", `[...document.querySelectorAll(".rows code")].some((e) => e.textContent === "root")`)
	h.fill("#connector [name=connector_id]", "iqn.2026-11.test:pc")
	h.click("#connector button")
	h.await("a connector", `[...document.querySelectorAll(".rows code")].some((e) => e.textContent === "iqn.2026-11.test:pc")`)
	h.do("say yes", `window.confirm = () => true`)
	h.click(`[data-path^="/v1/volume/connectors/"]`)
	h.await("no connector", `document.querySelector('[data-path^="/v1/volume/connectors/"]') === null && document.readyState === "complete"`)
	h.do("say yes", `window.confirm = () => true`)
	h.click(`[data-then="/ui/"]`)
	h.await("it is gone", `location.pathname === "/ui/" && document.querySelectorAll(".tile").length === 0`)
}

// An image is uploaded in parts, across a broken connection; volumes are made of it and
// treated; what is in the way of a deletion is said before it.
func TestDisksInTheBrowser(t *testing.T) {
	h := newHouse(t)
	h.open("/ui/volumes")
	h.do("choose a file of 20 MiB", `{
		const bytes = new Uint8Array(20 << 20);
		for (let i = 0; i < bytes.length; i += 4096) bytes[i] = i / 4096;
		const list = new DataTransfer();
		list.items.add(new File([bytes], "golden.raw"));
		document.querySelector("#upload [name=file]").files = list.files;
		document.querySelector("#upload [name=file]").dispatchEvent(new Event("change", {bubbles: true}));
		// The second part breaks off once.
		const send = XMLHttpRequest.prototype.send;
		let part = 0;
		XMLHttpRequest.prototype.send = function (body) {
			if (++part === 2) setTimeout(() => { this.dispatchEvent(new Event("error")); this.abort(); }, 0);
			return send.call(this, body);
		};
	}`)
	h.await("its name", `document.querySelector("#upload [name=name]").value === "golden"`)
	h.click("#upload button")
	h.await("uploaded", `document.querySelector("#transfer [role=status]").textContent === "golden.raw is uploaded."`)
	row := func(name string) string {
		return `[...document.querySelectorAll("#inventory tr")].find((r) => r.querySelector("th")?.textContent === "` + name + `")`
	}
	h.await("it is listed without a reload",
		row("golden")+`?.textContent.includes("20.0 MiB") && `+row("golden")+`.textContent.includes("active")`)
	act := func(name, label string, answers ...string) {
		t.Helper()
		h.do(label, fmt.Sprintf(`{ const answers = "%s".split("|"); window.prompt = () => answers.shift(); window.confirm = (q) => { window.asked = q; return true };
			const row = %s; row.querySelector("details").open = true;
			[...row.querySelectorAll("button")].find((b) => b.textContent === %q).click(); }`, strings.Join(answers, "|"), row(name), label))
	}
	act("golden", "New volume", "pc-1")
	h.await("a volume below it", row("pc-1")+`?.textContent.includes("available") && `+row("pc-1")+`.querySelectorAll("th i").length === 1`)
	act("pc-1", "Snapshot", "before")
	h.await("a snapshot below that",
		row("before")+`?.textContent.includes("available") && `+row("before")+`.querySelectorAll("th i").length === 2`)
	act("pc-1", "Grow", "2")
	h.await("it grew", row("pc-1")+`?.textContent.includes("2.0 GiB")`)
	act("pc-1", "Clone", "twin")
	h.await("a clone", row("twin")+`?.textContent.includes("available")`)
	act("pc-1", "Promote", "golden-2", "kernel 6.12")
	h.await("another image, with the comment",
		row("golden-2")+`?.textContent.includes("active") && `+row("golden-2")+`.textContent.includes("kernel 6.12")`)
	act("pc-1", "Verify")
	h.await("it is whole", row("pc-1")+`.querySelector(".usage").textContent === "It is whole."`)
	act("golden", "Delete")
	h.await("it is said what depends on it", `window.asked.includes("other disks were made of it")`)
	h.await("and refused", `document.querySelector(".toast") !== null`)
	act("before", "Delete")
	h.await("it goes", row("before")+` === undefined`)
	act("twin", "Delete")
	h.await("it goes", row("twin")+` === undefined`)
}

// sparse is a file of so many zeroes.
func sparse(t *testing.T, size int64) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "golden.raw")
	f, err := os.Create(path)
	must(t, "make a file", err)
	must(t, "make a file", errors.Join(f.Truncate(size), f.Close()))
	return path
}
