// Package image imports disk images into a directory of volumes: raw, qcow2 and fixed vhd,
// plain or compressed with gzip, xz, zstd, bzip2, lz4 or lzma, alone or in a tar or zip
// archive, from a file, a stream or a web server, and vmdk, vhdx, vdi and other vhd where
// the program qemu-img is installed.
//
// An image passes through once. What arrives is counted and hashed, decompressed if
// its first bytes say that it is compressed, and, if raw, written straight to its
// place, with holes for zeros. The other formats have tables that point all over
// the file, so they are put down in a nameless temporary file first. A download
// that breaks off goes on where it was (HTTP Range), as long as it is certain that
// it is still the same file, and begins again if it is not. The image is there when
// [Import] has returned nil; if it fails, is cancelled or interrupted by a crash,
// nothing is left.
//
// # Images are not to be trusted
//
// An image format is a file system in small, and made to say things like "the rest
// is in /etc/shadow". Therefore: a qcow2 file is read by a reader of ours, which
// opens no other file, and refuses backing files, external data, encryption,
// features it does not know and tables that lie outside of the file or share what
// they point to. What an image claims to be as large as is checked before anything is
// written, and nothing is decompressed beyond that, nor with more memory than the
// strongest presets of xz and zstd want or half of the free memory is, whatever a later
// block of the file asks for.
// A vmdk file must have its data in itself. qemu-img gets the format named, an open
// file instead of a path, and limits for memory. What is read by which reader is decided
// by the first bytes ([Sniff]), never by what was said alone: where the two differ, and for
// what is no disk image at all, the file is refused with what to do instead.
package image
