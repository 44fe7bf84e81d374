// Package pool is the storage pool: images, volumes, snapshots and attachments as in the
// Image and Block Storage APIs. Their records are in the store and their bytes in package
// volume; this package keeps the two consistent.
//
// The order of a change is always the same: first the record gets a transitional status (a
// volume is "creating", an image "saving"), then the bytes change, then the record gets its
// final status. Everything that has bytes has a record, so a crash leaves no orphaned
// bytes; [Pool.Recover] finds the records with a transitional status and finishes or undoes
// their change. A volume is claimed for a change in the transaction that checks its users:
// no machine ever gets a volume that is being reverted or deleted.
//
// Quick operations are complete when the call returns. Longer ones, such as making an image
// of a volume or downloading one, are tasks: few run at once, [Pool.Progress] reports their
// progress, deleting their image cancels them, and Close ends them.
//
// Package storage attaches volumes to nodes: it calls [Resolve] for what a volume target
// names and [Users] for the other users of it.
package pool
