package image

import (
	"compress/gzip"
	"errors"
	"io"

	"ironhook/internal/cpio"
)

// writeInitramfs writes the folder as an initramfs, compressed by gzip.
func writeInitramfs(w io.Writer, dir string) error {
	z := gzip.NewWriter(w)
	return errors.Join(cpio.Write(z, dir), z.Close())
}
