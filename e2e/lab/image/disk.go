package image

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// Where things are on the disk, in bytes. The first megabyte is the boot record
// and the usual gap.
const (
	mib       = 1 << 20
	bootStart = 1 * mib
	bootSize  = 64 * mib
	rootStart = bootStart + bootSize
	rootSize  = 80 * mib
	diskSize  = rootStart + rootSize
	sector    = 512
)

// bootPartition makes the FAT filesystem that BIOS and UEFI both start from and
// returns its file. FAT16 with large clusters, because firmware reads a file
// cluster by cluster.
func bootPartition(ctx context.Context, work string, t tree) (string, error) {
	initramfs, err := makeInitramfs(ctx, work, t)
	if err != nil {
		return "", err
	}
	fat := filepath.Join(work, "boot.fat")
	if err := os.WriteFile(fat, nil, 0o644); err != nil {
		return "", err
	}
	if err := os.Truncate(fat, bootSize); err != nil {
		return "", err
	}
	if _, err := run(ctx, "mkfs.fat", "-F", "16", "-s", "16", "-h", fmt.Sprint(bootStart/sector),
		"-i", "1a0b00c5", "-n", "GUESTBOOT", fat); err != nil {
		return "", err
	}
	fs := fatFS{image: fat}
	if err := fs.mkdir(ctx, "/EFI", "/EFI/BOOT", "/loader", "/loader/entries"); err != nil {
		return "", err
	}
	for from, to := range map[string]string{
		t.path("boot/vmlinuz-" + t.kernel): "/vmlinuz",
		initramfs:                          "/initrd.img",
		t.path("usr/lib/systemd/boot/efi/" + t.arch.systemd): "/EFI/BOOT/" + t.arch.loader,
	} {
		if err := fs.copy(ctx, from, to); err != nil {
			return "", err
		}
	}
	if err := fs.configure(ctx, Options{}); err != nil {
		return "", err
	}
	if t.arch.Name == AMD64.Name {
		_, err = run(ctx, "syslinux", "--install", fat)
	}
	return fat, err
}

