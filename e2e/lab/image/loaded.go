package image

import (
	"context"
	"os"
	"path/filepath"
)

// Loaded is what a machine boots that has no disk: iPXE loads its kernel and its ramdisk.
type Loaded struct {
	Kernel
	Root   string // the folder of a root file system, to be served over NFS
	OnDisk string // another initramfs, that of the volumes of [Build]
}

// nfsModules are the modules that the way to a root over NFS needs.
var nfsModules = []string{"virtio_pci", "virtio_net", "e1000", "af_packet", "nfsv3", "nfsv4", "overlay"}

// Load makes what a machine with a processor of amd64 loads.
func Load(ctx context.Context, cache, dir string) (Loaded, error) { return AMD64.Load(ctx, cache, dir) }

// Load makes a kernel and a ramdisk in dir (guest/load-init says what it does), and the
// root file system beside them; cache keeps packages.
func (a Arch) Load(ctx context.Context, cache, dir string) (l Loaded, err error) {
	t, err := a.fetch(ctx, cache, filepath.Join(dir, "debs"))
	if err != nil {
		return l, err
	}
	initramfs := filepath.Join(dir, "initramfs")
	if err := mkdirs(initramfs, "bin", "sbin", "proc", "sys", "dev", "run", "newroot", "etc", "lib/modules"); err != nil {
		return l, err
	}
	if err := os.Symlink("/bin/busybox", filepath.Join(initramfs, "sbin/modprobe")); err != nil {
		return l, err // the kernel itself calls it to find file systems
	}
	if err := copyFile(t.path("bin/busybox"), filepath.Join(initramfs, "bin/busybox"), 0o755); err != nil {
		return l, err
	}
	if err := t.addModules(ctx, initramfs, nfsModules); err != nil {
		return l, err
	}
	if err := writeFile(filepath.Join(initramfs, "init"), script("load-init"), 0o755); err != nil {
		return l, err
	}
	l = Loaded{Kernel: Kernel{Vmlinuz: t.path("boot/vmlinuz-" + t.kernel), Initramfs: filepath.Join(dir, "initrd.img")},
		Root: filepath.Join(dir, "root")}
	if l.OnDisk, err = makeInitramfs(ctx, filepath.Join(dir, "ondisk"), t); err != nil {
		return l, err
	}
	f, err := os.Create(l.Initramfs)
	if err != nil {
		return l, err
	}
	defer f.Close()
	if err := writeInitramfs(f, initramfs); err != nil {
		return l, err
	}
	return l, addLoadedRoot(t, l.Root)
}

// addLoadedRoot makes the root: busybox, and an init that counts its boots.
func addLoadedRoot(t tree, root string) error {
	if err := mkdirs(root, "bin", "proc", "sys", "dev", "run", "data"); err != nil {
		return err
	}
	if err := copyFile(t.path("bin/busybox"), filepath.Join(root, "bin/busybox"), 0o755); err != nil {
		return err
	}
	for _, name := range applets {
		if err := os.Symlink("busybox", filepath.Join(root, "bin", name)); err != nil {
			return err
		}
	}
	if err := writeBlob(filepath.Join(root, "blob")); err != nil {
		return err
	}
	return writeFile(filepath.Join(root, "sbin/init"), script("load-root-init"), 0o755)
}
