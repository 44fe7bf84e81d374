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
	c := lab.NewClient(p.Lab, "http://"+own+":6385", "admin", password)
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
		time.AfterFunc(time.Duration(500+round*137%1500)*time.Millisecond, p.pull)
		for n := 0; ; n++ {
			name := fmt.Sprintf("m-%d-%d", round, n)
			if register(t, c, name) != nil {
				break
			}
			kept = append(kept, name)
		}
		p.on()
		p.page(own)
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
