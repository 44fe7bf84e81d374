package image

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
)

// Where things are on the disk of LocalDebian, in bytes: a GPT, whose second copy ends the disk.
const (
	localBoot     = 1 * mib // GRUB's core for BIOS
	localSystem   = 2 * mib // the EFI system partition
	localRoot     = 34 * mib
	localDiskSize = localRoot + debianSize + mib
)

// localTable is its partitions, for sfdisk.
const localTable = `label: gpt
start=2048, size=2048, type=21686148-6449-6E6F-744E-656564454649
start=4096, size=65536, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B
start=69632, size=1572864, type=0FC63DAF-8483-4772-8E79-3D69D8477DE4
`

// efiGRUB is what GRUB does first under UEFI.
const efiGRUB = "search --no-floppy --set=root --label debianroot\nset prefix=($root)/boot/grub\nconfigfile $prefix/grub.cfg\n"

// LocalDebian is CloudDebian as images for local disks are laid out: partitions in a GPT, GRUB for
// BIOS and for UEFI, and no room behind the last partition.
func LocalDebian(ctx context.Context, dir string) (path string, err error) {
	cloud, err := CloudDebian(ctx, dir)
	if err != nil {
		return "", err
	}
	path = filepath.Join(filepath.Dir(cloud), "local-1-"+filepath.Base(cloud))
	unlock, err := lock(filepath.Join(dir, "local.lock"))
	if err != nil {
		return "", fmt.Errorf("wait for Debian's image: %w", err)
	}
	defer unlock()
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if err := buildLocal(ctx, dir, cloud, path); err != nil {
		return "", fmt.Errorf("build Debian's image for local disks: %w", err)
	}
	return path, nil
}

func buildLocal(ctx context.Context, dir, cloud, path string) error {
	work, err := os.MkdirTemp(dir, "building-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	before, disk := filepath.Join(work, "cloud.raw"), filepath.Join(work, "disk.raw")
	if _, err := run(ctx, "qemu-img", "convert", "-O", "raw", cloud, before); err != nil {
		return err
	}
	if err := layOut(ctx, work, disk); err != nil {
		return err
	}
	if err := addLocalGRUB(ctx, work, disk); err != nil {
		return err
	}
	if err := addLocalSystem(ctx, work, disk); err != nil {
		return err
	}
	if _, err := run(ctx, "dd", "if="+before, "of="+disk, "bs=1M", "conv=notrunc,sparse", fmt.Sprintf("skip=%d", debianStart/mib),
		fmt.Sprintf("seek=%d", localRoot/mib), fmt.Sprintf("count=%d", debianSize/mib)); err != nil {
		return err
	}
	whole := filepath.Join(work, "disk.qcow2")
	if _, err := run(ctx, "qemu-img", "convert", "-c", "-m", "4", "-W", "-f", "raw", "-O", "qcow2", disk, whole); err != nil {
		return err
	}
	return os.Rename(whole, path)
}

// layOut makes the disk with its table.
func layOut(ctx context.Context, work, disk string) error {
	table := filepath.Join(work, "table")
	if err := os.WriteFile(table, []byte(localTable), 0o644); err != nil {
		return err
	}
	if err := os.WriteFile(disk, nil, 0o644); err != nil {
		return err
	}
	if err := os.Truncate(disk, localDiskSize); err != nil {
		return err
	}
	_, err := run(ctx, "sh", "-c", `sfdisk --quiet "$1" <"$2"`, "sh", disk, table)
	return err
}

// addLocalGRUB installs GRUB for BIOS as grub-install would: the boot record finds the core in its
// partition by the sector at 0x5c, and the core its rest by the block list that ends its first sector
// (GRUB 2.06, include/grub/i386/pc/boot.h).
func addLocalGRUB(ctx context.Context, work, disk string) error {
	const modules = "/usr/lib/grub/i386-pc"
	file := filepath.Join(work, "core.img")
	if _, err := run(ctx, "grub-mkimage", "-O", "i386-pc", "-d", modules, "-p", "(hd0,gpt3)/boot/grub", "-o", file,
		"biosdisk", "part_gpt", "ext2", "normal", "linux", "echo", "serial", "terminal", "search", "search_label", "boot"); err != nil {
		return fmt.Errorf("%w (packages grub-common, grub-pc-bin)", err)
	}
	core, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	code, err := os.ReadFile(modules + "/boot.img")
	if err != nil {
		return fmt.Errorf("%w (package grub-pc-bin)", err)
	}
	binary.LittleEndian.PutUint64(code[0x5c:], localBoot/sector)
	binary.LittleEndian.PutUint64(core[sector-12:], localBoot/sector+1)
	f, err := os.OpenFile(disk, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.WriteAt(code[:440], 0); err != nil {
		return err
	}
	if _, err := f.WriteAt(core, localBoot); err != nil {
		return err
	}
	return f.Close()
}

// addLocalSystem makes the EFI system partition, with GRUB where firmware looks for a loader.
func addLocalSystem(ctx context.Context, work, disk string) error {
	start, loader := filepath.Join(work, "start.cfg"), filepath.Join(work, "BOOTX64.EFI")
	if err := os.WriteFile(start, []byte(efiGRUB), 0o644); err != nil {
		return err
	}
	if _, err := run(ctx, "grub-mkimage", "-O", "x86_64-efi", "-c", start, "-p", "/boot/grub", "-o", loader,
		"part_gpt", "ext2", "fat", "normal", "linux", "echo", "serial", "terminal", "search", "search_label", "boot", "configfile"); err != nil {
		return fmt.Errorf("%w (packages grub-common, grub-efi-amd64-bin)", err)
	}
	if _, err := run(ctx, "mkfs.fat", "-F", "16", "--offset", fmt.Sprint(localSystem/sector), disk,
		fmt.Sprint((localRoot-localSystem)/1024)); err != nil {
		return err
	}
	fs := fatFS{image: disk, offset: localSystem}
	if err := fs.mkdir(ctx, "/EFI", "/EFI/BOOT"); err != nil {
		return err
	}
	return fs.copy(ctx, loader, "/EFI/BOOT/BOOTX64.EFI")
}
