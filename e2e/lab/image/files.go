package image

import (
	"bytes"
	"context"
	"debug/elf"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Modules the guest may need, by the names modprobe knows them.
var diskModules = []string{
	"virtio_pci", "virtio_net", "e1000", "af_packet",
	"iscsi_ibft", "iscsi_tcp", "8021q", "crc32c_generic",
	"sd_mod", "ext4",
	"virtio_blk", "virtio_scsi", "nvme", "isofs",
}

// addProgram copies a program of the tree, and every library it needs, under root.
func (t tree) addProgram(root, name string) error {
	if err := copyFile(t.path(name), filepath.Join(root, "sbin", filepath.Base(name)), 0o755); err != nil {
		return err
	}
	if err := t.addLibrary(root, filepath.Base(t.arch.linker), filepath.Dir(t.arch.linker)); err != nil {
		return err
	}
	return t.addLibraries(root, t.path(name))
}

func (t tree) addLibraries(root, file string) error {
	f, err := elf.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	names, err := f.ImportedLibraries()
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := t.addLibrary(root, name, t.arch.libraries[0]); err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(file), err)
		}
	}
	return nil
}

// addLibrary copies one library and what it needs in turn. Libraries come from
// the unpacked packages or, those of the base system, from the host.
func (t tree) addLibrary(root, name, dir string) error {
	dest := filepath.Join(root, dir, name)
	if _, err := os.Stat(dest); err == nil {
		return nil
	}
	for _, base := range []string{t.dir, "/"} {
		for _, d := range append(t.arch.libraries, filepath.Dir(t.arch.linker)) {
			from := filepath.Join(base, d, name)
			if _, err := os.Stat(from); err != nil {
				continue
			}
			if err := copyFile(from, dest, 0o755); err != nil {
				return err
			}
			return t.addLibraries(root, from)
		}
	}
	return fmt.Errorf("needs the library %s, which is neither unpacked nor on this host", name)
}

// addModules copies the kernel modules, with those they depend on, under root.
func (t tree) addModules(ctx context.Context, root string, modules []string) error {
	if _, err := run(ctx, "depmod", "-b", t.dir, t.kernel); err != nil {
		return err
	}
	for _, name := range slices.Concat(modules, t.arch.modules) {
		out, err := run(ctx, "modprobe", "-d", t.dir, "-S", t.kernel, "--show-depends", name)
		if err != nil {
			return err
		}
		for line := range strings.Lines(string(out)) {
			if path, ok := strings.CutPrefix(line, "insmod "); ok {
				if err := t.addModule(ctx, root, strings.TrimSpace(path)); err != nil {
					return err
				}
			}
		}
	}
	base := filepath.Join("lib/modules", t.kernel)
	for _, name := range []string{"modules.order", "modules.builtin", "modules.builtin.modinfo"} {
		if err := copyFile(t.path(filepath.Join(base, name)), filepath.Join(root, base, name), 0o644); err != nil {
			return err
		}
	}
	_, err := run(ctx, "depmod", "-b", root, t.kernel)
	return err
}

// addModule copies a module; one that Debian ships compressed is unpacked, since
// the archive is compressed as a whole.
func (t tree) addModule(ctx context.Context, root, path string) error {
	rel, err := filepath.Rel(t.dir, path)
	if err != nil {
		return err
	}
	dest := filepath.Join(root, strings.TrimSuffix(rel, ".xz"))
	if !strings.HasSuffix(rel, ".xz") {
		return copyFile(path, dest, 0o644)
	}
	body, err := run(ctx, "xz", "--decompress", "--stdout", path)
	if err != nil {
		return err
	}
	return writeFile(dest, body, 0o644)
}

func copyFile(from, to string, mode fs.FileMode) error {
	body, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return writeFile(to, body, mode)
}

func writeFile(path string, body []byte, mode fs.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, body, mode)
}

// script returns a program of the guest, as embedded.
func script(name string) []byte {
	b, _ := guest.ReadFile("guest/" + name) // embedded: cannot be absent
	return bytes.Clone(b)
}
