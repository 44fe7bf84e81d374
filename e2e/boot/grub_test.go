//go:build grub

package boot_test

import (
	"fmt"
	"maps"
	"path/filepath"
	"testing"

	"ironhook/e2e/lab"
	"ironhook/e2e/lab/image"
)

// TestSecureGRUB boots machines with Secure Boot on by nothing but what Debian 13 signs: its
// shim, which Microsoft has signed, starts its GRUB, which starts its kernel, a ramdisk and a
// root over NFS. scripts/grub.sh fetches that GRUB.
func TestSecureGRUB(t *testing.T) {
	needsLab(t)
	root, err := lab.Root()
	must(t, "find the repository", err)
	signer, err := lab.NewSigner(t.TempDir())
	must(t, "make keys", err)
	dir, err := signer.Dir(t.Context(), nil, map[string]string{
		"x86_64-sb/shimx64.efi": "/usr/lib/shim/shimx64.efi.signed",
		"x86_64-sb/grubx64.efi": filepath.Join(root, "build", "grub", "grubnetx64.efi")})
	must(t, "take Debian's programs", err)
	r := newLoader(t, "grub", "--secure-boot-dir", dir)
	for i, c := range []struct {
		deploy string
		info   map[string]any
		want   string
	}{
		{"ramdisk", map[string]any{"kernel_append_params": "greeting=a;b"}, `guest: ramdisk-ok greeting=a;b`},
		{"direct", map[string]any{"nfs_root": lab.Address + ":" + lab.NFSExport + ",vers=4.2"}, `guest: nfs-ok`},
	} {
		m, err := r.Machine(t.Context(), lab.Hardware{Name: fmt.Sprintf("grub%d", i), Firmware: lab.UEFI, NoROM: true, SecureBoot: signer})
		must(t, "add a machine", err)
		info := map[string]any{"kernel": r.files + "vmlinuz", "ramdisk": r.files + "initrd.img"}
		maps.Copy(info, c.info)
		args, _ := info["kernel_append_params"].(string)
		info["kernel_append_params"] = "console=ttyS0,115200 panic=5 no_timer_check " + args
		node, err := r.client.EnrollLoaded(t.Context(), m, c.deploy, info)
		must(t, "enrol", err)
		op := httpOperator{r.client}
		op.deploy(t, node)
		boot, _ := expectWithin(t, 2*bootLimit, m, 1, `guest: kernel-up firmware=uefi`, c.want) // OVMF alone takes minutes on a busy host
		awaitOff(t, boot)
		awaitEvents(t, r.client, node, []string{"power-on", "discover", "offer", "file", "file", "script", "up"})
		op.power(t, node, "off")
	}

	// A machine whose Secure Boot is off comes from GRUB to iPXE, which attaches its volume.
	m, err := r.Machine(t.Context(), lab.Hardware{Name: "off", Firmware: lab.UEFI, NoROM: true})
	must(t, "add a machine", err)
	must(t, "make a volume", r.image.Volume(t.Context(), r.app.Volume(m.Name), image.Options{}))
	op := httpOperator{r.client}
	node := op.enroll(t, m, m.Name)
	must(t, "declare Secure Boot", r.client.Do(t.Context(), "PATCH", "/v1/nodes/"+node,
		[]map[string]any{{"op": "replace", "path": "/properties/capabilities", "value": "iscsi_boot:True,secure_boot:True"}}, nil))
	op.deploy(t, node)
	boot, _ := expectWithin(t, 2*bootLimit, m, 1, `guest: ibft `, `guest: root-ok`)
	awaitOff(t, boot)
}
