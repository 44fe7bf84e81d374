package image

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

//go:embed debian
var debian embed.FS

// debianPackages make of a minimal Debian what its images for clouds are: their
// kernel, the stock initramfs, systemd; and the stock initiator beside them.
const debianPackages = "busybox,dbus,initramfs-tools,kmod,linux-image-cloud-amd64,open-iscsi,systemd-sysv,udev,zstd"

// cloudPackages are what Debian's images for clouds have beside those: cloud-init, which
// takes host name, keys and commands from a config drive.
const cloudPackages = debianPackages + ",cloud-init,openssh-server"

// Where things are on Debian's disk, in bytes: GRUB in the gap behind the boot record,
// as its installer would put it, then one partition.
const (
	debianStart = 1 * mib
	debianSize  = 768 * mib
)

// Debian makes a whole distribution's disk image, a qcow2 file compressed like those
// one downloads, and returns its path. Nothing in it was made for us but a service that
// reports on the serial line what it finds and leaves a note (debian/note), and the one
// line that the distribution's guides ask for, ISCSI_AUTO=true. It is made of the
// packages that apt on this host would install, by mmdebstrap, as root; that takes a
// minute, and the result is kept under dir.
func Debian(ctx context.Context, dir string) (path string, err error) {
	return distribution(ctx, dir, "debian", debianPackages)
}

// CloudDebian is Debian with cloud-init.
func CloudDebian(ctx context.Context, dir string) (path string, err error) {
	return distribution(ctx, dir, "cloud", cloudPackages)
}

