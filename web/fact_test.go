package web

import (
	"strings"
	"testing"

	"ironhook/baremetal"
)

// TestFacts: the page of a machine shows what describes it and its ports.
func TestFacts(t *testing.T) {
	yes, name, maker := true, "uplink", "<ACME>"
	r := newRoom(t, func(*Web) {}).enter()
	n := &baremetal.Node{UUID: "node-1", Name: "pc-01", InstanceName: "web-7", ParentNode: "rack-3", Health: "Warning", DisablePowerOff: &yes}
	m := &machine{node: n, ports: []*baremetal.Port{{Address: "52:54:00:00:00:01", Name: &name, Vendor: &maker}}}
	var shown []string
	for _, g := range groups(m, nil, nil) {
		for _, f := range g.Facts {
			shown = append(shown, f.Name+" "+f.Value)
		}
	}
	all := strings.Join(shown, "\n")
	for _, want := range []string{"Instance name web-7", "Part of rack-3", "Health Warning", "Power off never", "Name uplink",
		"Vendor <ACME>"} {
		if !strings.Contains(all, want) {
			t.Errorf("the facts have no %q:\n%s", want, all)
		}
	}
	r.enroll(n, "52:54:00:00:00:01")
	if page := r.get("/ui/machines/pc-01").body; !strings.Contains(page, "web-7") {
		t.Errorf("the page has no instance name:\n%s", page)
	}
}
