package page_test

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"ironhook/e2e/lab"
)

// hand does what an administrator does with a mouse and a keyboard, and counts it. Each task
// begins on the page of machines.
type hand struct {
	*house
	clicks, fields int
}

func (h *hand) click(selectors ...string) {
	h.Helper()
	for _, s := range selectors {
		h.house.click(s)
		h.clicks++
	}
}

func (h *hand) fill(selector, text string) {
	h.Helper()
	h.house.fill(selector, text)
	h.fields++
}

// answers are given to the questions that come: a text and a click each, a click for "".
func (h *hand) answers(all ...string) {
	h.Helper()
	h.do("answer", fmt.Sprintf(`{ const answers = %q.split("|"); window.prompt = () => answers.shift(); window.confirm = () => true; }`,
		strings.Join(all, "|")))
	for _, one := range all {
		h.clicks++
		if one != "" {
			h.fields++
		}
	}
}

// goes opens a page by its link in the frame.
func (h *hand) goes(path string) {
	h.Helper()
	h.click(`nav.pages a[href="` + path + `"]`)
	h.await(path, `location.pathname === "`+path+`" && document.readyState === "complete"`)
}

// row is the selector of what is in the row of a disk.
func (h *hand) row(name, what string) string {
	h.Helper()
	row := `[...document.querySelectorAll("#inventory tr")].find((r) => r.querySelector("th")?.textContent === "` + name + `")`
	h.await(name, row+`?.textContent.match(/active|available/)`)
	id, err := chromedp.Run(h.Tab, chromedp.Evaluate[string](row+`.id`))
	must(h.T, "its row", err)
	return "#" + id + " " + what
}

// tile is the selector of the name on a machine's tile.
func (h *hand) tile(name string) string {
	h.Helper()
	return "#m-" + strings.TrimSpace(h.ironhook("node", "show", name, "-f", "value", "-c", "uuid")) + " h2 a"
}

// serial is a BMC, and a machine bmc that knows nothing of it yet.
func (h *hand) serial() *lab.SerialBMC {
	h.Helper()
	bmc, err := lab.NewSerialBMC(h.TempDir())
	must(h.T, "start a BMC", err)
	h.Cleanup(bmc.Close)
	h.ironhook("node", "create", "--name", "bmc", "--driver", "ipmi", "--console-interface", "ipmitool-socat")
	return bmc
}

// servedImage is an image on the web, and its checksum.
func servedImage(t *testing.T) (url, sum string) {
	t.Helper()
	disk := make([]byte, 1<<20)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(disk) }))
	t.Cleanup(server.Close)
	return server.URL + "/imported.raw", fmt.Sprintf("sha256:%x", sha256.Sum256(disk))
}

