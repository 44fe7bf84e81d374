package volume

import (
	"strings"
	"testing"
)

// TestMergePair writes manifests as their layers, from the bottom to the top, with a bar
// after those that Reset goes back to.
func TestMergePair(t *testing.T) {
	for in, want := range map[string]string{
		"":                   "",
		"g":                  "",
		"g| v":               "",          // a clone whose image is deleted: Reset goes back to it
		"g v":                "g<v of 0",  // the snapshot between them is deleted
		"g v;g":              "",          // it is not
		"g v w;g v":          "g<v of 01", // it was the older of two
		"g v w;g":            "v<w of 0",
		"g| v w;g":           "v<w of 0",
		"g v| w":             "g<v of 0",
		"g v;g w":            "", // two clones of a deleted image
		"g v w;g v x":        "g<v of 01",
		"g v| w;g x":         "",
		"a b c;d e;a b c f":  "a<b of 02",
		"g| v w x;g v w;g v": "",
	} {
		var manifests []*manifest
		for _, one := range strings.FieldsFunc(in, func(r rune) bool { return r == ';' }) {
			base, rest, cut := strings.Cut(one, "|")
			m := &manifest{id: string(rune('0' + len(manifests))), Layers: strings.Fields(base + rest)}
			if cut {
				m.Base = len(strings.Fields(base))
			}
			manifests = append(manifests, m)
		}
		got := ""
		if lower, upper, users := newCatalog(manifests...).mergePair(nil); lower != "" {
			got = lower + "<" + upper + " of "
			for _, m := range users {
				got += m.id
			}
		}
		if got != want {
			t.Errorf("mergePair(%s) = %q, want %q", in, got, want)
		}
	}
}
