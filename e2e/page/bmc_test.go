package page_test

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/bougou/go-ipmi/pkg/types"
	"github.com/chromedp/chromedp"

	"ironhook/power/ipmi/bmctest"
)

// The records of an event log (IPMI 2.0, table 32-1) without their numbers: a sensor whose name is markup is too hot, and
// two faults of the memory.
const (
	tooHot  = "0240131c6a20000401000159" + "5f5a"
	faulty  = "0240131c6a3300040c026f01" + "ffff"
	mending = "0240131c6a3300040c026fa0" + "0207"
)

// newBMC is one on the loopback with a log, and the machine pc that has it.
func (h *house) newBMC(records ...string) *bmctest.BMC {
	h.Helper()
	b, err := bmctest.Start(bmctest.Quirks{Sensors: bmctest.Sensors{{Name: "<b id=evil>", Celsius: 41}, {Name: "Inlet", Celsius: 23}}},
		[]types.CipherSuiteID{17})
	must(h.T, "start a BMC", err)
	for _, r := range records {
		addRecord(h.T, b, r)
	}
	args := []string{"node", "create", "--name", "pc", "--driver", "ipmi"}
	for key, value := range map[string]string{"ipmi_address": "127.0.0.1", "ipmi_port": fmt.Sprint(b.Port), "ipmi_username": bmctest.User,
		"ipmi_password": bmctest.Password} {
		args = append(args, "--driver-info", key+"="+value)
	}
	h.ironhook(args...)
	return b
}

func addRecord(t *testing.T, b *bmctest.BMC, digits string) {
	t.Helper()
	record, err := hex.DecodeString(digits)
	must(t, "read a record", err)
	b.Log.Add(record...)
}

// rows are those of the event log that is shown, from the newest.
const rows = `[...document.querySelectorAll("#sel tbody tr")].map((r) => r.textContent)`

// What the BMC of a machine knows is a button away from the machine's page: its event log, which can be cleared, and its
// sensors. What it calls a sensor is text.
func TestBMC(t *testing.T) {
	h := newHouse(t)
	b := h.newBMC(tooHot, faulty)
	t.Cleanup(b.Close)
	program := axe(t)
	must(t, "show the machine", h.Show("/ui/machines/pc"))
	h.do("look at a button", `document.querySelector('#machine a[href$="/sel"]').focus()`)
	h.await("its command", `document.querySelector("#command code").textContent === "ironhook node sel pc"`)
	h.click(`#machine a[href$="/sel"]`)
	h.await("both, the newest first",
		`((r) => r.length === 2 && r[0].includes("uncorrectable ECC") && r[1].includes("<b id=evil>"))(`+rows+`)`)
	h.await("no markup", `document.getElementById("evil") === null`)
	h.await("times of the reader", `[...document.querySelectorAll("#sel time")].every((e) => !e.textContent.includes("UTC"))`)
	screen{t, h.Browser}.isGood(program, "an event log")

	h.do("look at the button", `document.getElementById("clear-sel").focus()`)
	h.await("its command", `document.querySelector("#command code").textContent === "ironhook node sel pc --clear"`)
	h.do("say no", `window.confirm = (q) => { window.asked = q; return false }`)
	h.click("#clear-sel")
	if h.await("it asks", `window.asked.includes("Clear the event log of the BMC of pc?")`); b.Log.Len() != 2 {
		t.Fatalf("%d records after a no", b.Log.Len())
	}
	addRecord(t, b, mending) // which the page has not shown
	h.do("say yes", `window.confirm = () => true`)
	h.click("#clear-sel")
	h.await("all that was in it is shown", `document.getElementById("sel-state").textContent.startsWith("3 were in the log") &&
		((r) => r.length === 3 && r[0].includes("correctable ECC (data 0x02 0x07)") && r[2].includes("<b id=evil>"))(`+rows+`)`)
	h.await("no markup", `document.getElementById("evil") === null`)
	screen{t, h.Browser}.isGood(program, "an event log that was cleared")
	h.click(`a[data-command="ironhook node sel pc"]`)
	h.await("it is cleared", `((r) => r.every((text) => `+
		`!text.includes("ECC")))(`+rows+`) && document.getElementById("sel-state").textContent.includes("newest first. Times")`)
	if got := h.ironhook("event", "list", "--node", "pc"); !strings.Contains(got, "the event log of its BMC was cleared; it had 3 entries") ||
		!strings.Contains(got, "admin") {
		t.Errorf("the events are\n%s", got)
	}

	must(t, "show the machine", h.Show("/ui/machines/pc"))
	h.click(`#machine a[href$="/sensors"]`)
	h.await("what it measures",
		`((r) => r.length === 2 && r[0].textContent === "<b id=evil>41CelOK" && r[1].textContent === `+
			`"Inlet23CelOK")(document.querySelectorAll("#sensors tbody tr"))`)
	screen{t, h.Browser}.isGood(program, "sensors")
	quiet(t, h.Browser)
}

// A BMC that is gone, also between the page and the button, is reported in words that say what to check.
func TestBMCIsGone(t *testing.T) {
	h := newHouse(t)
	b := h.newBMC(faulty)
	h.open("/ui/machines/pc/sel")
	h.await("the log", rows+`.length === 1`)
	b.Close()
	h.do("say yes", `window.confirm = () => true`)
	h.click("#clear-sel")
	h.await("why not", `document.querySelector(".toast")?.textContent.match(/Clear: node pc: BMC 127\.0\.0\.1.* check ipmi_address/)`)
	h.await("the log stays", rows+`.length === 1 && document.getElementById("sel-state").textContent.startsWith("1 in the log")`)
	for _, page := range []string{"sel", "sensors"} {
		h.open("/ui/machines/pc/" + page)
		h.await("why not", `document.getElementById("bmc-problem")?.textContent.match(/node pc: BMC 127\.0\.0\.1.* check ipmi_address/) && `+
			`document.querySelector("main table") === null`)
		text, err := chromedp.Run(h.Tab, chromedp.Evaluate[string](`document.documentElement.outerHTML`))
		if must(t, "read the page", err); strings.Contains(text, bmctest.Password) {
			t.Errorf("%s shows the password", page)
		}
	}
}
