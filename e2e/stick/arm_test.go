//go:build stick

package stick_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestARM boots the stick for 64-bit ARM under UEFI, with Secure Boot and without.
func TestARM(t *testing.T) {
	for _, firmware := range []firmware{arm, armSecure} {
		t.Run(firmware.name, func(t *testing.T) {
			p := newPC(t, "arm", firmware)
			p.on()
			sb, at := p.expect(`Secure Boot (on|off)`)
			if sb != firmware.secureBoot() {
				t.Errorf("Secure Boot is %s, want %s", sb, firmware.secureBoot())
			}
			t.Logf("%s: screen after %.1f s, page after %.1f s", firmware.name, at.Seconds(), p.page(own).Seconds())
		})
	}
}

// TestARMImage is TestImage for 64-bit ARM, which has no BIOS.
func TestARMImage(t *testing.T) {
	judged(t, "arm64", "Ironhook first for 64-bit ARM", 2, 3, 4, 5, 6)
}

func TestARMLoaderCountsTries(t *testing.T) { countsTries(t, arm, armSecure) }

func TestARMBrokenUpgradeAndTheWayBack(t *testing.T) { wayBack(t, arm) }

// TestTheSameTreeMakesTheSameImage, image and upgrade, for each architecture.
func TestTheSameTreeMakesTheSameImage(t *testing.T) {
	for arch := range builds {
		t.Run(arch, func(t *testing.T) {
			first, err := build(arch)
			must(t, "build the image", err)
			again := filepath.Join(t.TempDir(), "again")
			must(t, "build it again", makeImage(t.Context(), filepath.Join(filepath.Dir(first.image), "ironhook"), again, "first", arch))
			for made, remade := range map[string]string{first.image: again + ".img", first.upgrade: again + ".upgrade"} {
				a, err := os.ReadFile(made)
				must(t, "read", err)
				b, err := os.ReadFile(remade)
				must(t, "read", err)
				if !bytes.Equal(a, b) {
					t.Errorf("%s is another file than before", remade)
				}
			}
		})
	}
}
