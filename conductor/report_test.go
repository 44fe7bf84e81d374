package conductor

import (
	"testing"

	"ironhook/baremetal"
	"ironhook/store"
)

// A report that was accepted outlives a stop before its records were made, and one between those and the end
// is not applied twice.
func TestAnAcceptedReportOutlivesARestart(t *testing.T) {
	found := baremetal.Object{"cpu": map[string]any{"architecture": "aarch64"},
		"interfaces": []any{map[string]any{"mac_address": "52:54:00:00:00:09"}}}
	for name, c := range map[string]struct {
		kept baremetal.Object
		arch any
	}{"before": {found, "aarch64"}, "after": {nil, nil}} {
		t.Run(name, func(t *testing.T) {
			conductor, _ := setup(t, baremetal.Inspecting)
			edit(t, conductor, func(n *baremetal.Node) { n.Reservation = "here" })
			err := conductor.Store.Update(t.Context(), func(tx *store.Tx) error {
				return tx.Reports().Insert(&baremetal.Inventory{NodeUUID: id, Inventory: c.kept})
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := conductor.Recover(t.Context()); err != nil {
				t.Fatal(err)
			}
			n := settled(t, conductor)
			if n.ProvisionState != baremetal.Manageable || n.LastError != "" || n.Properties["cpu_arch"] != c.arch {
				t.Errorf("%q, %q, %v, want manageable and %v", n.ProvisionState, n.LastError, n.Properties, c.arch)
			}
			err = conductor.Store.View(t.Context(), func(tx *store.Tx) error {
				left, err := tx.Reports().Find(id)
				if left != nil {
					t.Error("the report is still there")
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}
