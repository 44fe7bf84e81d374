package baremetal

import (
	"errors"
	"strings"
	"testing"
)

// The same words mean the same at every key.
func TestTargetOptions(t *testing.T) {
	for _, c := range []struct {
		properties Object
		want       TargetOptions
		wrong      []string // what the error says
	}{
		{nil, TargetOptions{}, nil},
		{Object{"keep": "True", "reset_on_boot": "yes"}, TargetOptions{Keep: true, ResetOnBoot: true}, nil},
		{Object{"keep": 1.0, "reset_on_boot": true, "access_mode": "rw"}, TargetOptions{Keep: true, ResetOnBoot: true}, nil},
		{Object{"keep": "False", "reset_on_boot": 0.0, "access_mode": ""}, TargetOptions{}, nil},
		{Object{"keep": "", "reset_on_boot": nil, "access_mode": nil}, TargetOptions{}, nil},
		{Object{"access_mode": "RO ", "reset_on_boot": true}, TargetOptions{ReadOnly: true}, nil},
		{Object{"keep": "perhaps", "reset_on_boot": 7.0, "access_mode": "wr"}, TargetOptions{},
			[]string{`keep is "perhaps": set it to true or false.`, `reset_on_boot is "7": set it to true or false.`,
				`access_mode is "wr": set it to ro or rw.`}},
		{Object{"keep": true, "access_mode": map[string]any{}}, TargetOptions{Keep: true},
			[]string{`access_mode is "map[]": set it to ro or rw.`}},
	} {
		got, err := ParseTargetOptions(c.properties)
		if got != c.want || (err == nil) != (c.wrong == nil) || err != nil && !errors.Is(err, ErrInvalid) {
			t.Errorf("%v: %+v, %v; want %+v", c.properties, got, err, c.want)
		}
		for _, say := range c.wrong {
			if !strings.Contains(err.Error(), say) {
				t.Errorf("%v: %q does not say %q", c.properties, err, say)
			}
		}
		if o := (&VolumeTarget{Properties: c.properties}).Options(); o != c.want {
			t.Errorf("%v: Options = %+v, want %+v", c.properties, o, c.want)
		}
	}
	if !(&VolumeTarget{VolumeType: "ISCSI"}).ISCSI() || (&VolumeTarget{VolumeType: "fibre_channel"}).ISCSI() {
		t.Error("the type of a volume is misread")
	}
}
