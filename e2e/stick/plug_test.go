//go:build stick

package stick_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ironhook/internal/asked"
)

// TestUpgradeAndPulledPlug boots the stick with Secure Boot, registers a machine, upgrades the
// stick, and pulls the plug while registrations run: all that were acknowledged are there, once
// or as often as $IRONHOOK_STICK says (make stick).
func TestUpgradeAndPulledPlug(t *testing.T) {
	p := newPC(t, "plug", secure)
	p.on()
	if sb, _ := p.expect(`Secure Boot (on|off)`); sb != "on" {
		t.Errorf("the screen says that Secure Boot is %s", sb)
	}
	password, _ := p.expect(`Password\s+(\S+)`)
	t.Logf("%s: page after %.1f s", p.name, p.page(own).Seconds())
	c := p.client(password)
	kept := []string{"before-the-upgrade"}
	must(t, "register", register(t, c, kept[0]))
	im, err := build(p.arch)
	must(t, "build", err)
	if err := os.WriteFile(filepath.Join(p.Dir, "not.upgrade"), []byte("not an upgrade"), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := p.ironhook(password, "upgrade", filepath.Join(p.Dir, "not.upgrade")); err == nil ||
		!strings.Contains(err.Error(), "no upgrade for this stick") {
		t.Errorf("a file that is no upgrade: %q, %v", out, err)
	}
	out, err := p.ironhook(password, "upgrade", im.upgrade)
	must(t, "upgrade", err)
	t.Log(out)
	p.runs(c, "b", "")
	rounds := asked.Number(t, "IRONHOOK_STICK", 1)
	for round := range rounds {
		kept = p.pulled(c, round, kept)
	}
	if len(kept) < 2 {
		t.Error("no registration was acknowledged before the plug was pulled")
	}
	t.Logf("%d plugs pulled, %d registrations acknowledged and kept", rounds, len(kept))
}

// TestPulledAtFirst pulls the plug at points of the first start, between the first write and the last: the next start
// serves, with a password that is on its screen or comes there when it is asked for.
func TestPulledAtFirst(t *testing.T) {
	whole := newPC(t, "first", bios)
	whole.on()
	whole.page(own)
	total := whole.stick.written()
	whole.pull()
	for _, point := range asked.Points(t, total, 2) {
		p := newPC(t, fmt.Sprintf("first-%d", point), bios)
		p.onFor(point)
		cached := p.gone()
		p.ready()
		p.runs(p.client(p.password()), "a", "")
		p.pull()
		t.Logf("pulled at write %d of %d, %d sectors in the cache", point, total, cached)
	}
}

// TestPulledInUpgrade pulls the plug at points of an upgrade: one of the two versions serves, with all data.
func TestPulledInUpgrade(t *testing.T) {
	im, err := build("amd64")
	must(t, "build", err)
	whole, _, total := upgrading(t, "upgrade", 0, im.upgrade)
	whole.pull()
	for _, point := range asked.Points(t, total, 2) {
		p, password, _ := upgrading(t, fmt.Sprintf("upgrade-%d", point), point, im.upgrade)
		cached := p.gone()
		p.on()
		p.page(own)
		_, err := p.client(password).Node(t.Context(), "kept")
		must(t, fmt.Sprintf("pulled at write %d of %d", point, total), err)
		p.pull()
		t.Logf("pulled at write %d of %d, %d sectors in the cache", point, total, cached)
	}
}

// upgrading starts a stick, registers a machine, and upgrades it, which ends after so many writes, for 0 never. It
// returns how many there were.
func upgrading(t *testing.T, name string, last int, upgrade string) (p *pc, password string, writes int) {
	t.Helper()
	p = newPC(t, name, bios)
	p.ready()
	password = p.password()
	must(t, "register", register(t, p.client(password), "kept"))
	before := p.stick.pullAfter(last)
	if _, err := p.ironhook(password, "upgrade", upgrade); last == 0 {
		must(t, "upgrade", err)
	}
	return p, password, p.stick.written() - before
}

// TestDeadFlash upgrades a stick that forgets a sector of what is written to it: it says so, and stays as it is.
func TestDeadFlash(t *testing.T) {
	im, err := build("amd64")
	must(t, "build", err)
	p := newPC(t, "dead", bios)
	p.ready()
	password := p.password()
	p.stick.forget(slotBAt/sector + 40_000)
	_, err = p.ironhook(password, "upgrade", im.upgrade)
	if err == nil || !strings.Contains(err.Error(), "does not give back what was written") {
		t.Errorf("upgrade of a stick that forgets: %v", err)
	}
	p.runs(p.client(password), "a", "")
}
