package image

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
)

// Kind is the kind of a file according to its first bytes.
type Kind struct {
	Name   string // as in "it is NAME"
	Format Format // the disk format, if it is one that is read
	Remedy string // what to do with a file that is not read; empty for those that are

	open    opener // undoes the compression, if it is one that is undone
	archive string // which kind of archive, if it is one that is read
}

// SniffLength is the number of bytes that [Sniff] examines.
const SniffLength = 1024

// magic is a signature at an offset.
type magic struct {
	off    int
	bytes  string
	kind   Kind
	unless string // at the end of the first sector, which says that this is a disk after all
}

const (
	unpack7z   = "unpack it first and send the disk image that is in it"
	unpackZstd = "unpack it first (zstd -d)"
	toQcow2    = "convert it first (qemu-img convert -O qcow2)"
	notADisk   = "send the disk image itself"
	bootable   = "\x55\xaa" // of a master boot record; a disk may have anything before it
)

// magics lists the known signatures. Partition tables, file systems and ISO 9660 are not among
// them: these are raw, and so is any unknown file.
var magics = []magic{
	{0, "QFI\xfb", Kind{Name: "a qcow2 image", Format: Qcow2}, ""},
	{0, "KDMV", Kind{Name: "a vmdk image", Format: VMDK}, ""},
	{0, "COWD", Kind{Name: "a vmdk image", Format: VMDK}, ""},
	{0, "# Disk DescriptorFile", Kind{Name: "a vmdk image", Format: VMDK}, ""},
	{0, "vhdxfile", Kind{Name: "a vhdx image", Format: VHDX}, ""},
	{0, vhdMagic, Kind{Name: "a vhd image", Format: VHD}, ""}, // a fixed one has this at its end only
	{0x40, "\x7f\x10\xda\xbe", Kind{Name: "a vdi image", Format: VDI}, ""},
	{0, "QED\x00", Kind{Name: "a qed image", Remedy: toQcow2}, ""},
	{0, "WithoutFreeSpace", Kind{Name: "a Parallels image", Remedy: toQcow2}, ""},
	{0, "WithouFreSpacExt", Kind{Name: "a Parallels image", Remedy: toQcow2}, ""},
	{0, "Bochs Virtual HD Image", Kind{Name: "a Bochs image", Remedy: toQcow2}, ""},

	{0, "\x1f\x8b\x08", Kind{Name: "compressed with gzip", open: openGzip}, ""},
	{0, xzMagic, Kind{Name: "compressed with xz", open: openXZ}, ""},
	{0, "\x28\xb5\x2f\xfd", Kind{Name: "compressed with zstd", open: openZstd}, ""},
	{0, "BZh", Kind{Name: "compressed with bzip2", open: openBzip2}, ""}, // and more: see fits
	{0, "\x04\x22\x4d\x18", Kind{Name: "compressed with lz4", open: openLZ4}, ""},
	{0, "\x02\x21\x4c\x18", Kind{Name: "compressed with lz4", open: openLZ4}, ""},
	{0, "\x89LZO\x00\r\n\x1a\n", Kind{Name: "compressed with lzop", Remedy: "unpack it first (lzop -d)"}, ""},
	{0, "LZIP\x01", Kind{Name: "compressed with lzip", Remedy: "unpack it first (lzip -d)"}, ""},
	{0, lzmaMagic, Kind{Name: "compressed with lzma", open: openLZMA}, bootable}, // and more: see fits
	{0, "\x25\xb5\x2f\xfd", Kind{Name: "compressed with an old zstd", Remedy: unpackZstd}, bootable},
	{0, "\x26\xb5\x2f\xfd", Kind{Name: "compressed with an old zstd", Remedy: unpackZstd}, bootable},
	{0, "\x27\xb5\x2f\xfd", Kind{Name: "compressed with an old zstd", Remedy: unpackZstd}, bootable},
	{0, "\x1f\x9d", Kind{Name: "compressed with compress", Remedy: "unpack it first (gzip -d)"}, bootable},
	{0, "\x1f\xa0", Kind{Name: "compressed with SCO's lzh", Remedy: "unpack it first (gzip -d)"}, bootable},
	{0, "\x1f\x1e", Kind{Name: "compressed with pack", Remedy: "unpack it first (gzip -d)"}, bootable},

	{257, "ustar", Kind{Name: "a tar archive", archive: "tar"}, bootable},
	{0, "PK\x03\x04", Kind{Name: "a zip archive", archive: "zip"}, ""},
	{0, "PK\x05\x06", Kind{Name: "a zip archive", archive: "zip"}, ""},
	{0, "7z\xbc\xaf\x27\x1c", Kind{Name: "a 7z archive", Remedy: unpack7z}, ""},
	{0, "Rar!\x1a\x07", Kind{Name: "a rar archive", Remedy: unpack7z}, ""},
	{0, "070701", Kind{Name: "a cpio archive", Remedy: unpack7z}, bootable},
	{0, "MSWIM\x00\x00\x00", Kind{Name: "a Windows image (wim)", Remedy: "apply it to a disk first and send the image of that"}, ""},
	{0, "#!/", Kind{Name: "a script", Remedy: notADisk}, bootable},
	{0, "#cloud-config", Kind{Name: "a configuration for cloud-init", Remedy: notADisk}, bootable},
	{0, "!<arch>\n", Kind{Name: "an ar archive or Debian package", Remedy: notADisk}, ""},
	{0, "\xed\xab\xee\xdb", Kind{Name: "an RPM package", Remedy: notADisk}, ""},
	{514, "HdrS", Kind{Name: "a Linux kernel", Remedy: notADisk}, ""},
	{0, "\x7fELF", Kind{Name: "an ELF program", Remedy: notADisk}, ""},
	{0, "%PDF-", Kind{Name: "a PDF document", Remedy: notADisk}, bootable},
	{0, "version https://git-lfs", Kind{Name: "a Git LFS pointer", Remedy: "fetch the file that it points to (git lfs pull)"}, bootable},
	{0, "-----BEGIN ", Kind{Name: "a text in PEM", Remedy: notADisk}, bootable},
}

