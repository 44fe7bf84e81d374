package page_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// One click asks many machines, and the answer of each is shown.
func TestManyAtOnce(t *testing.T) {
	g := newStage(t)
	for i := 1; i <= 8; i++ {
		g.enroll(fmt.Sprintf("pc-%d", i), fmt.Sprintf("node-%d", i))
	}
	b := browse(t, within(t, 2*time.Minute), g.url, "secret")
	click := func(selector string) {
		t.Helper()
		must(t, "click "+selector, chromedp.Do(b.Tab, chromedp.WaitVisible(chromedp.CSS(selector)), chromedp.Click(chromedp.CSS(selector))))
	}
	run := func(script string) {
		t.Helper()
		must(t, script, chromedp.Do(b.Tab, chromedp.Evaluate[chromedp.Void](script)))
	}
	must(t, "nothing to tick", b.Await(`getComputedStyle(document.querySelector(".pick")).display === "none"`))
	click("#select")
	run(`window.confirm = (q) => { window.asked = q; return true }; document.querySelector("#many-bar [name=gap]").value = "0"`)
	click("#m-node-2 .pick")
	g.step("pc-2", "power-on") // a change of the tile does not lose the choice
	must(t, "the change", b.Await(`document.querySelector("#m-node-2 .bar").getAttribute("aria-valuenow") === "1" && `+
		`document.querySelector("#m-node-2 .pick").checked`))
	click("#m-node-5 .pick")
	must(t, "two", b.Await(`document.querySelector(".count").textContent === "2 machines"`))
	click(`[data-target="power on"][data-many]`)
	must(t, "both are asked", b.Await(`document.querySelectorAll("#many-bar .results .good").length === 2`))
	must(t, "it was confirmed", b.Await(`window.asked === "Power on 2 machines?"`))
	got := map[call]bool{<-g.calls: true, <-g.calls: true}
	for _, node := range []string{"node-2", "node-5"} {
		if want := (call{"PUT", "/v1/nodes/" + node + "/states/power", "1.82", "power on"}); !got[want] {
			t.Errorf("calls %+v, want %+v among them", got, want)
		}
	}
	click("#many-bar .all")
	must(t, "all", b.Await(`document.querySelector(".count").textContent === "8 machines"`))
	g.refuse.Store(true)
	click(`[data-target="power off"][data-many]`)
	must(t, "the result of each", b.Await(`document.querySelectorAll("#many-bar .results .bad").length === 8`))
	must(t, "in words", b.Await(`document.querySelector("#many-bar .bad").textContent === "pc-1: Node pc-01 is locked by host lab."`))
	must(t, "and in sum", b.Await(`document.querySelector("#many-bar .progress").textContent === "Power off: 0 of 8 done, 8 failed."`))
}

// What came of it is shown for each machine, though it was accepted: where the BMC of one is
// silent, that one fails with the cause, and can be chosen alone.
func TestOutcomes(t *testing.T) {
	h := newHouse(t)
	for _, name := range []string{"pc-1", "pc-2"} {
		h.ironhook("node", "create", "--name", name, "--driver", "fake-hardware")
	}
	h.ironhook("node", "create", "--name", "silent", "--driver", "redfish", "--driver-info", "redfish_address=http://127.0.0.1:1",
		"--driver-info", "redfish_username=u", "--driver-info", "redfish_password=p")
	h.await("three", `document.querySelectorAll(".tile").length === 3`)
	h.click("#select")
	h.click("#many-bar .all")
	h.do("say yes", `window.confirm = () => true; document.querySelector("#many-bar [name=gap]").value = "0"`)
	h.click(`[data-target="power on"][data-many]`)
	h.await("what came of each", `document.querySelector("#many-bar .progress").textContent === "Power on: 2 of 3 done, 1 failed."`)
	result := func(name string) string {
		return `[...document.querySelectorAll("#many-bar .results li")].map((e) => e.textContent).find((t) => t.startsWith("` + name + `: "))`
	}
	h.await("the good", `/^pc-1: power on after [0-9.]+ m?s$/.test(`+result("pc-1")+`)`)
	h.await("the cause", result("silent")+`.startsWith("silent: Failed to change power state to 'power on' by 'power on'") && `+
		result("silent")+`.includes("127.0.0.1")`)
	h.click("#many-bar .failed")
	h.await("one is chosen", `document.querySelector("#many-bar .count").textContent === "1 machine"`)

	must(t, "the page of one", h.Show("/ui/machines/silent"))
	must(t, "press", h.Press(`[data-target="power on"]`))
	h.await("what came of it", `document.querySelector(".toast:not(.good, .calm)")?.textContent.includes("Failed to change power state")`)
	must(t, "the page of another", h.Show("/ui/machines/pc-1"))
	h.do("say yes", `window.confirm = () => true`)
	must(t, "press", h.Press(`[data-target="power off"]`))
	h.await("what came of it", `document.querySelector(".toast.good")?.textContent.startsWith("Power off: power off after")`)
}
