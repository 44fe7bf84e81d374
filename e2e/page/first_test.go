package page_test

import (
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"ironhook/baremetal"
	"ironhook/cli"
	"ironhook/e2e/page/shot"
)

// A newcomer opens the link that the first start prints, chooses a password, and is led
// through the first steps.
func TestFirstRun(t *testing.T) {
	h := newEmptyHouse(t)
	if !strings.HasPrefix(h.link, h.url) {
		t.Fatalf("the first start prints the link %q of %s", h.link, h.url)
	}
	show := func(address string) {
		t.Helper()
		must(t, "open "+address, h.Go(address))
	}
	show(h.link)
	enter := func(first, second string) {
		t.Helper()
		h.fill("[name=password]", first)
		h.fill("[name=again]", second)
		h.click("button.main")
	}
	enter("my own words", "my other words")
	h.await("they differ", `document.querySelector("#problem").textContent.startsWith("The two passwords differ")`)
	enter("my own words", "my own words")
	h.await("the first steps", `location.pathname === "/ui/start" && `+shot.Live)
	h.await("nothing is done",
		`document.querySelectorAll(".steps .done").length === 0 && document.querySelectorAll(".steps > li").length === 3`)
	h.ironhook("image", "create", "golden", "--file", sparse(t, 16<<20), "--wait")
	h.await("an image is ticked as it comes", `document.querySelectorAll(".steps .done").length === 1`)
	show(h.link)
	h.await("the link is over", `document.querySelector("main").textContent.includes("This link was used")`)
	signOut := func() {
		t.Helper()
		must(t, "the wall", h.Show("/ui/"))
		must(t, "sign out", h.SignOut())
	}
	signOut()
	must(t, "the new password", h.SignIn("my own words"))
	signOut()
	h.do("the printed password",
		`fetch("/ui/login", {method: "POST", body: new URLSearchParams({user: "admin", `+
			`password: "`+h.password+`"})}).then((a) => window.status1 = a.status)`)
	h.await("is over", `window.status1 === 401`)
}

// Accounts, links to the wall and the level of the log are changed on the page of the system;
// the wall follows the machines without a login, and goes dark with its link.
func TestSystemAndWall(t *testing.T) {
	h := newHouse(t)
	h.open("/ui/system")
	h.fill("#user [name=name]", "ada")
	h.fill("#user [name=role]", "operator")
	h.fill("#user [name=password]", "words of ada")
	h.click("#user button")
	h.await("ada", `[...document.querySelectorAll("th")].some((e) => e.textContent === "ada")`)
	if got := h.ironhook("user", "list", "-f", "value"); !strings.Contains(got, "ada operator") {
		t.Errorf("user list: %s", got)
	}
	h.fill("#log select", "debug")
	h.click("#log button")
	h.await("the log talks more",
		`document.querySelector("#log select").value === "debug" && document.querySelector(".tail").textContent.includes("log level")`)
	h.fill("#wall [name=name]", "lobby")
	h.click("#wall button")
	h.await("the link", `document.querySelector(".outcome").textContent.includes("/ui/wall/")`)
	text, err := chromedp.Run(h.Tab, chromedp.Evaluate[string](`document.querySelector(".outcome").textContent.split(" ")[0]`))
	must(t, "read the link", err)
	must(t, "sign out", h.SignOut())
	must(t, "open the wall", h.Go(text))
	h.await("the wall is live", shot.Live)
	for _, name := range []string{"pc-1", "pc-2", "pc-3"} {
		h.ironhook("node", "create", "--name", name, "--driver", "manual-management")
	}
	h.await("the machines come", `document.querySelectorAll(".tile").length === 3`)
	h.await("all is seen", `document.documentElement.scrollHeight <= innerHeight`)
	h.ironhook("wall", "delete", "lobby")
	h.await("it goes dark", `document.querySelector(".tile") === null && document.body.textContent.includes("withdrawn")`)
	h.open("/ui/")
	h.await("no other page", `location.pathname === "/ui/login"`)
}

