package image

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Options says what a guest does once its root is mounted and checked. The zero
// value powers off.
type Options struct {
	Stay  bool   // stay up until the power goes
	Write int    // write, check and keep this many files of 1 MiB, then power off
	Args  string // additional kernel arguments
	Disk  bool   // the root is on a disk of the machine, not on iSCSI
	// Signed boots under Secure Boot: UEFI starts Debian's shim and GRUB, which start Debian's
	// kernel.
	Signed bool
}

// signedLoaders are those of the packages shim-signed and grub-efi-amd64-signed, by their
// place on the volume.
var signedLoaders = map[string]string{
	"/EFI/BOOT/BOOTX64.EFI": "/usr/lib/shim/shimx64.efi.signed",
	"/EFI/BOOT/grubx64.efi": "/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed",
}

// sign puts the signed boot loaders in the place of the others.
func (f fatFS) sign(ctx context.Context) error {
	if err := f.mkdir(ctx, "/EFI/debian"); err != nil {
		return err
	}
	for to, from := range signedLoaders {
		if err := f.copy(ctx, from, to); err != nil {
			return fmt.Errorf("%w (packages shim-signed, grub-efi-amd64-signed)", err)
		}
	}
	return nil
}

// cmdline returns the kernel's command line. On a busy host an emulated timer ticks too
// late for the kernel's test of it, which then panics; no_timer_check spares the test.
func (o Options) cmdline() string {
	mode := "off"
	switch {
	case o.Stay:
		mode = "stay"
	case o.Write > 0:
		mode = fmt.Sprintf("write:%d", o.Write)
	}
	if o.Disk {
		mode += " guest_root=disk"
	}
	return strings.TrimSpace(Console + " loglevel=5 panic=5 no_timer_check guest=" + mode + " " + o.Args)
}

// Volume makes a private copy of the disk at path, sparse, with a guest that
// behaves as told.
func (img Image) Volume(ctx context.Context, path string, o Options) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if _, err := run(ctx, "cp", "--sparse=always", "--reflink=auto", img.path, path); err != nil {
		return err
	}
	if o.Signed {
		if err := (fatFS{image: path, offset: bootStart}).sign(ctx); err != nil {
			return err
		}
	}
	return Configure(ctx, path, o)
}

// Configure sets what the guest on the volume at path, which must not be in use, does from
// its next boot on. The data that it has written stays.
func Configure(ctx context.Context, path string, o Options) error {
	return fatFS{image: path, offset: bootStart}.configure(ctx, o)
}

// fatFS writes into a FAT filesystem at an offset of a file, by mtools.
type fatFS struct {
	image  string
	offset int64
}

func (f fatFS) drive() string { return fmt.Sprintf("%s@@%d", f.image, f.offset) }

// mtoolsEnv keeps mtools from reading a configuration of the user's.
var mtoolsEnv = []string{"MTOOLSRC=/dev/null", "MTOOLS_SKIP_CHECK=1"}

func (f fatFS) mkdir(ctx context.Context, names ...string) error {
	args := []string{"-i", f.drive()}
	for _, name := range names {
		args = append(args, "::"+name)
	}
	_, err := runEnv(ctx, mtoolsEnv, "mmd", args...)
	return err
}

func (f fatFS) copy(ctx context.Context, from, to string) error {
	_, err := runEnv(ctx, mtoolsEnv, "mcopy", "-o", "-i", f.drive(), from, "::"+to)
	return err
}

// configure writes the configuration of both boot loaders.
func (f fatFS) configure(ctx context.Context, o Options) error {
	dir, err := os.MkdirTemp("", "ironhook-guest-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "file")
	files := map[string]string{
		"/syslinux.cfg": "SERIAL 0 115200\nDEFAULT guest\nPROMPT 0\nTIMEOUT 1\nSAY guest: boot-loader syslinux\n" +
			"LABEL guest\n KERNEL /vmlinuz\n INITRD /initrd.img\n APPEND " + o.cmdline() + "\n",
		"/loader/loader.conf":        "timeout 0\ndefault guest.conf\n",
		"/loader/entries/guest.conf": "title guest\nlinux /vmlinuz\ninitrd /initrd.img\noptions " + o.cmdline() + "\n",
	}
	if o.Signed {
		files["/EFI/debian/grub.cfg"] = "linux /vmlinuz " + o.cmdline() + "\ninitrd /initrd.img\nboot\n"
	}
	for name, text := range files {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			return err
		}
		if err := f.copy(ctx, file, name); err != nil {
			return err
		}
	}
	return nil
}
