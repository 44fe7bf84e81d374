package bootsrv

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"
	"time"

	"ironhook/baremetal"
	"ironhook/boot"
	"ironhook/bootsrv/http"
	"ironhook/store"
	"ironhook/store/storetest"
)

// The node of the machine has a chain_url and no volume, whatever its storage interface.
func TestToyChain(t *testing.T) {
	from := netip.MustParseAddr("10.77.0.204")
	for _, c := range []struct{ storage, url, line, detail string }{
		{"noop", "http://10.77.0.1/x.ipxe", "chain --replace --autofree http://10.77.0.1/x.ipxe ||\n", "goes on with http://10.77.0.1/x.ipxe"},
		{"iscsi", "http://10.77.0.1/x.ipxe", "chain --replace --autofree http://10.77.0.1/x.ipxe ||\n", "goes on with http://10.77.0.1/x.ipxe"},
		{"external", "http://x/\nshell", "node set --instance-info chain_url=URL", "chain_url has a space"},
	} {
		s := storetest.Open(t)
		n := &baremetal.Node{UUID: "node", Driver: "fake-hardware", Interfaces: baremetal.Interfaces{"storage": c.storage},
			InstanceInfo: baremetal.Object{"chain_url": c.url}}
		err := s.Update(t.Context(), func(tx *store.Tx) error {
			if err := tx.Nodes().Insert(n); err != nil {
				return err
			}
			if err := tx.Leases().Insert(&baremetal.Lease{MAC: enrolled, Address: from, Interface: "br0", Expires: tx.Now().Add(time.Hour)}); err != nil {
				return err
			}
			return tx.Ports().Insert(&baremetal.Port{UUID: "port", NodeUUID: n.UUID, Address: enrolled, PXEEnabled: true})
		})
		if err != nil {
			t.Fatal(err)
		}
		a, err := scripts{store: s, find: itself, gave: notGiven}.answer(t.Context(), http.Request{MAC: enrolled, From: from, At: time.Now()})
		if err != nil {
			t.Fatal(err)
		}
		var script bytes.Buffer
		if _, err := a.Script.WriteTo(&script); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(script.String(), c.line) || !strings.Contains(a.Event.Detail, c.detail) {
			t.Errorf("%+v: event %q, script\n%s", c, a.Event.Detail, script.String())
		}
		if p := boot.Decide(boot.Facts{Node: n}); p.Ready(n) != nil || p.Device() != "pxe" {
			t.Errorf("a deployment is refused (%v), or boots from %s", p.Ready(n), p.Device())
		}
	}
}
