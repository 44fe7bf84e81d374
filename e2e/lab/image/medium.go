package image

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// Medium makes an installation CD at path, for BIOS: a kernel, and the initramfs of our
// volumes, which looks for a disk in the iBFT. There is nothing else on it.
func Medium(ctx context.Context, path, vmlinuz, initramfs string) error {
	dir, err := os.MkdirTemp(filepath.Dir(path), "medium-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	config := fmt.Sprintf("serial --unit=0 --speed=115200\nterminal_output serial\nlinux /vmlinuz %s\ninitrd /initrd.img\nboot\n",
		Options{}.cmdline())
	if err := writeFile(filepath.Join(dir, "boot/grub/grub.cfg"), []byte(config), 0o644); err != nil {
		return err
	}
	for from, to := range map[string]string{vmlinuz: "vmlinuz", initramfs: "initrd.img"} {
		if err := copyFile(from, filepath.Join(dir, to), 0o644); err != nil {
			return err
		}
	}
	if _, err := run(ctx, "grub-mkimage", "-O", "i386-pc-eltorito", "-p", "/boot/grub", "-o", filepath.Join(dir, "boot/grub/core.img"),
		"biosdisk", "iso9660", "normal", "linux", "serial", "terminal", "boot"); err != nil {
		return fmt.Errorf("%w (packages grub-common, grub-pc-bin)", err)
	}
	if _, err := run(ctx, "genisoimage", "-quiet", "-R", "-b", "boot/grub/core.img", "-no-emul-boot", "-boot-load-size", "4",
		"-boot-info-table", "-o", path, dir); err != nil {
		return fmt.Errorf("%w (package genisoimage)", err)
	}
	return nil
}

// Root makes a private copy of the root file system alone at path, a disk that nothing boots from.
func (img Image) Root(ctx context.Context, path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	_, err := run(ctx, "dd", "if="+img.path, "of="+path, "bs=1M", "conv=sparse", fmt.Sprint("skip=", rootStart/mib),
		fmt.Sprint("count=", rootSize/mib))
	return err
}
