package boot_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"ironhook/e2e/lab"
	"ironhook/e2e/lab/image"
)

// armSystem is what machines of arm64 boot, made when the first of them does.
type armSystem struct {
	once  sync.Once
	image image.Image
}

// of makes it beside the files that other machines load.
func (a *armSystem) of(t *testing.T, m matrix) *armSystem {
	t.Helper()
	a.once.Do(func() {
		root, err := lab.Root()
		must(t, "find the repository", err)
		a.image, err = image.ARM64.Build(t.Context(), filepath.Join(root, "build", "image"))
		must(t, "make a disk of arm64", err)
		web := filepath.Join(m.web, "arm64")
		must(t, "make a folder", os.Mkdir(web, 0o755))
		must(t, "serve its root", os.Rename(offer(t, image.ARM64, root, web).Root, filepath.Join(m.root, "arm64")))
	})
	return a
}

// imageOf is the boot disk for the machine.
func (m matrix) imageOf(t *testing.T, machine *lab.Machine) image.Image {
	if machine.Firmware == lab.ARM {
		return m.arm.of(t, m).image
	}
	return m.image
}

// filesOf is the URL of the folder with the kernel for the machine.
func (m matrix) filesOf(t *testing.T, machine *lab.Machine) string {
	if machine.Firmware == lab.ARM {
		m.arm.of(t, m)
		return m.files + "arm64/"
	}
	return m.files
}
