package boot_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ironhook/e2e/lab"
	"ironhook/e2e/lab/image"
)

// loader is a room with a web server for kernels and ramdisks, and an NFS server.
type loader struct {
	*room
	web   string // the folder of kernels and ramdisks
	files string // its URL
	root  string // the folder that is served over NFS
}

func newLoader(t *testing.T, name string, args ...string) loader {
	t.Helper()
	root, err := lab.Root()
	must(t, "find the repository", err)
	r := loader{room: newRoom(t, name, args...)}
	r.web = t.TempDir()
	r.root = offer(t, image.AMD64, root, r.web).Root
	r.files, err = r.ServeHTTP(r.web)
	must(t, "serve files", err)
	must(t, "serve NFS", r.ServeNFS(t.Context(), r.root))
	return r
}

// offer puts a kernel and its ramdisks into a folder of the web server.
func offer(t *testing.T, arch image.Arch, root, web string) image.Loaded {
	t.Helper()
	loaded, err := arch.Load(t.Context(), filepath.Join(root, "build", "image", "debs"), t.TempDir())
	must(t, "make a kernel and a ramdisk", err)
	for file, name := range map[string]string{loaded.Vmlinuz: "vmlinuz", loaded.Initramfs: "initrd.img", loaded.OnDisk: "ondisk.img"} {
		must(t, "offer "+name, os.Rename(file, filepath.Join(web, name)))
	}
	return loaded
}

// TestLoad boots machines whose system iPXE loads: a ramdisk, and roots over NFS by both
// versions, written, read only, and under an overlay.
func TestLoad(t *testing.T) {
	needsLab(t)
	r := newLoader(t, "load")
	nfs := lab.Address + ":" + lab.NFSExport
	for _, test := range []struct {
		hw     lab.Hardware
		deploy string
		info   map[string]any
		want   []string
	}{
		{lab.Hardware{Name: "ramdisk"}, "ramdisk", map[string]any{"kernel_append_params": "greeting=a;b -- --c"},
			[]string{`guest: ramdisk-ok greeting=a;b`}},
		{lab.Hardware{Name: "cloud"}, "ramdisk",
			map[string]any{"configdrive": map[string]any{"user_data": "#cloud-config", "meta_data": map[string]any{"hostname": "web"}}},
			[]string{`guest: ramdisk-ok`, `guest: cloud .*local-hostname:web.* #cloud-config`}},
		{lab.Hardware{Name: "nfs4"}, "direct", map[string]any{"nfs_root": nfs + ",vers=4.2"},
			[]string{`guest: root-mounted nfs4 vers=4.2 rw`, `guest: nfs-ok boots=1 written`}},
		{lab.Hardware{Name: "nfs3-uefi", Firmware: lab.UEFI, NoROM: true}, "ramdisk", map[string]any{"nfs_root": map[string]any{
			"server": lab.Address, "path": lab.NFSExport, "version": 3, "options": []any{"proto=tcp"}, "access": "ro"}},
			[]string{`guest: root-mounted nfs vers=3 ro`, `guest: nfs-ok boots=2 read-only`}},
		{lab.Hardware{Name: "overlay"}, "direct", map[string]any{"nfs_root": map[string]any{
			"server": lab.Address, "path": lab.NFSExport, "version": "4.1", "access": "overlay"}},
			[]string{`guest: root-mounted overlay vers=4.1 ro`, `guest: nfs-ok boots=2 written`}},
	} {
		t.Run(test.hw.Name, func(t *testing.T) {
			m, err := r.Machine(t.Context(), test.hw)
			must(t, "add "+test.hw.Name, err)
			info := map[string]any{"kernel": r.files + "vmlinuz", "ramdisk": r.files + "initrd.img"}
			for key, value := range test.info {
				info[key] = value
			}
			args, _ := info["kernel_append_params"].(string)
			info["kernel_append_params"] = "console=ttyS0,115200 panic=5 no_timer_check " + args
			node, err := r.client.EnrollLoaded(t.Context(), m, test.deploy, info)
			must(t, "enrol", err)
			op := httpOperator{r.client}
			op.deploy(t, node)
			card := fmt.Sprintf(`guest: kernel-up firmware=%s card=01-%s`, m.Firmware, strings.ReplaceAll(m.MAC, ":", "-"))
			boot, _ := expect(t, m, 1, append([]string{card}, test.want...)...)
			awaitOff(t, boot)
			awaitEvents(t, r.client, node, []string{"power-on", "discover", "offer", "script", "up"})
			op.power(t, node, "off")
		})
	}
}