func distribution(ctx context.Context, dir, name, packages string) (path string, err error) {
	if os.Geteuid() != 0 {
		return "", errors.New("build Debian's image: packages can be installed into it by root only")
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	path = filepath.Join(dir, name+"-"+debianFingerprint(packages)+".qcow2")
	unlock, err := lock(filepath.Join(dir, name+".lock"))
	if err != nil {
		return "", fmt.Errorf("wait for Debian's image: %w", err)
	}
	defer unlock()
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if err := buildDebian(ctx, dir, path, packages); err != nil {
		return "", fmt.Errorf("build Debian's image: %w", err)
	}
	return path, nil
}

// debianFingerprint names the recipe.
func debianFingerprint(packages string) string {
	h := sha256.New()
	fmt.Fprint(h, "1", packages)
	for _, name := range []string{"note", "note.service", "grub.cfg"} {
		h.Write(debianFile(name))
	}
	return hex.EncodeToString(h.Sum(nil))[:12]
}

func debianFile(name string) []byte {
	b, _ := fs.ReadFile(debian, "debian/"+name) // embedded: cannot be absent
	return b
}

func buildDebian(ctx context.Context, dir, path, packages string) error {
	work, err := os.MkdirTemp(dir, "building-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	root := filepath.Join(work, "root")
	if err := bootstrap(ctx, work, root, packages); err != nil {
		return err
	}
	if err := addNote(root); err != nil {
		return err
	}
	part := filepath.Join(work, "root.ext4")
	if _, err := run(ctx, "mkfs.ext4", "-q", "-L", "debianroot", "-d", root, part, fmt.Sprintf("%dk", debianSize/1024)); err != nil {
		return err
	}
	disk := filepath.Join(work, "disk.raw")
	if err := assembleDebian(ctx, work, disk, part); err != nil {
		return err
	}
	whole := filepath.Join(work, "disk.qcow2")
	if _, err := run(ctx, "qemu-img", "convert", "-c", "-m", "4", "-W", "-f", "raw", "-O", "qcow2", disk, whole); err != nil {
		return err
	}
	return os.Rename(whole, path)
}

// bootstrap installs the distribution into an empty folder, from where this host has
// its own packages.
func bootstrap(ctx context.Context, work, root, packages string) error {
	release, err := os.ReadFile("/etc/os-release")
	if err != nil {
		return err
	}
	_, rest, _ := strings.Cut(string(release), "VERSION_CODENAME=")
	suite, _, _ := strings.Cut(rest, "\n")
	lines, err := run(ctx, "apt-get", "indextargets", "--format", "deb $(SITE) $(RELEASE) $(COMPONENT)", "Created-By: Packages")
	if err != nil {
		return err
	}
	sources := filepath.Join(work, "sources.list")
	if err := os.WriteFile(sources, lines, 0o644); err != nil {
		return err
	}
	_, err = run(ctx, "mmdebstrap", "--quiet", "--mode=root", "--variant=minbase", "--include="+packages,
		"--dpkgopt=force-unsafe-io", "--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/man/*",
		"--dpkgopt=path-exclude=/usr/share/locale/*",
		`--extract-hook=mkdir -p "$1/etc/iscsi" && echo ISCSI_AUTO=true >"$1/etc/iscsi/iscsi.initramfs"`,
		"--format=directory", suite, root, sources)
	if err != nil {
		return fmt.Errorf("%w\n(package mmdebstrap; an old package list is the usual cause: run apt-get update)", err)
	}
	return nil
}

// addNote adds the scripts that report to the tests.
func addNote(root string) error {
	if err := mkdirs(root, "var/lib/notes"); err != nil {
		return err
	}
	for path, file := range map[string]struct {
		body string
		mode fs.FileMode
	}{
		"usr/local/sbin/note":                  {string(debianFile("note")), 0o755},
		"etc/systemd/system/note.service":      {string(debianFile("note.service")), 0o644},
		"boot/grub/grub.cfg":                   {string(debianFile("grub.cfg")), 0o644},
		"etc/fstab":                            {"LABEL=debianroot / ext4 errors=remount-ro,_netdev 0 1\n", 0o644},
		"etc/iscsi/initiatorname.iscsi":        {"GenerateName=yes\n", 0o600}, // as an image for many has it
		"etc/hostname":                         {"golden\n", 0o644},
		"etc/systemd/system.conf.d/quiet.conf": {"[Manager]\nShowStatus=no\n", 0o644},
	} {
		if err := writeFile(filepath.Join(root, path), []byte(file.body), file.mode); err != nil {
			return err
		}
	}
	wants := filepath.Join(root, "etc/systemd/system/multi-user.target.wants")
	if err := os.MkdirAll(wants, 0o755); err != nil {
		return err
	}
	return os.Symlink("../note.service", filepath.Join(wants, "note.service"))
}

// assembleDebian puts boot record, GRUB and partition into one sparse file. The first
// sector of GRUB's core image expects to be the second of the disk.
func assembleDebian(ctx context.Context, work, path, part string) error {
	const modules = "/usr/lib/grub/i386-pc"
	core := filepath.Join(work, "core.img")
	if _, err := run(ctx, "grub-mkimage", "-O", "i386-pc", "-d", modules, "-p", "(hd0,msdos1)/boot/grub", "-o", core,
		"biosdisk", "part_msdos", "ext2", "normal", "linux", "echo", "serial", "terminal", "search", "search_label", "boot"); err != nil {
		return fmt.Errorf("%w (packages grub-common, grub-pc-bin)", err)
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Truncate(debianStart + debianSize); err != nil {
		return err
	}
	code, err := os.ReadFile(modules + "/boot.img")
	if err != nil {
		return fmt.Errorf("%w (package grub-pc-bin)", err)
	}
	if _, err := f.WriteAt(debianRecord(code), 0); err != nil {
		return err
	}
	for at, from := range map[int64]string{sector: core, debianStart: part} {
		if err := writeSparse(f, at, from); err != nil {
			return err
		}
	}
	return f.Close()
}

// debianRecord is a master boot record with one partition.
func debianRecord(code []byte) []byte {
	mbr := make([]byte, sector)
	copy(mbr[:440], code)
	p := mbr[446:]
	copy(p, []byte{0x80, 0xfe, 0xff, 0xff, 0x83, 0xfe, 0xff, 0xff})
	binary.LittleEndian.PutUint32(p[8:], debianStart/sector)
	binary.LittleEndian.PutUint32(p[12:], debianSize/sector)
	mbr[510], mbr[511] = 0x55, 0xaa
	return mbr
}
