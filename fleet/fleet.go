package fleet

import (
	"context"

	"ironhook/baremetal"
	"ironhook/store"
)

// Conductor decides what depends on the drivers and storage of a node.
type Conductor interface {
	// Serves reports whether the node's driver is enabled here.
	Serves(n *baremetal.Node) bool
	// Equip checks the interfaces that the node names and fills in the defaults of its
	// driver. Its errors are ErrInvalid.
	Equip(n *baremetal.Node) error
	// MayChangeTarget refuses a change of a volume target by which a node would lose a
	// volume. before is nil for a new target, after for a deleted one.
	MayChangeTarget(tx *store.Tx, before, after *baremetal.VolumeTarget) error
}

// Fleet is the records of one store. Its methods are safe for concurrent use.
type Fleet struct {
	store     *store.Store
	conductor Conductor
}

// New returns the records in s.
func New(s *store.Store, c Conductor) *Fleet { return &Fleet{s, c} }

// Rules are those that changed with Ironic's microversions. A client gets those of its
// version; the zero Rules are the oldest.
type Rules struct {
	Names            NameRule
	Enrols           bool // a new node begins in enroll, not in available
	ChassisRemovable bool // a node can be taken out of its chassis
	InspectingLocks  bool // a node cannot be changed while it is inspected
	NetworkType      bool // local_link_connection has a network_type
	TargetRAID       bool // a node has a target_raid_config
	Backfill         bool // an allocation can name the node that it describes
	AgentToken       bool // a ramdisk identifies itself by a token
	PortgroupNetwork bool // a portgroup has a physical network, and its ports follow it
	RunbookTraits    bool // a runbook has traits; before, its name was the only one
}

// NameRule says which names a node may have.
type NameRule int

// The rules of names: none allowed, host names, or any unreserved characters.
const (
	NoNames NameRule = iota
	HostNames
	AnyNames
)

// Patch is a change of a row that a client asks for.
type Patch[T any] struct {
	// Given are the fields that the client names, with its values; nil removes one.
	Given baremetal.Object
	// Apply changes the row and returns the names of the fields whose values differ
	// now. It is called more than once, on a fresh row each time.
	Apply func(row *T) (changed []string, err error)
}

// named returns err as it concerns a record that another one names: its absence is
// ErrInvalid, with the same words.
func named(err error) error {
	return rekind(err, baremetal.ErrNotFound, baremetal.ErrInvalid)
}

// nodeNamed reads the node that another record names by UUID; only these columns of it, if any are given.
func nodeNamed(tx *store.Tx, uuid string, columns ...string) (*baremetal.Node, error) {
	q := store.Where("uuid", uuid) // no name stands for it
	q.Columns = columns
	found, err := tx.Nodes().List(q)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, invalid("Node %s could not be found.", uuid)
	}
	return found[0], nil
}

// hasNode refuses a record that names a node that is not there.
func hasNode(tx *store.Tx, uuid string) error {
	_, err := nodeNamed(tx, uuid, "uuid")
	return err
}

// record appends the event of a change of a node.
func record(tx *store.Tx, n *baremetal.Node, detail string) error {
	return tx.Append(baremetal.Event{Node: n.UUID, Kind: baremetal.EventNode, Detail: detail})
}

// save writes the node and appends the event of its change.
func save(tx *store.Tx, n *baremetal.Node, detail string) error {
	if err := tx.Nodes().Update(n); err != nil {
		return err
	}
	return record(tx, n, detail)
}

func (f *Fleet) edit(ctx context.Context, ident string, change func(tx *store.Tx, n *baremetal.Node) error) error {
	return Edit(ctx, f.store, ident, change)
}
