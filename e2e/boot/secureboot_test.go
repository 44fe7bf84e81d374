package boot_test

import (
	"path/filepath"
	"testing"

	"ironhook/e2e/lab"
	"ironhook/e2e/lab/image"
)

// newSigner makes the keys of an operator, and a directory of what he has signed: iPXE, and
// beside it the shim of Debian, which vouches for Debian's kernels.
func newSigner(t *testing.T) (signer *lab.Signer, dir string) {
	t.Helper()
	root, err := lab.Root()
	must(t, "find the repository", err)
	signer, err = lab.NewSigner(t.TempDir())
	must(t, "make keys", err)
	dir, err = signer.Dir(t.Context(), map[string]string{"x86_64-sb/snponly.efi": filepath.Join(root, "ipxe", "bin", "snponly.efi")},
		map[string]string{"x86_64-sb/kernel-shim.efi": "/usr/lib/shim/shimx64.efi.signed"})
	must(t, "sign", err)
	return signer, dir
}

// TestSecureBoot boots a machine with Secure Boot on whose node does not say so: its firmware
// refuses iPXE as it is, over IPv4, and is then given the one that the operator has signed, over
// IPv6, as it asks next.
func TestSecureBoot(t *testing.T) {
	needsLab(t)
	t.Parallel()
	signer, dir := newSigner(t)
	r := newRoom(t, "secureboot", "--secure-boot-dir", dir, "--dhcp6", "boot")
	m := r.machine(t, lab.Hardware{Name: "secure", Firmware: lab.UEFI, NoROM: true, SecureBoot: signer}, image.Options{Signed: true})
	op := httpOperator{r.client}
	node := op.enroll(t, m, m.Name)
	must(t, "declare nothing", r.client.Do(t.Context(), "PATCH", "/v1/nodes/"+node,
		[]map[string]any{{"op": "replace", "path": "/properties/capabilities", "value": "iscsi_boot:True"}}, nil))
	op.deploy(t, node)
	boot, _ := expectWithin(t, 2*bootLimit, m, 1, `guest: kernel-up firmware=uefi secure=1`, `guest: ibft `, `guest: root-ok`)
	awaitOff(t, boot)
	awaitEvents(t, r.client, node,
		[]string{"power-on", "discover", "offer", "file", "discover", "offer", "file", "discover", "offer", "script", "login"})
}
