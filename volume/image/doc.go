// Package image imports disk images into a directory of volumes: raw, qcow2 and fixed vhd,
// plain or compressed with gzip, xz, zstd, bzip2, lz4 or lzma, alone or in a tar or zip
// archive, from a file, a stream or a web server, and vmdk, vhdx, vdi and other vhd where
// the program qemu-img is installed.
//
// The data is read once. It is counted and hashed, decompressed if its first bytes are those
// of a compressed file, and, if raw, written straight to the image, with holes for zeros.
// The tables of other formats point all over the file, so these are spooled to an unnamed
// temporary file first. A broken download resumes (HTTP Range) if the file is certainly
// the same, and restarts otherwise. The image exists when [Import] has returned nil; a
// failure, a cancellation or a crash leaves nothing.
//
// # Images are not trusted
//
// An image format is a small file system, and can refer to other files, such as
// /etc/shadow. Therefore qcow2 is read by our own reader, which opens no other file, and
// refuses backing files, external data, encryption, unknown features, and tables that
// lie outside of the file or share clusters. The virtual size is checked before anything
// is written, and bounds decompression; the window of a decompressor is bounded by the
// strongest presets of xz and zstd or half of the free memory.
// A vmdk file must contain its own data. qemu-img receives the format, an open file
// instead of a path, and a memory limit. The first bytes ([Sniff]) select the reader: where
// they contradict the format that was given, or belong to no disk image at all, the file is
// refused and the error says what to do.
package image
