package conductor

import (
	"slices"
	"strings"
	"testing"
	"time"

	"ironhook/baremetal"
	"ironhook/store"
)

// TestAMachineThatIgnoresItsBootOrder is rebooted once, with its boot order set again; then
// its boot has failed. One that is heard, is off, or has its boot order set by hand is left alone.
func TestAMachineThatIgnoresItsBootOrder(t *testing.T) {
	for name, test := range map[string]struct {
		before func(t *testing.T, c *Conductor)
		did    []string // apart from the first power-on
		says   string
	}{
		"silent": {nil, []string{"attach", "boot pxe true", "rebooting"}, "nor after a second boot with its boot order set again"},
		"heard": {func(t *testing.T, c *Conductor) {
			if err := c.Store.Append(t.Context(), baremetal.Event{Node: id, Kind: baremetal.EventDiscover}); err != nil {
				t.Fatal(err)
			}
		}, nil, ""},
		"off": {func(t *testing.T, c *Conductor) {
			edit(t, c, func(n *baremetal.Node) { n.PowerState = baremetal.PowerOff })
		}, nil, ""},
		"by hand": {func(t *testing.T, c *Conductor) { edit(t, c, func(n *baremetal.Node) { n.Driver = baremetal.Manual }) }, nil,
			"asked no DHCP server within 10m0s of power-on. "},
	} {
		t.Run(name, func(t *testing.T) {
			c, m := setup(t, baremetal.Active)
			if err := c.SetPower(t.Context(), "pc", baremetal.PowerOn, 0); err != nil {
				t.Fatal(err)
			}
			settled(t, c)
			first := len(m.actions())
			if test.before != nil {
				test.before(t, c)
			}
			for range 3 {
				c.age()
				if err := c.searchDeaf(t.Context()); err != nil {
					t.Fatal(err)
				}
				c.tasks.Wait()
			}
			if did := m.actions()[first:]; !slices.Equal(did, test.did) {
				t.Errorf("done %q, want %q", did, test.did)
			}
			if err := c.Store.View(t.Context(), func(tx *store.Tx) error {
				errors, err := tx.Events(store.EventQuery{Node: id, Kinds: []baremetal.EventKind{baremetal.EventError}})
				if test.says == "" && len(errors) > 0 || test.says != "" &&
					(len(errors) != 1 || !strings.Contains(errors[0].Detail, test.says) || errors[0].Step != baremetal.EventDiscover) {
					t.Errorf("%d errors: %+v, want one with %q", len(errors), errors, test.says)
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// age makes the awaited machines overdue.
func (c *Conductor) age() {
	c.awaited.mu.Lock()
	defer c.awaited.mu.Unlock()
	for node, f := range c.awaited.nodes {
		f.on = time.Now().Add(-deafTime)
		c.awaited.nodes[node] = f
	}
}
