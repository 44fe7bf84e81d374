package page_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"ironhook/e2e/lab"
)

// attack is a page of another origin that makes a volume through the browser of a
// person who has the appliance open: by a form whose body is JSON, and by fetch.
const attack = `<!doctype html><title>attack</title><iframe name="hole"></iframe>
<form method="post" enctype="text/plain" target="hole" action="%[1]s/volume/v3/standalone/volumes">
<input name='{"volume": {"name": "form", "size": 1, "x": "' value='"}}'></form>
<script>
document.forms[0].submit();
document.querySelector("iframe").addEventListener("load", () => document.body.classList.add("form"));
fetch("%[1]s/volume/v3/standalone/volumes", {method: "POST", mode: "no-cors", credentials: "include",
  body: JSON.stringify({volume: {name: "fetch", size: 1}})}).finally(() => document.body.classList.add("fetch"));
</script>`

// TestForeignPage opens such a page in a real browser, over an appliance without a
// password: no volume is made.
func TestForeignPage(t *testing.T) {
	if testing.Short() {
		t.Skip("runs Chromium")
	}
	ctx := within(t, 3*time.Minute)
	base := open(t, ctx)
	evil := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, attack, base) //nolint:errcheck // the browser is gone when this fails
	}))
	t.Cleanup(evil.Close)
	browser, cancel := chromedp.NewExecAllocator(ctx, append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WSURLReadTimeout(time.Minute))...)
	t.Cleanup(cancel)
	tab, cancel := chromedp.NewContext(browser)
	t.Cleanup(cancel)
	must(t, "open the page", chromedp.Do(tab, chromedp.Navigate(evil.URL), chromedp.WaitReady(chromedp.CSS("body.form.fetch"))))
	if volumes := get(t, ctx, base+"/volume/v3/standalone/volumes"); strings.TrimSpace(volumes) != `{"volumes":[]}` {
		t.Errorf("a page of another origin has made %s", volumes)
	}
}

// open runs an appliance without a password on the loopback and returns its URL.
func open(t *testing.T, ctx context.Context) string {
	t.Helper()
	program, err := lab.Build(ctx)
	must(t, "build the appliance", err)
	cmd := exec.CommandContext(ctx, program, "serve", "--data", t.TempDir(), "--auth", "none", "--dhcp", "off",
		"--api", "127.0.0.1:0", "--iscsi", "127.0.0.1:0", "--http", "127.0.0.1:0")
	out, err := cmd.StdoutPipe()
	must(t, "read what it says", err)
	must(t, "start the appliance", cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }) // it has nothing to save
	line := bufio.NewScanner(out)
	for line.Scan() {
		if _, url, ok := strings.Cut(line.Text(), "api "); ok && strings.HasPrefix(line.Text(), "ready:") {
			return url
		}
	}
	t.Fatal("the appliance ended before it was ready")
	return ""
}

func get(t *testing.T, ctx context.Context, url string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	must(t, "ask", err)
	response, err := http.DefaultClient.Do(request)
	must(t, "ask "+url, err)
	defer response.Body.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(response.Body)
	must(t, "read "+url, err)
	return string(text)
}