// tasks are those of docs/explanation/tasks.md, in its words, in an order in which each finds
// what it needs.
var tasks = []struct {
	name string
	do   func(*hand)
}{
	{"Upload a disk image", func(h *hand) {
		h.goes("/ui/volumes")
		h.do("drop a file", `{ const list = new DataTransfer(); list.items.add(new File([new Uint8Array(1 << 20)], "golden.raw"));
			document.getElementById("drop").dispatchEvent(new DragEvent("drop", {bubbles: true, cancelable: true, dataTransfer: list})); }`)
		h.row("golden", "")
	}},
	{"Import a disk image by its URL, with a checksum", func(h *hand) {
		url, sum := servedImage(h.T)
		h.goes("/ui/volumes")
		h.fill("#import [name=name]", "imported")
		h.fill("#import [name=uri]", url)
		h.fill("#import [name=checksum]", sum)
		h.click("#import button")
		h.row("imported", "")
	}},
	{"See how full the disk is", func(h *hand) {
		h.await("what is free", `document.getElementById("space").textContent.match(/iB free$/)`)
	}},
	{"Make a volume of an image", func(h *hand) {
		h.goes("/ui/volumes")
		h.row("golden", "")
		h.answers("root")
		h.click(h.row("golden", "button.main"))
		h.row("root", "")
	}},
	{"Take a snapshot", func(h *hand) {
		h.goes("/ui/volumes")
		h.row("root", "")
		h.answers("before")
		h.click(h.row("root", "button.main"))
		h.row("before", "")
	}},
	{"Take a volume back to a snapshot", func(h *hand) {
		h.goes("/ui/volumes")
		h.click(h.row("before", "summary"))
		h.answers("")
		h.click(h.row("before", `[data-command^="ironhook volume revert"]`))
		h.row("root", "")
	}},
	{"Take a volume back to its image", func(h *hand) {
		h.goes("/ui/volumes")
		h.row("golden", "")
		h.answers("fresh")
		h.click(h.row("golden", "button.main"))
		h.row("fresh", "")
		h.clicks, h.fields = 1, 0 // a volume without snapshots was needed first
		h.click(h.row("fresh", "summary"))
		h.answers("")
		h.click(h.row("fresh", `[data-command^="ironhook volume reset"]`))
		h.row("fresh", "")
	}},
	{"Make the next golden image of a volume, with a comment", func(h *hand) {
		h.goes("/ui/volumes")
		h.row("root", "")
		h.answers("golden-2", "kernel 6.12")
		h.click(h.row("root", `[data-also]`))
		h.row("golden-2", "")
	}},
	{"Enrol twenty machines from a list", func(h *hand) {
		h.goes("/ui/enrol")
		list := "name,mac,driver,image\n"
		for i := range 20 {
			list += fmt.Sprintf("pc-%02d,52:54:00:00:01:%02x,fake-hardware,golden\n", i+1, i)
		}
		h.fill("#many textarea", list)
		h.click("#many [data-preview]", "#many button.main")
		h.await("all of them", `document.querySelectorAll(".preview td.good").length === 20`)
	}},
	{"Switch twenty machines on, and see what came of each", func(h *hand) {
		h.click("#select", "#many-bar .all")
		h.do("at once", `document.querySelector("#many-bar [name=gap]").value = "0"`)
		h.answers("")
		h.click(`[data-target="power on"][data-many]`)
		h.await("all of them", `document.querySelectorAll("#many-bar .results .good").length === 20`)
	}},
	{"Enrol a machine that was seen on the wire, and deploy it", func(h *hand) {
		answer, err := http.Get(h.boot + "/boot/52-54-00-00-00-aa")
		must(h.T, "ask for what to boot", err)
		must(h.T, "hear it", answer.Body.Close())
		h.click("#strangers summary", "#strangers a.main", "#one button.main")
		h.await("it is done", `location.pathname === "/ui/machines/pc-0000aa"`)
	}},
	{"See what a machine would boot", func(h *hand) {
		h.click(h.tile("pc-01"), `a.button[href$="/script"]`)
		h.await("the script", `document.querySelector("pre.whole")?.textContent.startsWith("#!ipxe")`)
	}},
	{"Give a machine another volume", func(h *hand) {
		h.click(h.tile("pc-01"), `a.button[href$="/edit"]`)
		h.fill("#target [name=volume_id]", "root")
		h.click("#target button")
		h.await("it has it", `[...document.querySelectorAll(".rows code")].some((e) => e.textContent === "root")`)
	}},
	{"Name the initiator of a machine", func(h *hand) {
		h.click(h.tile("pc-01"), `a.button[href$="/edit"]`)
		h.fill("#connector [name=connector_id]", "iqn.2026-11.test:pc-01")
		h.click("#connector button")
		h.await("it has it", `[...document.querySelectorAll(".rows code")].some((e) => e.textContent === "iqn.2026-11.test:pc-01")`)
	}},
	{"Say where the BMC of a machine is, and test it", func(h *hand) {
		bmc := h.serial()
		h.click(h.tile("bmc"), `a.button[href$="/edit"]`)
		for _, key := range []string{"ipmi_address", "ipmi_port", "ipmi_username", "ipmi_password"} {
			h.fill(`#settings [name="driver_info/`+key+`"]`, bmc.Info()[key])
		}
		h.click("#settings button.main")
		h.await("saved", `document.querySelector("#settings .outcome").textContent === "Saved."`)
		h.click(`#settings [data-do="test"]`)
		h.await("it answers", `document.querySelector("#settings .outcome").textContent.startsWith("It answers.")`)
	}},
	{"Type on the console of a machine", func(h *hand) {
		h.consoleOn("bmc") // once
		h.click(h.tile("bmc"), `a.button[href$="/console"]`)
		h.await("the page", `document.getElementById("console-type") !== null`)
		screen{h.T, h.Browser}.takes("Type")
		h.clicks++
		screen{h.T, h.Browser}.says("You type.")
	}},
	{"Read what the BMC of a machine has logged", func(h *hand) {
		h.Cleanup(h.newBMC(faulty).Close)
		h.click(h.tile("pc"), `a.button[href$="/sel"]`)
		h.await("the log", rows+`.length === 1`)
	}},
	{"Clear the log of a BMC", func(h *hand) {
		h.click(h.tile("pc"), `a.button[href$="/sel"]`)
		h.await("the log", rows+`.length === 1`)
		h.answers("")
		h.click("#clear-sel")
		h.await("it is cleared", `document.getElementById("sel-state").textContent.endsWith("It is cleared.")`)
	}},
	{"See temperatures and fans of a machine", func(h *hand) {
		h.click(h.tile("pc"), `a.button[href$="/sensors"]`)
		h.await("them", `document.querySelectorAll("#sensors tbody tr").length === 2`)
	}},
	{"See why a machine is in trouble", func(h *hand) {
		h.ironhook("node", "create", "--name", "lost", "--driver", "ipmi", "--driver-info", "ipmi_address=127.0.0.1", "--driver-info",
			"ipmi_port=1")
		h.ironhook("node", "manage", "lost")
		h.await("the cause", `[...document.querySelectorAll(".tile")].some((e) => e.textContent.includes("lost") && `+
			`e.textContent.includes("127.0.0.1"))`)
	}},
	{"See the last boots of all machines, and the slowest step", func(h *hand) {
		h.goes("/ui/boots")
		h.await("the page", `document.querySelector("h1")?.textContent === "Boots"`)
	}},
	{"See leases, the DHCP mode and other servers", func(h *hand) {
		h.goes("/ui/network")
		h.await("the page", `document.querySelector("h1")?.textContent === "Network"`)
	}},
	{"Make an account with a role", func(h *hand) {
		h.goes("/ui/system")
		h.fill("#user [name=name]", "ada")
		h.fill("#user [name=role]", "operator")
		h.fill("#user [name=password]", "words of ada")
		h.click("#user button")
		h.await("it is there", `[...document.querySelectorAll("th")].some((e) => e.textContent === "ada")`)
	}},
	{"Read the log, and have it say more", func(h *hand) {
		h.goes("/ui/system")
		h.fill("#log select", "debug")
		h.click("#log button")
		h.await("it says more", `document.querySelector("#log select").value === "debug" && `+
			`document.querySelector(".tail").textContent.includes("log level")`)
	}},
	{"See the last backup, the certificate and the limits", func(h *hand) {
		h.goes("/ui/system")
		h.await("all of them", `["Backups", "Certificate", "Limits"].every((w) => [...document.querySelectorAll("h2")].some((e) => `+
			`e.textContent === w))`)
	}},
	{"Read the manual", func(h *hand) {
		h.goes("/docs/")
		h.await("the page", `document.querySelector("h1")?.textContent === "Manual"`)
	}},
	{"Put the machines on a display without a login", func(h *hand) {
		h.goes("/ui/system")
		h.fill("#wall [name=name]", "lobby")
		h.click("#wall button")
		h.await("the link", `document.querySelector(".outcome").textContent.includes("/ui/wall/")`)
	}},
}

// TestTasks does each task of the table in docs/explanation/tasks.md on the page alone, with
// as many clicks and fields as it says.
func TestTasks(t *testing.T) {
	root, err := lab.Root()
	must(t, "find the repository", err)
	page, err := os.ReadFile(filepath.Join(root, "docs", "explanation", "tasks.md"))
	must(t, "read the table", err)
	said := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^\| ([^|]+) \| (\d+) \| (\d+) \|`).FindAllStringSubmatch(string(page), -1) {
		said[m[1]] = m[2] + " clicks, " + m[3] + " fields"
	}
	house := newHouse(t)
	for _, task := range tasks {
		h := &hand{house: house}
		must(t, "begin", h.Show("/ui/"))
		task.do(h)
		if got := fmt.Sprintf("%d clicks, %d fields", h.clicks, h.fields); got != said[task.name] {
			t.Errorf("%s: %s, the table says %q", task.name, got, said[task.name])
		}
		delete(said, task.name)
	}
	for name := range said {
		t.Errorf("the table has %q, which is not tried", name)
	}
}
