// Package volume keeps what machines boot from: volumes, which are written to, and
// the images and snapshots they begin as, which never change. To give twenty
// machines a disk of their own each takes a second and no space: nothing is copied
// until it is written.
//
// # What there is
//
// Everything has an id that the caller chooses: a label of letters, digits, dot,
// hyphen and underscore, never a path. Names and metadata are the business of
// others.
//
//	Dir.Import, Dir.Build   an image of what a reader or a function gives; package
//	                        image reads formats, compressed files and URLs
//	Dir.Create              an empty volume
//	Dir.Clone               a volume that begins as an image, snapshot or volume
//	Dir.Snapshot            a snapshot of a volume, in use or not
//	Dir.Reset, Dir.Revert   a volume as it began; as it was at a snapshot
//	Dir.Promote             an image of a volume or snapshot, in use or not
//	Dir.Resize              a larger volume, in use or not
//	Dir.Export              a raw or qcow2 file
//	Dir.Verify, Dir.Usage   a scrub that names damage; the space that each takes up
//	Dir.Delete, Dir.Tidy    its end; the merging of layers that nothing needs apart
//	Dir.Open                its blocks, as a [Disk] to put a logical unit on
//
// All of these take milliseconds, whatever the size, but Import, Promote, Export,
// Verify and Tidy, which read or write the data.
//
// # Layers
//
// A volume is a stack of files. At the bottom is a raw image, byte for byte what a
// machine sees, or nothing; above it are overlays. An overlay is a sparse file with
// each block of 64 KiB at its own offset, and a map that says which blocks it has:
// no allocation, no reference counts. Reading asks the layers from the top; writing
// goes to the top layer, which no other volume has. To clone is to put an empty
// overlay on the layers of another volume; to snapshot, on one's own; to reset, to throw
// the overlay away and begin another. What is unmapped is a hole in a block that
// the overlay has, and thus reads as zeros, whatever is below.
//
// The file <id>.json, a manifest, names the layers of what <id> is. It is the only
// truth about what belongs to what, and is replaced by renaming, so that every
// operation happens as a whole or not at all. A layer that no manifest names is
// garbage. A file <id>.raw without a manifest is a volume of one layer: copy it
// with any tool, loop-mount it, hand it to a virtual machine.
//
// docs/volume-format.md describes the files to the byte.
//
// # What survives
//
// What an operation has returned from is on stable storage. What it has not is
// there as a whole or not at all, and [Open] sweeps up what a crash left. Writes
// are on stable storage when [Disk.Sync] has returned: first the data is synced,
// then its map is written and synced. Each page of the map has two
// copies, and a write goes over the older: a crash in the middle of it costs what
// was not yet flushed, as on any disk with a cache, and nothing else.
//
// # What may be done at once
//
// A volume is written by one at a time, here or in another process; a lock (flock)
// on its newest layer sees to it. Snapshot, clone, resize, promote, export and the
// merging of layers work on volumes in use: writers wait for a moment at most.
//
// Writes fail with ENOSPC before the file system is full, see [Reserve].
package volume
