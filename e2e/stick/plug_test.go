//go:build stick

package stick_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ironhook/e2e/lab"
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
		pulled := make(chan int)
		time.AfterFunc(time.Duration(500+round*137%1500)*time.Millisecond, func() { pulled <- p.pull() })
		for n := 0; ; n++ {
			name := fmt.Sprintf("m-%d-%d", round, n)
			if register(t, c, name) != nil {
				break
			}
			kept = append(kept, name)
		}
		cached := <-pulled
		p.on()
		t.Logf("plug %d: %d sectors in the cache, page after %.1f s", round+1, cached, p.page(own).Seconds())
		for _, name := range kept {
			if _, err := c.Node(t.Context(), name); err != nil {
				t.Fatalf("round %d: %s was acknowledged: %v", round, name, err)
			}
		}
	}
	if len(kept) < 2 {
		t.Error("no registration was acknowledged before the plug was pulled")
	}
	t.Logf("%d plugs pulled, %d registrations acknowledged and kept", rounds, len(kept))
}

func register(t *testing.T, c *lab.Client, name string) error {
	t.Helper()
	return c.Do(t.Context(), "POST", "/v1/nodes", map[string]any{"name": name, "driver": "fake-hardware"}, nil)
}

// TestPulledAtFirst pulls the plug at points of the first start, between the first write and the last: the next start
// serves, with the password on its screen.
func TestPulledAtFirst(t *testing.T) {
	start := func(name string, writes int) *pc {
		p := newPC(t, name, bios)
		p.onFor(writes)
		return p
	}
	whole := start("first", 0)
	whole.page(own)
	total := whole.stick.written()
	whole.pull()
	for _, point := range asked.Points(t, total, 2) {
		p := start(fmt.Sprintf("first-%d", point), point)
		<-p.stick.pulled
		p.process.Kill()
		p.on()
		p.page(own)
		p.typed("p", "new") // the first one was on the screen that is gone
		password, _ := p.expect(`Password\s+(\S+)`)
		p.runs(p.client(password), "a", "")
		t.Logf("pulled at write %d of %d", point, total)
	}
}

// TestPulledInUpgrade pulls the plug at points of an upgrade: one of the two versions serves, with all data.
func TestPulledInUpgrade(t *testing.T) {
	im, err := build("amd64")
	must(t, "build", err)
	upgraded := func(name string, writes int) (p *pc, password string, began int) {
		p = newPC(t, name, bios)
		p.on()
		password, _ = p.expect(`Password\s+(\S+)`)
		p.page(own)
		c := p.client(password)
		must(t, "register", register(t, c, "kept"))
		began = p.stick.pullAfter(writes)
		_, _ = p.ironhook(password, "upgrade", im.upgrade) // ends with the plug
		return p, password, began
	}
	whole, _, began := upgraded("upgrade", 0)
	total := whole.stick.written() - began
	whole.pull()
	for _, point := range asked.Points(t, total, 2) {
		p, password, _ := upgraded(fmt.Sprintf("upgrade-%d", point), point)
		<-p.stick.pulled
		p.process.Kill()
		p.on()
		p.page(own)
		_, err := p.client(password).Node(t.Context(), "kept")
		must(t, fmt.Sprintf("pulled at write %d of %d", point, total), err)
		t.Logf("pulled at write %d of %d", point, total)
	}
}
