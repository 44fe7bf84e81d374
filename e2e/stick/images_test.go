//go:build stick

package stick_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDiskForImages gives the stick an internal disk for images: they are on it, the stick waits for it, and mends it when a
// word allows that.
func TestDiskForImages(t *testing.T) {
	p := newPC(t, "disk", bios)
	disk := filepath.Join(p.Dir, "disk.raw")
	must(t, "disk", os.WriteFile(disk, []byte("something else"), 0o600))
	must(t, "disk", os.Truncate(disk, 1<<30))
	p.disk = disk
	p.ready()
	password := p.password()
	p.typed("d", "nvme0n1")
	p.expect(`State\s+(ending)`)
	p.runs(p.client(password), "a", "")
	image := p.golden(password, p.client(password))

	p.pull()
	p.disk = ""
	p.on()
	p.expect(`(the disk for images is not there)`)

	p.pull()
	p.disk = disk
	writeTo(t, disk, 1<<20+groups, strings.Repeat("\x00", 64<<10))
	p.on()
	p.expect(`(The disk for images is damaged)`)
	p.typed("repair")
	t.Logf("page with the mended disk after %.1f s", p.page(own).Seconds())
	var told struct{ Status string }
	must(t, "image", p.client(password).Do(t.Context(), "GET", "/image/v2/images/"+image, nil, &told))
	if told.Status != "active" {
		t.Errorf("the image is %q", told.Status)
	}
}
