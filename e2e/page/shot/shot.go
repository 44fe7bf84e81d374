// Package shot looks at Ironhook's pages through a real browser, Chromium
// without a window: it signs in, waits for what a person would wait for, and
// takes pictures.
//
//	b, err := shot.Open(ctx, "http://127.0.0.1:6385", password)
//	...
//	defer b.Close()
//	err = b.Show("/ui/machines/pc-01")   // now follows the machine's events
//	...                                  // switch it on
//	err = b.Await(shot.Reached(5))       // five steps of the boot are done
//	err = b.Picture("docs/boot.png")
package shot

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// Browser is one tab, signed in. Its methods are for one goroutine.
type Browser struct {
	Tab context.Context // for chromedp.Do and chromedp.Run

	base   string
	cancel []context.CancelFunc

	mu         sync.Mutex
	complaints []string
	reading    sync.WaitGroup
}

// Open starts a browser, signs the user admin in at base, such as
// http://127.0.0.1:6385, and waits until the dashboard is live. The browser ends with
// ctx or Close.
func Open(ctx context.Context, base, password string) (*Browser, error) {
	b, err := SignIn(ctx, base, password)
	if err != nil {
		return nil, err
	}
	if err := b.Await(Live); err != nil {
		b.Close()
		return nil, fmt.Errorf("%w; the browser's complaints: %q", err, b.Complaints())
	}
	return b, nil
}

// SignIn is Open for those who cannot wait: the dashboard may still be loading.
func SignIn(ctx context.Context, base, password string) (*Browser, error) {
	b, err := Blank(ctx, base)
	if err != nil {
		return nil, err
	}
	if err := b.SignIn(password); err != nil {
		b.Close()
		return nil, fmt.Errorf("sign in at %s in Chromium (package chromium): %w; its complaints: %q", b.base, err, b.Complaints())
	}
	return b, nil
}

// Blank starts a browser that nobody has signed in with, and shows nothing.
func Blank(ctx context.Context, base string) (*Browser, error) {
	b := &Browser{base: strings.TrimSuffix(base, "/")}
	flags := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.NoSandbox, // has no use for root in a namespace, and refuses to start
		chromedp.DisableGPU,
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
		chromedp.WSURLReadTimeout(time.Minute), // a busy host starts browsers slowly
	)
	ctx, cancel := chromedp.NewExecAllocator(ctx, flags...)
	b.cancel = append(b.cancel, cancel)
	b.Tab, cancel = chromedp.NewContext(ctx)
	b.cancel = append(b.cancel, cancel)
	if err := chromedp.Do(b.Tab, chromedp.EmulateViewport(1200, 680, chromedp.EmulateScale(1.5))); err != nil {
		b.Close()
		return nil, fmt.Errorf("start Chromium (package chromium): %w", err)
	}
	b.listen()
	return b, nil
}

// SignIn signs the user admin in, and waits for the dashboard.
func (b *Browser) SignIn(password string) error {
	if err := b.Go("/ui/"); err != nil {
		return err
	}
	err := chromedp.Do(b.Tab,
		chromedp.SendKeys(chromedp.CSS("[name=user]"), "admin"),
		chromedp.SendKeys(chromedp.CSS("[name=password]"), password),
		chromedp.Click(chromedp.CSS("button.main")),
	)
	if err != nil {
		return err
	}
	return b.Await(`document.querySelector("#dashboard") !== null`)
}

// SignOut leaves by the button of the frame. A page that follows events leaves by itself when
// its session ends, so nothing else may send the browser anywhere meanwhile.
func (b *Browser) SignOut() error {
	err := chromedp.Do(b.Tab, chromedp.Evaluate[chromedp.Void](`document.querySelector('[action="/ui/logout"] button').click()`))
	if err != nil {
		return err
	}
	return b.Await(`location.pathname === "/ui/login" && document.readyState === "complete"`)
}

// listen collects what the browser complains of: a broken script, a page that
// breaks its own security policy, a file that is missing.
func (b *Browser) listen() {
	console := chromedp.Console(b.Tab)
	b.reading.Go(func() {
		for message, err := range console {
			if err != nil {
				return
			}
			b.mu.Lock()
			b.complaints = append(b.complaints, fmt.Sprintf("%s (%s line %d column %d)", message, message.URL, message.Line+1, message.Column+1))
			b.mu.Unlock()
		}
	})
}

// Complaints are the browser's so far.
func (b *Browser) Complaints() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.complaints...)
}

// Close ends the browser.
func (b *Browser) Close() {
	for i := len(b.cancel) - 1; i >= 0; i-- {
		b.cancel[i]()
	}
	b.reading.Wait()
}

// aborted is what the browser says of a navigation that gave way to another.
const aborted = "net::ERR_ABORTED"

// Go opens an address, whole or below the base, and waits until the page has come to its end.
// The page that is left may leave by itself at that moment: it reloads, or its session is
// over. Then the browser drops one of the two navigations, and is asked again.
func (b *Browser) Go(address string) error {
	if strings.HasPrefix(address, "/") {
		address = b.base + address
	}
	for {
		err := chromedp.Do(b.Tab, chromedp.Navigate(address), chromedp.WaitReady(chromedp.CSS("footer")))
		if dropped := new(chromedp.LoadError); errors.As(err, &dropped) && dropped.ErrorText == aborted {
			continue // until the context of the tab ends
		}
		if err != nil {
			return fmt.Errorf("open %s: %w", address, err)
		}
		return nil
	}
}

// Show goes to a page, such as /ui/machines/pc-01, and waits until it is live.
func (b *Browser) Show(path string) error {
	if err := b.Go(path); err != nil {
		return err
	}
	return b.Await(Live)
}

// Press clicks the first element of a selector as soon as it can be seen and pressed, on
// a page whose events may replace it at any moment.
func (b *Browser) Press(selector string) error {
	return b.Await(fmt.Sprintf(`((e) => e?.checkVisibility() && !e.disabled && (e.click(), true))(document.querySelector(%q))`, selector))
}

// Live is true on a page that follows the events.
const Live = `document.querySelector("#live[data-state=live]") !== null`

// Reached is true on a page with a machine whose boot has so many steps behind
// it, or more.
func Reached(steps int) string {
	return fmt.Sprintf(`[...document.querySelectorAll(".bar")].some((b) => Number(b.getAttribute("aria-valuenow")) >= %d)`, steps)
}

// Await waits until a JavaScript expression is true on the page, whichever page
// that is by then.
func (b *Browser) Await(expression string) error {
	often := time.NewTicker(20 * time.Millisecond)
	defer often.Stop()
	for {
		// An error is a page between two pages; one that stays ends with the context.
		yes, err := chromedp.Run(b.Tab, chromedp.Evaluate[bool]("!!("+expression+")"))
		if yes {
			return nil
		}
		select {
		case <-often.C:
		case <-b.Tab.Done():
			return fmt.Errorf("wait for %s: %w", expression, errors.Join(b.Tab.Err(), err))
		}
	}
}

// Picture writes what the browser shows to the file out, as PNG.
func (b *Browser) Picture(out string) error {
	var png []byte
	err := chromedp.Do(b.Tab, chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, 0, 0)) // away from what it pressed
	if err == nil {
		png, err = chromedp.Run(b.Tab, chromedp.CaptureScreenshot())
	}
	if err == nil {
		err = os.WriteFile(out, png, 0o644)
	}
	if err != nil {
		return fmt.Errorf("take picture %s: %w", out, err)
	}
	return nil
}
