package conductor

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"ironhook/baremetal"
	"ironhook/store"
	"ironhook/store/storetest"
)

// toyRow is the row that a new driver adds to the table.
func toyRow(d toy) HardwareType {
	return HardwareType{Name: "toy", Power: map[string]Power{"toy": d},
		Interfaces: map[string][]string{"power": {"toy"}, "management": {"toy"}}}
}

// A new power driver is one file and one row: from these come the defaults of a node,
// the properties, the secrets, validation and the power itself.
func TestANewDriverIsOneFileAndOneRow(t *testing.T) {
	outlets := map[any]bool{}
	types, err := Enable([]HardwareType{toyRow(toy{outlets})}, []string{"toy"}, []string{"noop"})
	if err != nil {
		t.Fatal(err)
	}
	s := storetest.Open(t)
	m := &machine{fail: map[string]error{}}
	c := New(Config{Store: s, Host: "here", Log: slog.New(slog.DiscardHandler), HardwareTypes: types,
		Storage: map[string]Storage{"noop": disks{m}}})
	defer c.Close(t.Context())
	n := &baremetal.Node{UUID: id, Name: "pc", Driver: "toy", ProvisionState: baremetal.Available}
	if err := c.Equip(n); err != nil {
		t.Fatal(err)
	}
	want := baremetal.Interfaces{"bios": "no-bios", "boot": "ipxe", "console": "no-console", "deploy": "direct", "firmware": "no-firmware",
		"inspect":    "no-inspect",
		"management": "toy", "network": "noop", "power": "toy", "raid": "no-raid", "rescue": "no-rescue", "storage": "noop",
		"vendor": "no-vendor"}
	if !maps.Equal(n.Interfaces, want) {
		t.Errorf("interfaces = %v, want %v", n.Interfaces, want)
	}
	if got := slices.Sorted(maps.Keys(types[0].Properties())); !slices.Equal(got, []string{"toy_outlet", "toy_password"}) {
		t.Errorf("properties = %q", got)
	}
	for name, key := range types[0].Keys() {
		if secret := name == "toy_password"; key.Secret != secret || baremetal.Secrets.Has(name) != secret {
			t.Errorf("%s is secret: %v, masked: %v; want %v", name, key.Secret, baremetal.Secrets.Has(name), secret)
		}
	}
	if err := s.Update(t.Context(), func(tx *store.Tx) error { return tx.Nodes().Insert(n) }); err != nil {
		t.Fatal(err)
	}
	err = c.SetPower(t.Context(), id, baremetal.PowerOff, 0)
	if !errors.Is(err, baremetal.ErrInvalid) || !strings.Contains(err.Error(), "toy_outlet") {
		t.Errorf("SetPower without an outlet = %v, want %v that names toy_outlet", err, baremetal.ErrInvalid)
	}
	edit(t, c, func(n *baremetal.Node) { n.DriverInfo = baremetal.Object{"toy_outlet": "3"} })
	outlets["3"] = true
	if err := c.SetPower(t.Context(), id, baremetal.PowerOff, 0); err != nil {
		t.Fatal(err)
	}
	c.Close(context.Background()) // waits for the task
	if outlets["3"] {
		t.Error("the outlet is still on")
	}
}

// A driver costs its methods: more if the interface grows.
func TestAToyDriverIsShort(t *testing.T) {
	text, err := os.ReadFile("toy_test.go")
	if err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(string(text), "\n"); lines > 60 {
		t.Errorf("the toy driver has %d lines, want 60 at most: what does every driver have to repeat?", lines)
	}
}
