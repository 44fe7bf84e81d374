package page_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// pictures names the directory that TestPictures writes to, to be looked at:
//
//	IRONHOOK_PICTURES=/tmp/pictures go test ./e2e/page -run TestPictures
const pictures = "IRONHOOK_PICTURES"

// TestPictures takes a picture of each page at the widths of a phone, a desk and a wall. The
// pages must not be wider than that.
func TestPictures(t *testing.T) {
	dir := os.Getenv(pictures)
	if dir == "" {
		dir = t.ArtifactDir()
	}
	g := newStage(t)
	g.furnish()
	b := browse(t, within(t, 6*time.Minute), g.url, "secret")
	token := g.wall("lobby")
	for _, view := range []struct{ width, height int }{{360, 740}, {1280, 800}, {3840, 2160}} {
		must(t, "width", chromedp.Do(b.Tab, chromedp.EmulateViewport(int64(view.width), int64(view.height))))
		for name, path := range map[string]string{
			"dashboard": "/ui/", "table": "/ui/?as=table&by=class", "machine": "/ui/machines/pc-01", "booting": "/ui/machines/pc-05",
			"console": "/ui/machines/pc-01/console", "sel": "/ui/machines/pc-01/sel", "sensors": "/ui/machines/pc-01/sensors",
			"edit": "/ui/machines/pc-01/edit", "enrol": "/ui/enrol",
			"volumes": "/ui/volumes", "network": "/ui/network", "boots": "/ui/boots?hours=1", "system": "/ui/system", "start": "/ui/start",
			"docs": "/docs/", "tutorial": "/docs/tutorial.md", "wall": "/ui/wall/" + token,
		} {
			must(t, "open "+path, b.Go(path))
			wide, err := chromedp.Run(b.Tab, chromedp.Evaluate[int](`document.documentElement.scrollWidth`))
			if must(t, "measure", err); wide > view.width {
				t.Errorf("%s is %d pixels wide where there are %d", path, wide, view.width)
			}
			must(t, "picture", b.Picture(filepath.Join(dir, fmt.Sprintf("%s-%d.png", name, view.width))))
		}
	}
}
