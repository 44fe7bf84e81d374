// Package storage brings machines and their volumes together: Ironic's storage
// interfaces noop, external and iscsi, and the iSCSI target behind the last.
//
// [Noop] has nothing to do with volumes. [External] believes what the operator
// wrote into a volume target's properties: portal, IQN, LUN, secret. [Managed] is the
// interface named iscsi: a volume target names a local volume in its volume_id, and
// attaching gives that volume to this one machine, under an IQN of its own and with a CHAP
// secret made for the occasion.
//
// Some volumes are made here: the boot volume of a node whose deployment names an
// image (made.go), and the overlay that a node has of an image it shares with others,
// for one boot (anew.go). They belong to the node from the moment they are made, so
// that what a crash leaves is an orphan of the pool's, and goes.
//
// # Who may log in
//
// One table says it: grants. Attach writes a row there, and the event of it, in one
// transaction; detach removes it the same way. [Exports] is the iSCSI target that asks this
// table at every login. It keeps a disk open while its row is there and remembers nothing
// else, so a restart forgets nothing, and a row that disappears in whatever way, with the
// node it belonged to for example, ends its sessions.
//
// # Boot events
//
// What initiators do at the target shows how far a boot has come: the firmware logs in,
// reads, the operating system logs in with its own initiator, writes. bootevents.go
// records that as events; package boot says which.
//
// # Secrets
//
// A CHAP secret is stored in the grant alone. The boot script and the login exchange are
// made from it. No error, event or log line of this package holds one.
package storage
