package baremetal

import (
	"strings"
	"testing"
)

// The forms that oslo.utils takes for a UUID, and some that it does not.
func TestIsUUID(t *testing.T) {
	const id = "00000000-0000-4000-8000-00000000000a"
	bare := strings.ReplaceAll(id, "-", "")
	for s, want := range map[string]bool{
		id: true, bare: true, strings.ToUpper(id): true, "{" + id + "}": true, "urn:uuid:" + id: true,
		"": false, "pc-07": false, bare[1:]: false, bare + "0": false, "g" + bare[1:]: false, "ur-n:" + bare: false, strings.Repeat("-", 33) +
			bare: false,
	} {
		if got := IsUUID(s); got != want {
			t.Errorf("IsUUID(%q) = %v, want %v", s, got, want)
		}
	}
}

func TestIsName(t *testing.T) {
	for s, want := range map[string]bool{
		"pc-07.rack~1_a": true, strings.Repeat("a", 255): true, strings.Repeat("a", 256): false, "": false, "a b": false, "a/b": false,
		"é": false,
	} {
		if got := IsName(s); got != want {
			t.Errorf("IsName(%.20q) = %v, want %v", s, got, want)
		}
	}
}
