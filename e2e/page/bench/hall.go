package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"ironhook/baremetal"
	"ironhook/e2e/page/shot"
	"ironhook/store"
	"ironhook/web"
)

// hall is the pages over a store with many machines, each of which has booted.
type hall struct {
	dir      string
	store    *store.Store
	pages    *web.Web
	server   *httptest.Server
	machines int
}

func newHall(ctx context.Context, root string, machines int) (*hall, error) {
	schema, err := os.ReadFile(filepath.Join(root, "schema.sql"))
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "bench-page-*")
	if err != nil {
		return nil, err
	}
	h := &hall{dir: dir, machines: machines}
	if h.store, err = store.Open(ctx, filepath.Join(dir, "ironhook.db"), string(schema)); err != nil {
		return nil, err
	}
	h.pages = web.New(web.Config{Store: h.store, Log: slog.New(slog.DiscardHandler), Version: "bench",
		Login: func(_, password string) bool { return password == "secret" }})
	h.server = httptest.NewServer(h.pages)
	return h, h.store.Update(ctx, func(tx *store.Tx) error {
		for i := range machines {
			if err := enrol(tx, i); err != nil {
				return err
			}
		}
		return nil
	})
}

func uuidOf(i int) string { return fmt.Sprintf("c0ffee00-0000-4000-8000-%012d", i) }

// enrol makes machine i, which has booted as far as its script.
func enrol(tx *store.Tx, i int) error {
	node := &baremetal.Node{UUID: uuidOf(i), Name: fmt.Sprintf("pc-%04d", i), Driver: "ipmi", ProvisionState: baremetal.Active,
		PowerState: baremetal.PowerOn}
	err := tx.Nodes().Insert(node)
	mac := fmt.Sprintf("52:54:00:00:%02x:%02x", i>>8, i&0xff)
	err = errors.Join(err, tx.Ports().Insert(&baremetal.Port{UUID: "port-" + node.UUID, NodeUUID: node.UUID, Address: mac, PXEEnabled: true}))
	err = errors.Join(err, tx.Append(baremetal.Event{Node: node.UUID, Kind: baremetal.EventNode}))
	for _, kind := range baremetal.BootSteps[:5] {
		err = errors.Join(err, tx.Append(baremetal.Event{Node: node.UUID, Kind: kind}))
	}
	return err
}

func (h *hall) close() {
	h.pages.Close()
	h.server.Close()
	_ = h.store.Close()     // nothing of it is kept
	_ = os.RemoveAll(h.dir) // nor of this
}

func (h *hall) figures(ctx context.Context, length time.Duration) ([]figure, error) {
	weight, err := h.weight(ctx)
	if err != nil {
		return nil, err
	}
	b, err := shot.Open(ctx, h.server.URL, "secret")
	if err != nil {
		return nil, err
	}
	defer b.Close()
	paint, err := h.paint(b)
	if err != nil {
		return nil, err
	}
	late, err := h.latency(ctx, b, length)
	if err != nil {
		return nil, err
	}
	cleared, err := h.filter(b)
	if err != nil {
		return nil, err
	}
	came, err := h.newcomer(ctx)
	if err != nil {
		return nil, err
	}
	ms := func(v float64) string { return fmt.Sprintf("%.0f ms", v) }
	kB := func(n int) string { return fmt.Sprintf("%.1f kB", float64(n)/1000) }
	median, p99 := late[len(late)/2], late[len(late)*99/100]
	return []figure{
		{"first paint, cold cache, median of 5", ms(paint), "300 ms", paint <= 300},
		{"the page, compressed", kB(weight), "150 kB", weight <= 150_000},
		{fmt.Sprintf("a tile after its event, median of %d, 20 a second", len(late)), ms(median), "100 ms", median <= 100},
		{"the same, 99 of 100", ms(p99), "300 ms", p99 <= 300},
		{"the filter cleared, median of 5", ms(cleared), "50 ms", cleared <= 50},
		{"a machine enrolled, to each browser", kB(came), "5 kB", came <= 5_000},
	}, nil
}

// signedIn is a client with a session.
func (h *hall) signedIn() (*http.Client, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	client := &http.Client{Jar: jar, Transport: &http.Transport{DisableCompression: true}}
	r, err := client.PostForm(h.server.URL+"/ui/login", url.Values{"user": {"admin"}, "password": {"secret"}})
	if err != nil {
		return nil, err
	}
	return client, r.Body.Close()
}

// weight is the bytes of the page as it is sent.
func (h *hall) weight(ctx context.Context) (int, error) {
	client, err := h.signedIn()
	if err != nil {
		return 0, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, h.server.URL+"/ui/", nil)
	if err != nil {
		return 0, err
	}
	request.Header.Set("Accept-Encoding", "gzip")
	answer, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close() //nolint:errcheck // only read
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return 0, err
	}
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return 0, fmt.Errorf("the page is not compressed: %w", err)
	}
	return len(body), z.Close()
}

