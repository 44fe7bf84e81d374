// Package volume stores the disks that machines boot from: volumes, which are written to,
// and the images and snapshots they are cloned from, which never change. To give twenty
// machines a disk each takes a second and no space: a block is copied only when it is first
// written.
//
// # Operations
//
// Everything has an id that the caller chooses: a label of letters, digits, dot, hyphen and
// underscore, never a path. Names and metadata are kept elsewhere.
//
//	Dir.Import, Dir.Build   an image from a reader or a function; package
//	                        image reads formats, compressed files and URLs
//	Dir.Create              an empty volume
//	Dir.Clone               a volume that begins as an image, snapshot or volume
//	Dir.Snapshot            a snapshot of a volume, in use or not
//	Dir.Reset, Dir.Revert   a volume back to its source; back to a snapshot
//	Dir.Promote             an image of a volume or snapshot, in use or not
//	Dir.Resize              a larger volume, in use or not
//	Dir.Export              a raw or qcow2 file
//	Dir.Verify, Dir.Usage   a scrub that reports damage; the space taken up
//	Dir.Delete, Dir.Tidy    removal; merging of superfluous layers
//	Dir.Open                its blocks, as the [Disk] of a logical unit
//
// All of these take milliseconds, whatever the size, except Import, Promote, Export, Verify
// and Tidy, which read or write the data.
//
// # Layers
//
// A volume is a stack of files. At the bottom is a raw image, byte for byte as a machine
// sees it, or nothing; above it are overlays. An overlay is a sparse file with each block
// of 64 KiB at its own offset, and a map of the blocks it has: no allocation, no reference
// counts. A read finds the topmost layer that has the block; a write goes to the top layer,
// which belongs to this volume only. A clone puts an empty overlay on the layers of another
// volume, a snapshot on its own; a reset discards the overlay and begins a new one. An
// unmapped range is a hole in a block that the overlay has, so it reads as zeros, whatever
// is below.
//
// The file <id>.json, a manifest, names the layers of <id>. Manifests alone say which
// layers are in use, and are replaced by renaming, so that every operation is atomic. A
// layer that no manifest names is garbage. A file <id>.raw without a manifest is a volume
// of one layer: copy it with any tool, loop-mount it, hand it to a virtual machine.
//
// docs/volume-format.md describes the files to the byte.
//
// # Durability
//
// When an operation returns, its effect is on stable storage. An operation that a crash
// interrupts takes effect completely or not at all, and [Open] sweeps up the files that it
// left. Writes are on stable storage when [Disk.Sync] has returned: first the data is
// synced, then its map is written and synced. Each page of the map has two copies, and a
// write replaces the older: a crash in the middle of it loses only data that was not yet
// flushed, as on any disk with a cache.
//
// # Concurrency
//
// A volume has one writer at a time, here or in another process; a lock (flock) on its
// newest layer ensures it. Snapshot, clone, resize, promote, export and the merging of
// layers work on volumes in use: writers wait for a moment at most.
//
// Writes fail with ENOSPC before the file system is full, see [Reserve].
package volume