// makeInitramfs gathers the files of the initramfs and packs them.
func makeInitramfs(ctx context.Context, work string, t tree) (string, error) {
	root := filepath.Join(work, "initramfs")
	if err := mkdirs(root, "bin", "sbin", "proc", "sys", "dev", "run", "newroot", "etc", "lib/modules"); err != nil {
		return "", err
	}
	if err := copyFile(t.path("bin/busybox"), filepath.Join(root, "bin/busybox"), 0o755); err != nil {
		return "", err
	}
	if err := os.Symlink("/bin/busybox", filepath.Join(root, "sbin/modprobe")); err != nil {
		return "", err // the kernel itself calls it to find crc32c
	}
	if err := t.addProgram(root, "sbin/iscsistart"); err != nil {
		return "", err
	}
	if err := t.addModules(ctx, root, diskModules); err != nil {
		return "", err
	}
	if err := writeFile(filepath.Join(root, "init"), script("init"), 0o755); err != nil {
		return "", err
	}
	path := filepath.Join(work, "initrd.img")
	f, err := os.Create(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	if err := writeInitramfs(f, root); err != nil {
		return "", err
	}
	return path, f.Close()
}

// applets are the commands of busybox that the guest's userland uses.
var applets = []string{
	"cat", "chroot", "cp", "cut", "dd", "dmesg", "echo", "grep", "mount", "mv", "md5sum",
	"poweroff", "sh", "sleep", "sync", "tail", "wc",
}

// rootPartition makes the ext4 filesystem that the guest mounts over iSCSI.
func rootPartition(ctx context.Context, work string, t tree) (string, error) {
	root := filepath.Join(work, "root")
	if err := mkdirs(root, "bin", "proc", "sys", "dev", "run", "data"); err != nil {
		return "", err
	}
	if err := copyFile(t.path("bin/busybox"), filepath.Join(root, "bin/busybox"), 0o755); err != nil {
		return "", err
	}
	for _, name := range applets {
		if err := os.Symlink("busybox", filepath.Join(root, "bin", name)); err != nil {
			return "", err
		}
	}
	if err := writeFile(filepath.Join(root, "sbin/init"), script("root-init"), 0o755); err != nil {
		return "", err
	}
	if err := addISCSID(filepath.Join(root, "iscsid"), t); err != nil {
		return "", err
	}
	if err := writeBlob(filepath.Join(root, "blob")); err != nil {
		return "", err
	}
	path := filepath.Join(work, "root.ext4")
	_, err := run(ctx, "mkfs.ext4", "-q", "-L", "guestroot", "-U", "1a0b00c5-0000-4000-8000-000000000001",
		"-E", "root_owner=0:0", "-d", root, path, fmt.Sprintf("%dk", rootSize/1024))
	return path, err
}

// addISCSID makes a root of its own for iscsid, for the guest to copy into
// memory. The daemon takes orders from root only, and looks root up by name.
func addISCSID(root string, t tree) error {
	if err := mkdirs(root, "dev", "proc", "sys", "run/lock/iscsi", "etc/iscsi/nodes"); err != nil {
		return err
	}
	if err := t.addProgram(root, "sbin/iscsid"); err != nil {
		return err
	}
	if err := writeFile(filepath.Join(root, "etc/passwd"), []byte("root:x:0:0:root:/:/bin/sh\n"), 0o644); err != nil {
		return err
	}
	return copyFile(t.path("etc/iscsi/iscsid.conf"), filepath.Join(root, "etc/iscsi/iscsid.conf"), 0o600)
}

// writeBlob leaves 4 MiB that no compression or cache can guess, with their sum:
// the guest reads them back through the whole chain.
func writeBlob(dir string) error {
	blob := make([]byte, 4*mib)
	rand.NewChaCha8([32]byte{1}).Read(blob)
	if err := writeFile(filepath.Join(dir, "blob"), blob, 0o644); err != nil {
		return err
	}
	sum := md5.Sum(blob)
	line := hex.EncodeToString(sum[:]) + "  blob\n"
	return writeFile(filepath.Join(dir, "blob.md5"), []byte(line), 0o644)
}

// assemble puts boot record and both partitions into one sparse file.
func assemble(path, boot, root string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Truncate(diskSize); err != nil {
		return err
	}
	code, err := os.ReadFile("/usr/lib/syslinux/mbr/mbr.bin")
	if err != nil {
		return fmt.Errorf("%w (package syslinux-common)", err)
	}
	if _, err := f.WriteAt(bootRecord(code), 0); err != nil {
		return err
	}
	for at, from := range map[int64]string{bootStart: boot, rootStart: root} {
		if err := writeSparse(f, at, from); err != nil {
			return err
		}
	}
	return f.Close()
}

// bootRecord returns a master boot record: the code, then the two partitions.
// Addresses are in sectors (LBA); the old cylinder fields say "too large".
func bootRecord(code []byte) []byte {
	mbr := make([]byte, sector)
	copy(mbr[:440], code)
	binary.LittleEndian.PutUint32(mbr[440:], 0x1a0b00c5)
	partition := func(i int, active, kind byte, start, size uint32) {
		p := mbr[446+16*i:]
		copy(p, []byte{active, 0xfe, 0xff, 0xff, kind, 0xfe, 0xff, 0xff})
		binary.LittleEndian.PutUint32(p[8:], start/sector)
		binary.LittleEndian.PutUint32(p[12:], size/sector)
	}
	partition(0, 0x80, 0xef, bootStart, bootSize) // EFI system partition, also active for BIOS
	partition(1, 0x00, 0x83, rootStart, rootSize)
	mbr[510], mbr[511] = 0x55, 0xaa
	return mbr
}

// writeSparse writes a file into f at an offset, leaving out what is all zero.
func writeSparse(f *os.File, at int64, from string) error {
	body, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	zero := make([]byte, 64<<10)
	for off := 0; off < len(body); off += len(zero) {
		part := body[off:min(off+len(zero), len(body))]
		if bytes.Equal(part, zero[:len(part)]) {
			continue
		}
		if _, err := f.WriteAt(part, at+int64(off)); err != nil {
			return err
		}
	}
	return nil
}

func mkdirs(root string, names ...string) error {
	for _, name := range names {
		if err := os.MkdirAll(filepath.Join(root, name), 0o755); err != nil {
			return err
		}
	}
	return nil
}
