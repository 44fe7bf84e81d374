package image

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"
)

// An archive is read if it contains exactly one disk. Clouds and hypervisors publish disks in
// archives, together with licences and descriptions.

// maxMembers bounds the files of an archive that are examined.
const maxMembers = 10000

// member is a file in an archive.
type member struct {
	name string
	size int64
	head []byte // the first bytes
}

// isDisk reports whether a member is a disk: by its content, or, if that is not recognized,
// by its size and name.
func (m member) isDisk() bool {
	k, known := Sniff(m.head)
	if known {
		return k.Format != Auto || k.open != nil && !strings.Contains(m.name, ".tar.")
	}
	named := slices.Contains([]string{".img", ".raw", ".dd", ".iso", ".bin"}, strings.ToLower(path.Ext(m.name)))
	return m.size%512 == 0 && m.size > 0 && (m.size >= 1<<20 || named)
}

// disks are the names of the disks found in an archive.
type disks []string

// found records a disk, and fails if it is not the first.
func (d *disks) found(name string) error {
	if *d = append(*d, name); len(*d) > 1 {
		return fmt.Errorf("the archive has more than one disk (%.80q and %.80q): unpack it first and send the disk that you mean: %w", (*d)[0],
			name, ErrUnsupported)
	}
	return nil
}

func (d disks) check() error {
	if len(d) == 0 {
		return fmt.Errorf("there is no disk image in the archive: unpack it and look what is: %w", ErrUnsupported)
	}
	return nil
}

func errMembers() error {
	return fmt.Errorf("the archive has more than %d files: unpack it first and send the disk: %w", maxMembers, ErrUnsupported)
}

// untar reads a tar archive as a stream.
func (u *unpacker) untar(r io.Reader) error {
	src := &observed{r: r}
	t, found := tar.NewReader(src), disks(nil)
	for range maxMembers {
		h, err := t.Next()
		if err == io.EOF {
			return found.check()
		}
		if err != nil {
			return brokenTar(src, err)
		}
		if h.Typeflag != tar.TypeReg && h.Typeflag != tar.TypeGNUSparse {
			continue
		}
		b := bufio.NewReaderSize(tarMember{t, src}, 64<<10)
		head, err := b.Peek(SniffLength)
		if err != nil && err != io.EOF {
			return err
		}
		if !(member{h.Name, h.Size, head}).isDisk() {
			continue
		}
		if err := found.found(h.Name); err != nil {
			return err
		}
		if err := u.member(b, h.Name); err != nil {
			return err
		}
	}
	return errMembers()
}

// tarMember reads a file in a tar archive and adds the kind to its errors.
type tarMember struct {
	t   *tar.Reader
	src *observed
}

func (m tarMember) Read(p []byte) (int, error) {
	n, err := m.t.Read(p)
	if err != nil && err != io.EOF {
		err = brokenTar(m.src, err)
	}
	return n, err
}

func brokenTar(src *observed, err error) error {
	if src.err != nil {
		return src.err
	}
	return fmt.Errorf("the tar archive is cut off or damaged at byte %d of what it has unpacked: %s: %w: %w", src.n, sendAgain, ErrDamaged,
		err)
}

// unzip reads a zip archive. Its directory is at the end, so it is spooled.
func (u *unpacker) unzip(r io.Reader) error {
	f, err := u.b.Temp()
	if err != nil {
		return err
	}
	length, err := spool(u.b, f, &atMost{r, u.most + u.most/64 + 64<<20})
	if err == nil {
		err = u.unzipFile(f, length)
	}
	return errors.Join(err, f.Close())
}

func (u *unpacker) unzipFile(f *os.File, length int64) error {
	z, err := zip.NewReader(f, length)
	if err != nil {
		return fmt.Errorf("the zip archive is cut off or damaged: %s: %w: %w", sendAgain, ErrDamaged, err)
	}
	if len(z.File) > maxMembers {
		return errMembers()
	}
	var found disks
	var disk *zip.File
	for _, m := range z.File {
		is, err := zippedDisk(m)
		if err != nil {
			return err
		}
		if !is {
			continue
		}
		if err := found.found(m.Name); err != nil {
			return err
		}
		disk = m
	}
	if err := found.check(); err != nil {
		return err
	}
	src, err := disk.Open()
	if err != nil {
		return brokenZip(disk, err)
	}
	return errors.Join(u.member(zipMember{disk, src}, disk.Name), src.Close())
}

// zippedDisk reports whether a file in a zip archive begins as a disk.
func zippedDisk(m *zip.File) (bool, error) {
	if !m.Mode().IsRegular() {
		return false, nil
	}
	if m.Flags&1 != 0 {
		return false, fmt.Errorf("%.80q in the zip archive is encrypted: unpack it first: %w", m.Name, ErrUnsupported)
	}
	src, err := m.Open()
	if err != nil {
		return false, brokenZip(m, err)
	}
	defer src.Close() //nolint:errcheck // only read
	head := make([]byte, SniffLength)
	n, err := io.ReadFull(src, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return false, brokenZip(m, err)
	}
	return (member{m.Name, int64(m.UncompressedSize64), head[:n]}).isDisk(), nil
}

// zipMember reads a file in a zip archive and adds the kind to its errors.
type zipMember struct {
	file *zip.File
	r    io.Reader
}

func (m zipMember) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	if err != nil && err != io.EOF {
		err = brokenZip(m.file, err)
	}
	return n, err
}

func brokenZip(m *zip.File, err error) error {
	if errors.Is(err, zip.ErrAlgorithm) {
		return fmt.Errorf("%.80q in the zip archive is compressed in way %d, which is not known here: unpack it first: %w", m.Name, m.Method,
			ErrUnsupported)
	}
	return fmt.Errorf("%.80q in the zip archive is damaged: %s: %w: %w", m.Name, sendAgain, ErrDamaged, err)
}
