// Package page_test looks at Ironhook's pages in a real Chromium: first over a
// store that the test itself writes, where every moment can be chosen; then over
// the real appliance while a machine boots.
package page_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"ironhook/e2e/lab"
	"ironhook/e2e/page/shot"
)

func TestMain(m *testing.M) { os.Exit(lab.RunTests(m.Run)) }

func must(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// within bounds what must happen, on a busy host.
func within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// browse opens a browser that must have nothing to complain of.
func browse(t *testing.T, ctx context.Context, base, password string) *shot.Browser {
	t.Helper()
	b, err := shot.Open(ctx, base, password)
	must(t, "browse", err)
	t.Cleanup(func() {
		if t.Failed() {
			picture := filepath.Join(t.ArtifactDir(), "page.png")
			t.Log("the page as it is:", picture, b.Picture(picture))
		}
		b.Close()
	})
	return b
}

func quiet(t *testing.T, b *shot.Browser) {
	t.Helper()
	if list := b.Complaints(); len(list) > 0 {
		t.Errorf("the browser complains: %q", list)
	}
}
