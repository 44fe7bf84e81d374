package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestSampleHasEveryOption: the sample with its lines in force is a valid file of every
// option with its default, so that it configures nothing.
func TestSampleHasEveryOption(t *testing.T) {
	var b strings.Builder
	if err := writeSample(&b); err != nil {
		t.Fatal(err)
	}
	inForce := regexp.MustCompile(`(?m)^#([a-z])`).ReplaceAllString(b.String(), "$1")
	path := filepath.Join(t.TempDir(), "ironhook.toml")
	if err := os.WriteFile(path, []byte(inForce), 0o600); err != nil {
		t.Fatal(err)
	}
	written, err := readFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range options() {
		value, there := written[o.name]
		if !there || value != o.value && o.name != "data" {
			t.Errorf("%s = %q (there: %v), want the default %q", o.name, value, there, o.value)
		}
	}
	if len(written) != len(options()) {
		t.Errorf("%d keys for %d options", len(written), len(options()))
	}
	for line := range strings.Lines(b.String()) {
		if len(line) > 101 {
			t.Errorf("%d columns: %s", len(line), line)
		}
	}
}
