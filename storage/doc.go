// Package storage attaches volumes to nodes: Ironic's storage interfaces noop, external and
// iscsi, and the iSCSI target that serves the last.
//
// [Noop] has nothing to do with volumes. [External] believes what the operator
// wrote into a volume target's properties: portal, IQN, LUN, secret. [Managed] is the
// interface named iscsi: a volume target names a local volume in its volume_id, and
// attaching gives that volume to this one machine, under an IQN of its own and with a CHAP
// secret made for the occasion.
//
// Some volumes are made here: the boot volume of a node whose deployment names an image
// (deployvolume.go), and the overlay of an image that a node shares with others, for one
// boot (ephemeral.go). They belong to the node from the moment they are made, so that after
// a crash the pool deletes them as orphans.
//
// # Grants
//
// One table says it: grants. Attach writes a row there, and the event of it, in one
// transaction; detach removes it the same way. [Exports] is the iSCSI target that asks this
// table at every login. It keeps a disk open while its row is there and remembers nothing
// else, so a restart forgets nothing, and a row that disappears in whatever way, with the
// node it belonged to for example, ends its sessions.
//
// # Boot events
//
// The sessions show the progress of a boot: the firmware logs in and reads, the operating
// system logs in with its own initiator and writes. bootevents.go records that as events;
// package boot defines them.
//
// # Secrets
//
// A CHAP secret is stored in the grant alone. The boot script and the login exchange are
// made from it. No error, event or log line of this package holds one.
package storage
