package baremetal

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

func TestMissingKeys(t *testing.T) {
	keys := []Key{{Name: "address", Required: true}, {Name: "port"}, {Name: "user", Required: true}}
	for _, c := range []struct {
		info Object
		want []string
	}{
		{nil, []string{"address", "user"}},
		{Object{"address": "", "user": nil}, []string{"address", "user"}},
		{Object{"address": "10.0.0.1", "port": 623}, []string{"user"}},
		{Object{"address": "10.0.0.1", "user": float64(0)}, nil},
	} {
		if got := MissingKeys(keys, c.info); !slices.Equal(got, c.want) {
			t.Errorf("MissingKeys(%v) = %q, want %q", c.info, got, c.want)
		}
	}
}

// One table says what is secret: no key of it is shown on a page and masked in a reply.
func TestEveryTableOfKeysIsMasked(t *testing.T) {
	tables := map[string][]Key{"target": TargetKeys}
	maps.Copy(tables, DriverKeys)
	for name, keys := range tables {
		masks := Secrets
		if name == "target" {
			masks = VolumeSecrets
		}
		for _, k := range keys {
			if masked := masks.Mask(Object{k.Name: "value"})[k.Name] == Mask; masked != k.Secret || Public(k.Name) == k.Secret {
				t.Errorf("%s of %q: secret %v, masked %v, on the page %v", k.Name, name, k.Secret, masked, Public(k.Name))
			}
			if text := VolumeSecrets.MaskText("wrong " + k.Name + "=value"); strings.Contains(text, "value") == k.Secret {
				t.Errorf("in a text: %q", text)
			}
		}
	}
	for _, name := range []string{"something", "", "ipmi_addresses"} {
		if Public(name) {
			t.Errorf("a page shows %q, which is in no table", name)
		}
	}
}
