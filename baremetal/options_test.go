package baremetal

import (
	"slices"
	"testing"
)

func TestTruth(t *testing.T) {
	for _, c := range []struct {
		in           any
		value, known bool
	}{
		{nil, false, true}, {"", false, true}, {false, false, true}, {true, true, true},
		{"true", true, true}, {"True", true, true}, {" YES ", true, true}, {"on", true, true}, {"1", true, true}, {float64(1), true, true}, {1, true, true},
		{"False", false, true}, {"no", false, true}, {"off", false, true}, {"0", false, true}, {float64(0), false, true}, {"n", false, true},
		{"junk", false, false}, {"truely", false, false}, {float64(2), false, false}, {map[string]any{}, false, false},
	} {
		if value, known := Truth(c.in); value != c.value || known != c.known {
			t.Errorf("Truth(%#v) = %v, %v, want %v, %v", c.in, value, known, c.value, c.known)
		}
	}
}

// The same words mean the same at every key.
func TestOneReadingOfEveryKey(t *testing.T) {
	for _, word := range []any{"True", "yes", "on", 1.0, true} {
		target := &VolumeTarget{Properties: Object{"keep": word, "reset_on_boot": word}}
		if !target.Keep() || !target.ResetOnBoot() || target.Unreadable() != nil {
			t.Errorf("%#v is no yes", word)
		}
	}
	for _, word := range []any{"False", "no", "0", 0.0, false, "", nil} {
		target := &VolumeTarget{Properties: Object{"keep": word, "reset_on_boot": word}}
		if target.Keep() || target.ResetOnBoot() || target.Unreadable() != nil {
			t.Errorf("%#v is no no", word)
		}
	}
	odd := &VolumeTarget{Properties: Object{"keep": "perhaps", "reset_on_boot": 7.0, "access_mode": "wr"}}
	if got := odd.Unreadable(); !slices.Equal(got, []string{"access_mode", "keep", "reset_on_boot"}) {
		t.Errorf("Unreadable() = %q", got)
	}
	ro := &VolumeTarget{VolumeType: "ISCSI", Properties: Object{"access_mode": "RO", "reset_on_boot": true}}
	if !ro.ReadOnly() || ro.ResetOnBoot() || !ro.ISCSI() || ro.Unreadable() != nil {
		t.Error("a volume for reading is reset, or none")
	}
	if v := (&Volume{Metadata: map[string]string{"keep": "Yes"}}); !v.Keep() || (&Volume{}).Keep() {
		t.Error("keep of a volume is misread")
	}
}
