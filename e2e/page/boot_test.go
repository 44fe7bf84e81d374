package page_test

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"ironhook/baremetal"
	"ironhook/e2e/lab"
	"ironhook/e2e/lab/image"
	"ironhook/e2e/page/shot"
)

// bootPictures names the directory that TestBoot writes its pictures of a boot to;
// IRONHOOK_BOOT_PICTURES=docs renews those in the manual.
const bootPictures = "IRONHOOK_BOOT_PICTURES"

// bootViews are the pictures of a boot: on a desk, and on a phone.
var bootViews = []struct {
	file          string
	width, height int64
	scale         float64
}{{"boot.png", 1280, 960, 1.25}, {"boot-phone.png", 360, 1000, 1.5}}

// theatre is a lab with the appliance in it, and a browser that looks at it.
type theatre struct {
	*lab.Lab
	app     *lab.Appliance
	browser *shot.Browser
}

func newTheatre(t *testing.T, ctx context.Context, name string) *theatre {
	t.Helper()
	if testing.Short() {
		t.Skip("boots a virtual machine")
	}
	program, err := lab.Build(ctx)
	must(t, "build the appliance", err)
	l, err := lab.New("page-" + name)
	must(t, "build the lab", err)
	t.Cleanup(func() { must(t, "close the lab", l.Close()) })
	app, err := l.Appliance(ctx, program)
	must(t, "start the appliance", err)
	return &theatre{l, app, browse(t, ctx, window(t, l), app.Password)}
}

// machine adds a machine and a volume of its name.
func (h *theatre) machine(t *testing.T, ctx context.Context, hw lab.Hardware) *lab.Machine {
	t.Helper()
	root, err := lab.Root()
	must(t, "find the repository", err)
	disk, err := image.Build(ctx, filepath.Join(root, "build", "image"))
	must(t, "build the guest", err)
	m, err := h.Machine(ctx, hw)
	must(t, "add a machine", err)
	must(t, "make its volume", disk.Volume(ctx, h.app.Volume(m.Name), image.Options{Stay: true}))
	return m
}

// TestBoot deploys a diskless machine by pressing the buttons of its page, and
// watches its bar fill until it is up: the real appliance, a real boot, a real
// browser.
func TestBoot(t *testing.T) {
	ctx := within(t, 6*time.Minute)
	h := newTheatre(t, ctx, "boot")
	m := h.machine(t, ctx, lab.Hardware{Name: "pc-01", Firmware: lab.UEFI, NoROM: true})
	_, err := h.app.Client().Enroll(ctx, m, m.Name)
	must(t, "enroll it", err)
	b := h.browser
	must(t, "show the machine", b.Show("/ui/machines/"+m.Name))
	for _, target := range []string{"manage", "provide", "active"} {
		must(t, target, b.Press(`button[data-target="`+target+`"]`))
	}
	last := len(baremetal.BootSteps)
	for n := 1; n <= last; n++ {
		must(t, string(baremetal.BootSteps[n-1]), b.Await(shot.Reached(n)))
		if n == last-2 {
			pictureBoot(t, b)
		}
	}
	must(t, "up", b.Await(`document.querySelector(".bar").parentElement.classList.contains("up")`))
	quiet(t, b)
}

// pictureBoot takes the pictures of the boot that the page shows.
func pictureBoot(t *testing.T, b *shot.Browser) {
	t.Helper()
	root, err := lab.Root()
	must(t, "find the repository", err)
	dir := cmp.Or(os.Getenv(bootPictures), t.ArtifactDir())
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(root, dir)
	}
	must(t, "close what is in the way",
		chromedp.Do(b.Tab, chromedp.Evaluate[chromedp.Void](`document.querySelectorAll(".toast button").forEach((e) => e.click())`)))
	for _, v := range bootViews {
		must(t, "look at it", chromedp.Do(b.Tab, chromedp.EmulateViewport(v.width, v.height, chromedp.EmulateScale(v.scale))))
		must(t, "no wider than the view", b.Await(fmt.Sprintf(`document.documentElement.scrollWidth <= %d`, v.width)))
		must(t, "take a picture", b.Picture(filepath.Join(dir, v.file)))
	}
}

// TestStrangerIsEnrolledByTheCommandsShown boots an unknown machine,
// and runs what the page says about it in a shell, with Debian's client.
func TestStrangerIsEnrolledByTheCommandsShown(t *testing.T) {
	ctx := within(t, 6*time.Minute)
	h := newTheatre(t, ctx, "stranger")
	m := h.machine(t, ctx, lab.Hardware{Name: "stranger"})
	must(t, "switch it on by hand", m.PowerOn())
	b := h.browser
	must(t, "it is seen", b.Await(`document.querySelector("#strangers code")?.textContent == "`+m.MAC+`"`))
	script, err := chromedp.Run(b.Tab, chromedp.TextContent(chromedp.CSS("#strangers pre")))
	must(t, "read the commands", err)
	env := []string{
		"OS_AUTH_TYPE=http_basic", "OS_ENDPOINT=http://" + lab.Address + ":6385", "OS_USERNAME=admin", "OS_PASSWORD=" + h.app.Password,
	}
	script = "set -e\n" + strings.ReplaceAll(script, "VOLUME", m.Name)
	out, err := h.Output(ctx, env, "sh", "-c", script)
	must(t, "run the commands (packages python3-openstackclient, python3-ironicclient)\n"+script+"\n"+out, err)
	must(t, "it is a machine of ours", b.Await(`document.querySelector(".tile .state")?.textContent.endsWith("active")`))
	must(t, "and no stranger", b.Await(`document.querySelector("#strangers code") === null`))

	m.PowerOff()
	must(t, "switch it on again", m.PowerOn())
	must(t, "it boots", b.Await(shot.Reached(len(baremetal.BootSteps))))
	quiet(t, b)
}

// window lets the browser, which is in the host's network, look at the appliance
// in the lab. It returns the address to open.
func window(t *testing.T, l *lab.Lab) string {
	t.Helper()
	inside := &url.URL{Scheme: "http", Host: lab.Address + ":6385"}
	server := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(inside)
			r.Out.Host = r.In.Host // the pages compare it with the browser's origin
		},
		Transport:     &http.Transport{DialContext: l.Dial},
		FlushInterval: -1, // events at once
	})
	t.Cleanup(server.CloseClientConnections)
	t.Cleanup(server.Close)
	return server.URL
}
