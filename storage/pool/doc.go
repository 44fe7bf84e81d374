// Package pool is the storage pool: images, volumes, snapshots and attachments as
// the Image and Block Storage APIs know them. What they are called and what is known
// of them is in the store, their bytes are in package volume, and here is the order
// in which the two change.
//
// That order is always the same: first the store says what is about to happen (a
// volume is "creating", an image "saving"), then the bytes change, then the store
// says that they have. Whatever has bytes has a row, so that a crash leaves nothing
// that nobody knows of; [Pool.Recover] finds the rows that say "about to" and
// finishes or undoes what they tell of. A volume is claimed for a change in one
// transaction with the question of who uses it: no machine is ever given a volume
// that is being reverted or deleted.
//
// What takes milliseconds is done when the call returns. What takes longer, making
// an image of a volume or fetching one, is a task: few run at once, [Pool.Progress]
// tells how far they are, deleting their image cancels them, and Close ends them.
//
// Machines boot from volumes by way of package storage, which asks [Resolve] what a
// volume target names and [Users] who else has it.
package pool
