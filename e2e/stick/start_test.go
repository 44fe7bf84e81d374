package stick_test

import (
	"os"
	"testing"

	"ironhook/e2e/lab"
)

func TestMain(m *testing.M) { os.Exit(lab.RunTests(m.Run)) }

// TestStart boots the stick, and again after its plug was pulled amid registrations: what is longer is `make stick`.
func TestStart(t *testing.T) {
	needsLab(t)
	p := newPC(t, "start", bios)
	p.on()
	password, _ := p.expect(`Password\s+(\S+)`)
	t.Logf("page after %.1f s", p.page(own).Seconds())
	var told struct{ Version, Slot string }
	c := p.client(password)
	must(t, "ask the stick", c.Do(t.Context(), "GET", "/ironhook/v1/stick", nil, &told))
	if told.Version == "" || told.Slot != "a" {
		t.Errorf("the stick says %+v", told)
	}
	if kept := p.pulled(c, 5, nil); len(kept) == 0 {
		t.Error("no registration was acknowledged before the plug was pulled")
	}
}

func needsLab(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("boots virtual machines")
	}
}
