package boot_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"ironhook/e2e/lab"
	"ironhook/e2e/lab/image"
)

// TestIPXE boots machines through the releases of iPXE that others bring along: the
// one of Debian 12, which QEMU's cards here have, under UEFI, and that of Debian 13
// under BIOS. (TestJourney has the first under BIOS and the second under UEFI.) Each
// logs in with CHAP, reads its boot loader and hands the disk over to Linux.
//
// $IRONHOOK_IPXE adds others to try: NAME:bios:FILE or NAME:uefi:FILE, an option ROM
// for a virtio card, separated by spaces.
func TestIPXE(t *testing.T) {
	needsLab(t)
	t.Parallel()
	r := newRoom(t, "ipxe")
	machines := []lab.Hardware{
		{Name: "debian12-uefi", Firmware: lab.UEFI},
		{Name: "debian13-bios", NoROM: true, Kernel: pinned(t, "ipxe.lkrn")},
	}
	for item := range strings.FieldsSeq(os.Getenv("IRONHOOK_IPXE")) {
		parts := strings.SplitN(item, ":", 3)
		if len(parts) != 3 {
			t.Fatalf("IRONHOOK_IPXE has %q, want NAME:FIRMWARE:FILE", item)
		}
		machines = append(machines, lab.Hardware{Name: parts[0], Firmware: lab.Firmware(parts[1]), ROM: parts[2]})
	}
	op := httpOperator{r.client}
	for _, hw := range machines {
		m := r.machine(t, hw, image.Options{})
		op.deploy(t, op.enroll(t, m, hw.Name))
		boot, _ := expect(t, m, 1, `^iPXE (initialising|\d+\.\d+\.\d+)`, `boot/52-\S*\.\.\. ok`, `guest: ibft .*chap=yes`, `guest: root-ok`)
		awaitOff(t, boot)
	}
}

// pinned takes a file out of the iPXE package that the build is made with.
func pinned(t *testing.T, name string) string {
	t.Helper()
	root, err := lab.Root()
	must(t, "find the repository", err)
	packages, err := filepath.Glob(filepath.Join(root, "build", "cache", "ipxe_*.deb"))
	if err != nil || len(packages) != 1 {
		t.Fatalf("build/cache has %q, %v, want the one iPXE package: remove ipxe/bin/*.efi and run make build", packages, err)
	}
	dir := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "dpkg-deb", "--extract", packages[0], dir).CombinedOutput(); err != nil {
		t.Fatalf("unpack %s: %v\n%s", packages[0], err, out)
	}
	return filepath.Join(dir, "usr", "lib", "ipxe", name)
}
