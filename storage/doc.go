// Package storage attaches volumes to nodes: Ironic's storage interfaces noop, external and
// iscsi, and the iSCSI target that serves the last.
//
// [Noop] attaches no volumes. [External] uses the properties that the operator wrote into a
// volume target: portal, IQN, LUN, secret. [Managed], the interface named iscsi, exports
// local volumes itself: a volume target names a volume in its volume_id, and attaching
// grants it to the node under an IQN of its own with a new CHAP secret.
//
// Some volumes are made here: the boot volume of a node whose deployment names an image
// (deployvolume.go), and the overlay of an image that a node shares with others, for one
// boot (ephemeral.go). They belong to the node from the moment they are made, so that after
// a crash the pool deletes them as orphans.
//
// # Grants
//
// One table says who may log in: grants. Attach writes a row and its event in one
// transaction; detach removes the row the same way. [Exports] is the iSCSI target that reads
// this table at every login. It keeps a disk open as long as its grant exists and has no
// other state, so a restart loses nothing, and removing a grant in any way, for example with
// its node, ends its sessions.
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
