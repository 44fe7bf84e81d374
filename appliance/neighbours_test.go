package appliance

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The kernel's room for neighbours is compared with the cards that are enrolled.
func TestCrowded(t *testing.T) {
	for _, c := range []struct {
		cards  int
		limit  string // "" where the kernel has none to read
		remedy string // in it; "" where all is well
	}{
		{0, "1024\n", ""},
		{960, "1024\n", ""},
		{961, "1024\n", "net.ipv4.neigh.default.gc_thresh2=2048 net.ipv4.neigh.default.gc_thresh3=4096"},
		{1000, "1024\n", "gc_thresh3=4096"},
		{5000, "1024\n", "gc_thresh3=32768"},
		{5000, "32768\n", ""},
		{5000, "", ""},
		{5000, "what?", ""},
	} {
		dir := t.TempDir()
		if c.limit != "" {
			if err := os.WriteFile(filepath.Join(dir, "gc_thresh3"), []byte(c.limit), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		text, remedy := crowded(c.cards, dir)
		if (text != "") != (c.remedy != "") || !strings.Contains(remedy, c.remedy) {
			t.Errorf("%d cards with the limit %q: %q, %q; want the remedy %q", c.cards, c.limit, text, remedy, c.remedy)
		}
	}
}
