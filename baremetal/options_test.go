package baremetal

import "testing"

func TestTruth(t *testing.T) {
	for _, c := range []struct {
		in           any
		value, known bool
	}{
		{nil, false, true}, {"", false, true}, {false, false, true}, {true, true, true},
		{"true", true, true}, {"True", true, true}, {" YES ", true, true}, {"on", true, true}, {"1", true, true}, {float64(1), true, true},
		{1, true, true},
		{"False", false, true}, {"no", false, true}, {"off", false, true}, {"0", false, true}, {float64(0), false, true}, {"n", false, true},
		{"junk", false, false}, {"truely", false, false}, {float64(2), false, false}, {map[string]any{}, false, false},
	} {
		if value, known := Truth(c.in); value != c.value || known != c.known {
			t.Errorf("Truth(%#v) = %v, %v, want %v, %v", c.in, value, known, c.value, c.known)
		}
	}
}

func TestKeepOfAVolume(t *testing.T) {
	if v := (&Volume{Metadata: map[string]string{"keep": "Yes"}}); !v.Keep() || (&Volume{}).Keep() {
		t.Error("keep of a volume is misread")
	}
}
