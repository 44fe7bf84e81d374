package packaging_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestReleaseNeedsAVersion: what is no version is refused before anything is made.
func TestReleaseNeedsAVersion(t *testing.T) {
	for _, version := range []string{"", "v1.2.3", "1.2", "1.2.3-rc1", "1.2.3; true"} {
		out, err := exec.CommandContext(t.Context(), "../scripts/release.sh", version).CombinedOutput()
		if err == nil || !bytes.Contains(out, []byte("version")) && !bytes.Contains(out, []byte("usage: ")) {
			t.Errorf("release %q: %v, %s", version, err, out)
		}
	}
}

// TestReleaseIsJudged: each kind of damage to a release is found by its own name.
func TestReleaseIsJudged(t *testing.T) {
	for _, damage := range []struct {
		files map[string]string // beside "kept", whose sum is right
		want  string
	}{
		{map[string]string{"SHA256SUMS": fmt.Sprintf("%x  kept\n", sha256.Sum256([]byte("other")))}, "differs from its checksum"},
		{map[string]string{"SHA256SUMS": ""}, "differs from its checksum"},
		{map[string]string{"added": ""}, "added has no checksum"},
		{nil, "ironhook-1.2.3-linux-amd64 is for another machine"},
	} {
		dir := t.TempDir()
		files := map[string]string{"kept": "kept", "SHA256SUMS": fmt.Sprintf("%x  kept\n", sha256.Sum256([]byte("kept")))}
		for name, text := range damage.files {
			files[name] = text
		}
		for name, text := range files {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		out, err := exec.CommandContext(t.Context(), "../scripts/release-check.sh", dir, "1.2.3").CombinedOutput()
		if err == nil || !bytes.Contains(out, []byte(damage.want)) {
			t.Errorf("%v: %v, %s; want %q", damage.files, err, out, damage.want)
		}
	}
}
