package conductor

import (
	"errors"
	"testing"

	"ironhook/baremetal"
)

// TestProbe asks everything of a BMC that answers, and of one that does not no more than it must.
func TestProbe(t *testing.T) {
	c, m := setup(t, baremetal.Active)
	m.state, m.device = baremetal.PowerOn, "pxe"
	probes, err := c.Probe(t.Context(), "pc")
	if err != nil || len(probes) != 3 || probes[1].Answer != "power on" || probes[2].Answer != "pxe, persistently; can be set: pxe, disk" {
		t.Errorf("%+v, %v", probes, err)
	}
	m.fail["state"] = errors.New("no answer")
	probes, err = c.Probe(t.Context(), "pc")
	if err != nil || probes[0].Err != nil || probes[1].Err == nil || !probes[2].Skipped || len(m.actions()) > 0 {
		t.Errorf("%+v, %v, done %q", probes, err, m.actions())
	}
	edit(t, c, func(n *baremetal.Node) { n.DriverInfo = baremetal.Object{"broken": "yes"} })
	if probes, err = c.Probe(t.Context(), "pc"); err != nil || probes[0].Err == nil || !probes[1].Skipped {
		t.Errorf("%+v, %v", probes, err)
	}
	if _, err := c.Probe(t.Context(), "nonesuch"); !errors.Is(err, baremetal.ErrNotFound) {
		t.Error(err)
	}
}