// paint is the time from the request of the page to its first paint, with nothing cached.
func (h *hall) paint(b *shot.Browser) (float64, error) {
	var all []float64
	for range 5 {
		forget := func(ctx context.Context, tab *chromedp.Target) error {
			_, err := cdp.Call(ctx, tab, network.ClearBrowserCache, cdp.Empty{})
			return err
		}
		if err := chromedp.Do(b.Tab, chromedp.Func(forget)); err != nil {
			return 0, err
		}
		if err := b.Show("/ui/"); err != nil {
			return 0, err
		}
		one, err := chromedp.Run(b.Tab, chromedp.Evaluate[float64](`performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? -1`))
		if err != nil || one < 0 {
			return 0, fmt.Errorf("no first paint: %w", err)
		}
		all = append(all, one)
	}
	slices.Sort(all)
	return all[len(all)/2], nil
}

// watch notes when the bar of a machine reaches a step, and that the page has been drawn with
// it: in the frame after.
const watch = `window.seen = []; new MutationObserver((list) => {
	const bars = new Set(list.map((m) => (m.target.nodeType === 1 ? m.target : m.target.parentElement)?.closest?.(".tile")).filter(Boolean));
	for (const tile of bars) window.seen.push([tile.id.slice(2), Number(tile.querySelector(".bar").getAttribute("aria-valuenow")), Date.now()]);
}).observe(document.getElementById("dashboard"), {subtree: true, childList: true, attributes: true, characterData: true})`

// latency is how late tiles are, in ms, sorted: 20 machines a second log in.
func (h *hall) latency(ctx context.Context, b *shot.Browser, length time.Duration) ([]float64, error) {
	if err := chromedp.Do(b.Tab, chromedp.Evaluate[chromedp.Void](watch)); err != nil {
		return nil, err
	}
	sent := map[string]time.Time{}
	ticker := time.NewTicker(time.Second / 20)
	defer ticker.Stop()
	for i := 0; i < h.machines && time.Duration(i)*time.Second/20 < length; i++ {
		<-ticker.C
		uuid := uuidOf(i * 7 % h.machines)
		sent[uuid] = time.Now()
		if err := h.store.Append(ctx, baremetal.Event{Node: uuid, Kind: baremetal.EventLogin}); err != nil {
			return nil, err
		}
	}
	if err := b.Await(fmt.Sprintf(`new Set(window.seen.filter((s) => s[1] === 6).map((s) => s[0])).size >= %d`, len(sent))); err != nil {
		return nil, err
	}
	text, err := chromedp.Run(b.Tab, chromedp.Evaluate[string](`JSON.stringify(window.seen)`))
	if err != nil {
		return nil, err
	}
	var seen [][3]any
	if err := json.Unmarshal([]byte(text), &seen); err != nil {
		return nil, err
	}
	var late []float64
	for _, s := range seen {
		uuid, _ := s[0].(string)
		step, _ := s[1].(float64)
		at, _ := s[2].(float64)
		if began, ok := sent[uuid]; ok && step == 6 {
			late = append(late, at-float64(began.UnixMicro())/1000)
			delete(sent, uuid)
		}
	}
	slices.Sort(late)
	return late, nil
}

// filter is the time that clearing the filter takes, the layout included.
func (h *hall) filter(b *shot.Browser) (float64, error) {
	const once = `(() => { const field = document.getElementById("filter"), input = () => field.dispatchEvent(new Event("input", {bubbles: true}));
		field.value = "pc-0500"; input(); document.body.offsetHeight;
		const began = performance.now(); field.value = ""; input(); document.body.offsetHeight; return performance.now() - began; })()`
	var all []float64
	for range 5 {
		one, err := chromedp.Run(b.Tab, chromedp.Evaluate[float64](once))
		if err != nil {
			return 0, err
		}
		all = append(all, one)
	}
	slices.Sort(all)
	return all[len(all)/2], nil
}

// newcomer is how many bytes a browser is sent when a machine is enrolled.
func (h *hall) newcomer(ctx context.Context) (int, error) {
	client, err := h.signedIn()
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, h.server.URL+"/ui/events", nil)
	if err != nil {
		return 0, err
	}
	answer, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close() //nolint:errcheck // only read
	messages := newMessages(answer.Body)
	if _, err := messages.next(); err != nil { // all of it, for a browser that knows nothing
		return 0, err
	}
	if err := h.store.Update(ctx, func(tx *store.Tx) error { return enrol(tx, h.machines+1) }); err != nil {
		return 0, err
	}
	return messages.next()
}
