// Package initramfs packs the small systems that Ironhook is the first program of, the agent's and the stick's: which of a kernel's
// modules they have, and the archive that the kernel unpacks. The same files make the same archive.
package initramfs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/zstd"

	"ironhook/internal/cpio"
)

// window is how far back the compression refers: the memory that unpacking takes.
const window = 8 << 20

// Write packs the directory root into the file out, which it replaces at once, or not at all.
func Write(out, root string) error {
	f, err := os.CreateTemp(filepath.Dir(out), ".initrd-")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) //nolint:errcheck // it has another name then
	z, err := zstd.NewWriter(f, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(window))
	if err == nil {
		err = errors.Join(cpio.Write(z, root), z.Close(), f.Chmod(0o644), f.Close())
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), out)
}

// CopyFile copies a file, and makes the directory that it goes to.
func CopyFile(from, to string, mode fs.FileMode) error {
	b, err := os.ReadFile(from)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(to), 0o755)
	}
	if err != nil {
		return err
	}
	return os.WriteFile(to, b, mode)
}
