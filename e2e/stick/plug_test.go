// Package stick_test puts the stick of `make usb` into emulated PCs: from power-on to the
// page, a diskless machine beside it, pulled plugs.
package stick_test

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"ironhook/e2e/lab"
)

func TestMain(m *testing.M) { os.Exit(lab.RunTests(m.Run)) }

// own is the address of the stick where nobody else gives one.
const own = "10.77.77.1"

// TestPulledPlug boots the stick with Secure Boot, registers machines, pulls the plug while
// registrations run, and finds all that were acknowledged: once, or as often as
// $IRONHOOK_STICK says (make stick).
func TestPulledPlug(t *testing.T) {
	needsLab(t)
	rounds, _ := strconv.Atoi(os.Getenv("IRONHOOK_STICK"))
	p := newPC(t, "plug", secure)
	p.on()
	if sb, _ := p.expect(`Secure Boot (on|off)`); sb != "on" {
		t.Errorf("the screen says that Secure Boot is %s", sb)
	}
	password, _ := p.expect(`Password\s+(\S+)`)
	t.Logf("%s: page after %.1f s", p.firmware, p.page(own).Seconds())
	var kept []string
	for round := range max(rounds, 1) {
		c := lab.NewClient(p.Lab, "http://"+own+":6385", "admin", password)
		time.AfterFunc(time.Duration(500+round*137%1500)*time.Millisecond, p.pull)
		for n := 0; ; n++ {
			name := fmt.Sprintf("m-%d-%d", round, n)
			if err := c.Do(t.Context(), "POST", "/v1/nodes", map[string]any{"name": name, "driver": "fake-hardware"}, nil); err != nil {
				break
			}
			kept = append(kept, name)
		}
		p.on()
		p.page(own)
		c = lab.NewClient(p.Lab, "http://"+own+":6385", "admin", password)
		for _, name := range kept {
			if _, err := c.Node(t.Context(), name); err != nil {
				t.Fatalf("round %d: %s was acknowledged: %v", round, name, err)
			}
		}
	}
	if len(kept) == 0 {
		t.Error("no registration was acknowledged before the plug was pulled")
	}
	t.Logf("%d plugs pulled, %d registrations acknowledged and kept", max(rounds, 1), len(kept))
}

func needsLab(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("boots virtual machines")
	}
}
