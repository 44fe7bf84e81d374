package image

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// Kernel is a kernel and an initramfs to start it with.
type Kernel struct{ Vmlinuz, Initramfs string }

// Initiator makes a guest without a disk that is an iSCSI initiator: Debian's kernel
// and open-iscsi, e2fsprogs and fio of this host, and the given files by their path in
// the guest; /init is to be among them. The result lies in dir; cache keeps packages.
func Initiator(ctx context.Context, cache, dir string, files map[string][]byte) (Kernel, error) {
	t, err := AMD64.fetch(ctx, cache, filepath.Join(dir, "debs"))
	if err != nil {
		return Kernel{}, err
	}
	root := filepath.Join(dir, "initiator")
	if err := mkdirs(root, "bin", "sbin", "proc", "sys", "dev", "run/lock/iscsi", "mnt", "etc/iscsi/nodes", "etc/iscsi/send_targets",
		"tmp"); err != nil {
		return Kernel{}, err
	}
	for from, to := range map[string]string{
		t.path("bin/busybox"): "bin/busybox", t.path("etc/iscsi/iscsid.conf"): "etc/iscsi/iscsid.conf", "/etc/mke2fs.conf": "etc/mke2fs.conf",
	} {
		if err := copyFile(from, filepath.Join(root, to), 0o755); err != nil {
			return Kernel{}, err
		}
	}
	if err := os.Symlink("/bin/busybox", filepath.Join(root, "sbin/modprobe")); err != nil {
		return Kernel{}, err // the kernel itself calls it to find crc32c
	}
	host := tree{arch: AMD64, dir: "/"}
	for _, program := range []struct {
		tree
		name string
	}{{t, "sbin/iscsid"}, {t, "sbin/iscsiadm"}, {host, "sbin/mke2fs"}, {host, "sbin/e2fsck"}, {host, "usr/bin/fio"}} {
		if err := program.addProgram(root, program.name); err != nil {
			return Kernel{}, fmt.Errorf("%s: %w", program.name, err)
		}
	}
	if err := t.addModules(ctx, root, diskModules); err != nil {
		return Kernel{}, err
	}
	files["etc/passwd"] = []byte("root:x:0:0:root:/:/bin/sh\n")
	for name, body := range files {
		if err := writeFile(filepath.Join(root, name), body, 0o755); err != nil {
			return Kernel{}, err
		}
	}
	k := Kernel{Vmlinuz: t.path("boot/vmlinuz-" + t.kernel), Initramfs: filepath.Join(dir, "initiator.img")}
	f, err := os.Create(k.Initramfs)
	if err != nil {
		return Kernel{}, err
	}
	defer f.Close()
	if err := writeInitramfs(f, root); err != nil {
		return Kernel{}, err
	}
	return k, f.Close()
}
