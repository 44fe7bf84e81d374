//go:build stick

package stick_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ironhook/e2e/lab"
)

// TestBrokenUpgradeAndTheWayBack: an upgrade that does not start is left after two tries, one that does is left by the
// menu, and all that was registered is there each time.
func TestBrokenUpgradeAndTheWayBack(t *testing.T) {
	wayBack(t, bios)
}

func wayBack(t *testing.T, f firmware) {
	p := newPC(t, "back", f)
	p.on()
	password, _ := p.expect(`Password\s+(\S+)`)
	t.Logf("page after %.1f s", p.page(own).Seconds())
	c := p.client(password)
	kept := []string{"first"}
	must(t, "register", register(t, c, "first"))

	out, err := p.ironhook(password, "upgrade", broken(t, p))
	must(t, "upgrade to what does not start", err)
	t.Log(out)
	p.runs(c, "a", "b")
	kept = append(kept, "after-the-fallback")
	must(t, "register", register(t, c, kept[1]))

	root, err := lab.Root()
	must(t, "root", err)
	_, err = p.ironhook(password, "upgrade", upgrade(t, p, root, "second"))
	must(t, "upgrade", err)
	p.runs(c, "b", "")
	kept = append(kept, "after-the-upgrade")
	must(t, "register", register(t, c, kept[2]))
	p.typed("v")
	p.expect(`Back to version (\S+); all data stay`) // asked when the appliance has ended
	p.typed("back")
	p.runs(c, "a", "")
	for _, name := range kept {
		_, err := c.Node(t.Context(), name)
		must(t, "what was registered", err)
	}
}

// broken makes an upgrade whose first process ends at once, which stops the kernel.
func broken(t *testing.T, p *pc) string {
	t.Helper()
	dir := filepath.Join(p.Dir, "ends")
	must(t, "directory", os.Mkdir(dir, 0o755))
	must(t, "source", os.WriteFile(filepath.Join(dir, "main.go"), []byte("package main\n\nfunc main() {}\n"), 0o644))
	return upgrade(t, p, dir, "broken")
}

// upgrade makes one of the program in a directory, with this version.
func upgrade(t *testing.T, p *pc, dir, version string) string {
	t.Helper()
	out := filepath.Join(p.Dir, version)
	must(t, "build", compile(t.Context(), dir, out+".program", version, p.arch))
	must(t, "image", makeImage(t.Context(), out+".program", out, version, p.arch))
	return out + ".upgrade"
}

// groups is where the descriptors of the groups are in a file system, in bytes: its second block.
const groups = 4 << 10

// TestRepair destroys part of the data partition's file system: it is not mounted until a word allows to mend it.
func TestRepair(t *testing.T) {
	p := newPC(t, "repair", bios)
	p.on()
	p.page(own)
	p.pull()
	p.onStick(107<<20+groups, strings.Repeat("\x00", 64<<10))
	p.on()
	p.expect(`mending it (may lose files)`)
	p.typed("repair")
	t.Logf("page of the mended stick after %.1f s", p.page(own).Seconds())
}
