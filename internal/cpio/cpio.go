// Package cpio writes archives in the format "newc", of which Linux unpacks its first root.
package cpio

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Write writes the folder as an archive. Every file belongs to root and has no date, so that
// the same files make the same archive.
// Source: Linux, Documentation/driver-api/early-userspace/buffer-format.rst.
func Write(w io.Writer, dir string) error {
	c := &writer{w: w}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		return c.add(name, path, d)
	})
	if err != nil {
		return err
	}
	return c.entry("TRAILER!!!", 0, nil)
}

type writer struct {
	w     io.Writer
	inode int
}

// add appends one file, folder or symbolic link.
func (c *writer) add(name, path string, d fs.DirEntry) error {
	info, err := d.Info()
	if err != nil {
		return err
	}
	perm := uint32(info.Mode().Perm())
	switch {
	case d.IsDir():
		return c.entry(name, 0o040000|perm, nil)
	case d.Type() == fs.ModeSymlink:
		to, err := os.Readlink(path)
		if err != nil {
			return err
		}
		return c.entry(name, 0o120777, []byte(to))
	case d.Type().IsRegular():
		body, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return c.entry(name, 0o100000|perm, body)
	}
	return fmt.Errorf("%s: cannot archive a %v", path, d.Type())
}

// entry writes header, name and body, each padded to four bytes.
func (c *writer) entry(name string, mode uint32, body []byte) error {
	c.inode++
	header := fmt.Sprintf("070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%s\x00",
		c.inode, mode, 0, 0, 1, 0, len(body), 0, 0, 0, 0, len(name)+1, 0, name)
	for _, part := range [][]byte{[]byte(header), body} {
		part = append(part, make([]byte, -len(part)&3)...)
		if _, err := c.w.Write(part); err != nil {
			return err
		}
	}
	return nil
}
