package baremetal

import (
	"slices"
	"testing"
)

func TestMissingKeys(t *testing.T) {
	keys := []DriverKey{{Name: "address", Required: true}, {Name: "port"}, {Name: "user", Required: true}}
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
