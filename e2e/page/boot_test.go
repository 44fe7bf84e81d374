package page_test

import (
	"cmp"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"ironhook/baremetal"
	"ironhook/e2e/lab"
	"ironhook/e2e/lab/image"
	"ironhook/e2e/page/shot"
)

// picture names the file that TestBoot writes its picture of a boot to;
// IRONHOOK_PICTURE=docs/boot.png renews the one in the README.
const picture = "IRONHOOK_PICTURE"

// TestBoot deploys a diskless machine by pressing the buttons of its page, and
// watches its bar fill until it is up: the real appliance, a real boot, a real
// browser.
func TestBoot(t *testing.T) {
	if testing.Short() {
		t.Skip("boots a virtual machine")
	}
	ctx := within(t, 6*time.Minute)
	root, err := lab.Root()
	must(t, "find the repository", err)
	disk, err := image.Build(ctx, filepath.Join(root, "build", "image"))
	must(t, "build the guest", err)
	program, err := lab.Build(ctx)
	must(t, "build the appliance", err)
	l, err := lab.New("page")
	must(t, "build the lab", err)
	t.Cleanup(func() { must(t, "close the lab", l.Close()) })
	app, err := l.Appliance(ctx, program)
	must(t, "start the appliance", err)
	m, err := l.Machine(ctx, lab.Hardware{Name: "pc-01", Firmware: lab.UEFI, NoROM: true})
	must(t, "add a machine", err)
	must(t, "make its volume", disk.Volume(ctx, app.Volume(m.Name), image.Options{Stay: true}))
	_, err = app.Client().Enroll(ctx, m, m.Name)
	must(t, "enroll it", err)

	b := browse(t, ctx, window(t, l), app.Password)
	must(t, "show the machine", b.Show("/ui/machines/"+m.Name))
	for _, target := range []string{"manage", "provide", "active"} {
		button := chromedp.CSS(`button[data-target="` + target + `"]`)
		must(t, target, chromedp.Do(b.Tab, chromedp.WaitVisible(button), chromedp.Click(button)))
	}
	out := cmp.Or(os.Getenv(picture), filepath.Join(t.ArtifactDir(), "boot.png"))
	if !filepath.IsAbs(out) {
		out = filepath.Join(root, out)
	}
	last := len(baremetal.BootSteps)
	for n := 1; n <= last; n++ {
		must(t, string(baremetal.BootSteps[n-1]), b.Await(shot.Reached(n)))
		if n == last-2 {
			must(t, "picture", b.Picture(out))
			t.Log("picture in", out)
		}
	}
	must(t, "picture", b.Picture(filepath.Join(t.ArtifactDir(), "up.png")))
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
