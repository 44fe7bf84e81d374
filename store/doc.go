// Package store keeps all lasting state of Ironhook in one SQLite file, in the types
// of package baremetal.
//
// All work happens in a transaction. [Store.View] reads a consistent snapshot on
// one of several read-only connections; [Store.Update] writes on the only
// writing connection, so that a read followed by a write in it is atomic and no
// caller ever meets SQLITE_BUSY. Updates that meet share one commit, and so one
// wait for the disk. A transaction gives one [Set] of rows per kind:
//
//	err := s.Update(ctx, func(tx *store.Tx) error {
//		node, err := tx.Nodes().Get("pc-07")
//		if err != nil {
//			return err
//		}
//		node.Maintenance = true
//		if err := tx.Nodes().Update(node); err != nil {
//			return err
//		}
//		return tx.Append(baremetal.Event{Node: node.UUID, Kind: baremetal.EventNode, Detail: "maintenance on"})
//	})
//
// When Update returns nil the change is on stable storage (WAL, synchronous=FULL):
// it survives kill -9 and power loss. When it returns an error nothing of it is
// left. Errors carry a kind of package baremetal: ErrNotFound for an absent row,
// ErrConflict with Ironic's words for a broken uniqueness rule; anything else is
// a failure of the disk or a defect, and never looks like absence.
//
// Events are appended in the same transaction as the change they report. A
// commit wakes every holder of [Store.Changed]; each continues from the number
// it had reached, so a slow reader can neither block a writer nor miss an event.
package store
