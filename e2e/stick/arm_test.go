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

// TestARMKernelIsVerified: under Secure Boot a kernel with one other byte does not start, though the slot is a squashfs, which packs it.
func TestARMKernelIsVerified(t *testing.T) {
	p := newPC(t, "verified", armSecure)
	slot, files := filepath.Join(p.Dir, "slot"), filepath.Join(p.Dir, "files")
	p.tool("dd", "if="+p.image, "of="+slot, "bs=1M", "skip=11", "count=48", "status=none")
	p.tool("unsquashfs", "-d", files, slot)
	kernel := filepath.Join(files, "vmlinuz")
	b, err := os.ReadFile(kernel)
	must(t, "read the kernel", err)
	b[len(b)/2]++
	must(t, "change it", os.WriteFile(kernel, b, 0o644))
	p.tool("mksquashfs", files, slot, "-noappend", "-comp", "gzip", "-b", "1M")
	b, err = os.ReadFile(slot)
	must(t, "read the slot", err)
	p.onStick(slotAAt, string(b))
	p.on()
	p.expect(`(bad shim signature)`)
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

// tool runs a program of this host, which must succeed.
func (p *pc) tool(name string, args ...string) {
	p.t.Helper()
	_, err := p.Output(p.t.Context(), nil, name, args...)
	must(p.t, name, err)
}
