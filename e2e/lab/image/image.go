// Package image builds the disk that the machines of a lab boot from: a small
// but real Linux.
//
//	MBR | FAT16: SYSLINUX for BIOS, systemd-boot for UEFI, kernel, initramfs | ext4: root
//
// The kernel is Debian's, and the way to the root is a distribution's: the
// firmware leaves an iBFT behind, iscsistart reads it and logs in again, the
// root is mounted by label, iscsid watches over the session. So what boots here
// is held to what boots in a machine room. The guest reports each step on its
// serial line in lines that begin with "guest:" (see guest/init).
//
// Everything is made of plain files with ordinary tools: no root, no mounts, no
// loop devices. It takes a few seconds, and the result is kept, so a second call
// costs nothing. What a guest does after its checks is decided for each copy,
// without building again: see Options.
package image

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

//go:embed guest
var guest embed.FS

// recipe changes whenever the layout of the image does, so that no stale image
// is taken for a new one. The guest's scripts are counted in by themselves.
const recipe = "8"

// Image is a finished boot disk. It is only ever copied, never booted itself.
type Image struct {
	path string
}

// Build returns the boot disk, building it under dir unless it is there already.
// Several processes may build at once: one does the work, the others wait.
func Build(ctx context.Context, dir string) (Image, error) { return AMD64.Build(ctx, dir) }

// Build is the boot disk for machines of that architecture.
func (a Arch) Build(ctx context.Context, dir string) (Image, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return Image{}, err
	}
	img := Image{path: filepath.Join(dir, "guest-"+a.Name+"-"+fingerprint()+".raw")}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return Image{}, err
	}
	unlock, err := lock(filepath.Join(dir, "guest.lock"))
	if err != nil {
		return Image{}, fmt.Errorf("wait for the boot image: %w", err)
	}
	defer unlock()
	if _, err := os.Stat(img.path); err == nil {
		return img, nil
	}
	if err := a.build(ctx, dir, img.path); err != nil {
		return Image{}, fmt.Errorf("build the boot image: %w", err)
	}
	return img, nil
}

// build makes the disk in a scratch folder and moves it into place when whole.
func (a Arch) build(ctx context.Context, dir, path string) error {
	work, err := os.MkdirTemp(dir, "building-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	debs, err := a.fetch(ctx, filepath.Join(dir, "debs"), filepath.Join(work, "debs"))
	if err != nil {
		return err
	}
	boot, err := bootPartition(ctx, work, debs)
	if err != nil {
		return fmt.Errorf("boot partition: %w", err)
	}
	root, err := rootPartition(ctx, work, debs)
	if err != nil {
		return fmt.Errorf("root partition: %w", err)
	}
	disk := filepath.Join(work, "disk.raw")
	if err := assemble(disk, boot, root); err != nil {
		return err
	}
	return os.Rename(disk, path)
}

// fingerprint names the recipe: the same name, the same image.
func fingerprint() string {
	h := sha256.New()
	h.Write([]byte(recipe))
	for _, name := range []string{"guest/init", "guest/root-init"} {
		b, _ := fs.ReadFile(guest, name) // embedded: cannot be absent
		h.Write(b)
	}
	return hex.EncodeToString(h.Sum(nil))[:12]
}

// lock takes the lock file at path and returns the function that releases it.
func lock(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	for {
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX)
		if err != unix.EINTR {
			break
		}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return func() { f.Close() }, nil
}