// Machines are shown in groups and as a table, and that is kept under a name.
func TestGroupsAndViews(t *testing.T) {
	h := newHouse(t)
	for name, class := range map[string]string{"pc-1": "lab", "pc-2": "office", "pc-10": "lab"} {
		h.ironhook("node", "create", "--name", name, "--driver", "manual-management", "--resource-class", class)
	}
	names := `[...document.querySelectorAll("#dashboard > *")].map((e) => e.querySelector("h2").textContent).join(" ")`
	must(t, "the wall", h.Show("/ui/"))
	h.await("three", names+` === "pc-1 pc-2 pc-10"`)
	h.fill("#by", "class")
	h.await("groups", names+` === "lab pc-1 pc-10 office pc-2"`)
	h.click("#dense")
	h.await("a table", `document.documentElement.classList.contains("dense") && location.search === "?by=class&as=table"`)
	h.fill("#filter", "pc-2")
	h.do("filter", `document.getElementById("filter").dispatchEvent(new Event("input", {bubbles: true}))`)
	h.await("no empty group", `document.querySelectorAll(".group:not([hidden])").length === 1`)
	h.do("answer", `window.prompt = () => "office only"`)
	h.click("#save-view")
	h.await("it is listed", `document.readyState === "complete" && [...document.querySelectorAll("#views option")].some((o) => `+
		`o.textContent === "office only" && o.selected)`)
	must(t, "again", h.Show("/ui/"))
	h.fill("#views", "by=class&as=table&q=pc-2")
	h.await("the view", names+` === "lab pc-1 pc-10 office pc-2" && document.querySelectorAll(".tile:not([hidden])").length === 1`)
	h.ironhook("node", "create", "--name", "pc-3", "--driver", "manual-management", "--resource-class", "attic")
	h.await("a machine joins its group", names+` === "attic pc-3 lab pc-1 pc-10 office pc-2"`)
	h.do("say yes", `window.confirm = () => true`)
	h.click("#drop-view")
	h.await("it is gone", `location.search === "" && document.querySelectorAll("#views option").length === 1`)
}

// Each button says a command that does the same, and the program has it, with its options.
func TestButtonsSayTheirCommands(t *testing.T) {
	g := newStage(t)
	g.furnish()
	b := browse(t, within(t, 3*time.Minute), g.url, "secret")
	seen := map[string]bool{}
	for _, p := range furnished {
		must(t, "open "+p.path, b.Go(p.path))
		said, err := chromedp.Run(b.Tab,
			chromedp.Evaluate[[]string](`[...document.querySelectorAll("[data-command]")].map((e) => e.dataset.command)`))
		must(t, "read the commands", err)
		mute, err := chromedp.Run(b.Tab,
			chromedp.Evaluate[[]string](`[...document.querySelectorAll("main button[data-method]:not([data-command])")].map((e) => e.outerHTML)`))
		must(t, "read the buttons", err)
		if len(mute) > 0 {
			t.Errorf("%s has buttons that say no command: %q", p.path, mute)
		}
		for _, line := range said {
			seen[line] = true
		}
	}
	if len(seen) < 30 {
		t.Errorf("%d commands only", len(seen))
	}
	for line := range seen {
		_, words, found := strings.Cut(line, "ironhook ")
		if !found {
			t.Errorf("%q is no command of ours", line)
			continue
		}
		args := strings.Fields(strings.NewReplacer("{", "", "}", "", "'", "", "boot_index", "0").Replace(words))
		program := cli.Command("", cli.Embedded{})
		program.SetOut(io.Discard)
		cmd, rest, err := program.Find(args)
		if err != nil || cmd == program || cmd.HasSubCommands() {
			t.Errorf("%q is none of our commands: %v", line, err)
			continue
		}
		if err := cmd.ParseFlags(rest); err != nil {
			t.Errorf("%q: %v", line, err)
		} else if err := cmd.ValidateArgs(cmd.Flags().Args()); err != nil {
			t.Errorf("%q: %v", line, err)
		}
		if slices.Contains(args, "") {
			t.Errorf("%q has an empty word", line)
		}
	}
	must(t, "open a machine", b.Show("/ui/machines/pc-01"))
	must(t, "look at a button",
		chromedp.Do(b.Tab, chromedp.Evaluate[chromedp.Void](`document.querySelector("[data-target=rebooting]").focus()`)))
	must(t, "its command", b.Await(`!document.getElementById("command").hidden && document.querySelector("#command code").textContent === `+
		`"ironhook node reboot pc-01"`))
}

// The activity of a machine's disks is drawn while it is looked at, and stays when the page
// changes around it.
func TestDiskActivity(t *testing.T) {
	g := newStage(t)
	g.furnish()
	b := browse(t, within(t, 2*time.Minute), g.url, "secret")
	must(t, "open a machine", b.Show("/ui/machines/pc-01"))
	drawn := `document.querySelectorAll("#io-graph polyline").length === 2 && / read [0-9.]+ MiB.s .* [0-9]+ ` +
		`commands.s/.test(document.getElementById("io-now").textContent)`
	must(t, "its graph", b.Await(drawn))
	g.step("pc-01", baremetal.EventPowerOff)
	must(t, "a change of the page", b.Await(`document.querySelector(".log tbody tr").textContent.includes("power-off")`))
	must(t, "its graph", b.Await(drawn+` && document.querySelector("#io-graph polyline").getAttribute("points").split(" ").length >= 2`))
	quiet(t, b)
}