// pages are the beginnings of texts that servers send instead of a file, in lower case and
// without leading white space.
var pages = []struct{ begin, name string }{
	{"<!doctype html", "an HTML page"}, {"<html", "an HTML page"}, {"<head", "an HTML page"}, {"<body", "an HTML page"},
	{"<script", "an HTML page"}, {"<title", "an HTML page"}, {"<!--", "an HTML or XML page"}, {"<?xml", "an XML document"},
	{"<error>", "an XML document"},
	{"{\"", "a JSON document"}, {"[{\"", "a JSON document"},
}

const pageRemedy = "the server may want a login, or the address be of a page about the image; " + notADisk

// Sniff returns the kind of a file by its first [SniffLength] bytes, or all of them. ok is
// false for a raw disk and for an unknown kind.
func Sniff(head []byte) (k Kind, ok bool) {
	for _, m := range magics {
		if m.fits(head) {
			return m.kind, true
		}
	}
	if skippable(head) {
		return Kind{Name: "compressed with zstd", open: openZstd}, true
	}
	return sniffPage(head)
}

func (m magic) fits(head []byte) bool {
	if len(head) < m.off || !bytes.HasPrefix(head[m.off:], []byte(m.bytes)) || m.unless != "" && hasAt(head, 510, m.unless) {
		return false
	}
	switch m.bytes {
	case "BZh":
		return hasAt(head, 4, "\x31\x41\x59\x26\x53\x59") || hasAt(head, 4, "\x17\x72\x45\x38\x50\x90")
	case lzmaMagic:
		return lzmaHeader(head)
	}
	return true
}

// lzmaMagic is the byte of the usual properties and two bytes that are zero for all usual
// dictionary sizes.
const lzmaMagic = "\x5d\x00\x00"

// lzmaHeader reports whether a file begins as xz --format=lzma writes it: with an unknown or a
// plausible length.
func lzmaHeader(head []byte) bool {
	return len(head) > 13 && head[3]|head[4] != 0 &&
		(hasAt(head, 5, strings.Repeat("\xff", 8)) || hasAt(head, 10, "\x00\x00\x00") && !isZeros(head[5:10])) && head[13] == 0
}

func isZeros(b []byte) bool { return len(bytes.Trim(b, "\x00")) == 0 }

func hasAt(head []byte, off int, want string) bool {
	return len(head) >= off && bytes.HasPrefix(head[off:], []byte(want))
}

// skippable reports whether a zstd file begins with a frame of something else (RFC 8878
// section 3.1.2), as pzstd writes them.
func skippable(head []byte) bool {
	return len(head) >= 8 && head[0]&0xf0 == 0x50 && string(head[1:4]) == "\x2a\x4d\x18"
}

// sniffPage recognizes texts: a known beginning and no control characters.
func sniffPage(head []byte) (Kind, bool) {
	text := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	if bytes.ContainsFunc(text, func(r rune) bool { return r < ' ' && !strings.ContainsRune("\t\r\n\f", r) }) {
		return Kind{}, false
	}
	solid := bytes.ToLower(text[:min(len(text), 64)])
	if len(solid) > 0 && (solid[0] == '{' || solid[0] == '[') {
		solid = bytes.Join(bytes.Fields(solid), nil)
	}
	for _, p := range pages {
		if bytes.HasPrefix(solid, []byte(p.begin)) {
			return Kind{Name: p.name, Remedy: pageRemedy}, true
		}
	}
	return Kind{}, false
}

// SniffFile is [Sniff] for a file or block device. It does not move the file offset.
func SniffFile(path string) (k Kind, ok bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return k, false, err
	}
	defer f.Close()
	head := make([]byte, SniffLength)
	n, err := io.ReadFull(f, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return k, false, err
	}
	k, ok = Sniff(head[:n])
	return k, ok, nil
}

// choose returns the format in which to read a file that begins with head (after
// decompression), given the format that the caller stated, if any.
func choose(said Format, head []byte) (Format, error) {
	if _, known := decoders[said]; said != Auto && said != Raw && !known {
		return said, fmt.Errorf("format %.20q: %w", said, ErrUnsupported)
	}
	k, ok := Sniff(head)
	switch {
	case !ok && (said == Auto || said == Raw):
		return Raw, nil
	case !ok && said == VHD: // a fixed one begins as the disk does
		return VHD, nil
	case !ok:
		return said, notSaid(said)
	case k.open != nil:
		return said, fmt.Errorf("the file is %s, more than once; unpack it first: %w", k.Name, ErrUnsupported)
	case k.archive != "":
		return said, fmt.Errorf("the file is %s in an archive; unpack it first: %w", k.Name, ErrUnsupported)
	case k.Remedy != "":
		return said, fmt.Errorf("the file is no disk image that can be read but %s: %s: %w", k.Name, k.Remedy, ErrUnsupported)
	case said != Auto && said != k.Format:
		return said, misnamed(said, k)
	}
	return k.Format, nil
}

func notSaid(said Format) error {
	return fmt.Errorf("the file is no %s image; if it is a raw disk, say so (--disk-format raw): %w", said, ErrFormat)
}

func misnamed(said Format, k Kind) error {
	return fmt.Errorf("the file was said to be %s, but is %s; say so (--disk-format %s): %w", said, k.Name, k.Format, ErrFormat)
}
