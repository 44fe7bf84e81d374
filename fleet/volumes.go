package fleet

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"ironhook/baremetal"
	"ironhook/store"
)

// VolumeRecords are the volume connectors or the volume targets of all nodes.
type VolumeRecords[T any] struct {
	fleet *Fleet
	kind[T]
	noun string // in messages
	node func(*T) *string
	// mayChange refuses a change that would take a volume from its node; before is nil for
	// a new row, after for a deleted one.
	mayChange func(tx *store.Tx, before, after *T) error
	// render adds to a row what clients see but is not stored with it. The function
	// returned removes it again.
	render func(tx *store.Tx, row *T) (strip func(*T), err error)
}

// Connectors are the volume connectors.
func (f *Fleet) Connectors() VolumeRecords[baremetal.VolumeConnector] {
	return VolumeRecords[baremetal.VolumeConnector]{f,
		kind[baremetal.VolumeConnector]{(*store.Tx).Connectors, func(v *baremetal.VolumeConnector) *string { return &v.UUID }},
		"volume connector", func(v *baremetal.VolumeConnector) *string { return &v.NodeUUID },
		func(*store.Tx, *baremetal.VolumeConnector, *baremetal.VolumeConnector) error { return nil },
		func(*store.Tx, *baremetal.VolumeConnector) (func(*baremetal.VolumeConnector), error) {
			return func(*baremetal.VolumeConnector) {}, nil
		}}
}

// Targets are the volume targets.
func (f *Fleet) Targets() VolumeRecords[baremetal.VolumeTarget] {
	return VolumeRecords[baremetal.VolumeTarget]{f,
		kind[baremetal.VolumeTarget]{(*store.Tx).Targets, func(v *baremetal.VolumeTarget) *string { return &v.UUID }},
		"volume target", func(v *baremetal.VolumeTarget) *string { return &v.NodeUUID }, f.mayChangeTarget, connect}
}

// mayChangeTarget refuses what the conductor does, and options that cannot be read: they
// would be ignored until the node is validated. Ones that are stored stay as they are.
func (f *Fleet) mayChangeTarget(tx *store.Tx, before, after *baremetal.VolumeTarget) error {
	if after != nil {
		_, wrong := baremetal.ParseTargetOptions(after.Properties)
		stored := before != nil && fmt.Sprint(before.Properties) == fmt.Sprint(after.Properties)
		if wrong != nil && !stored {
			return wrong
		}
	}
	return f.conductor.MayChangeTarget(tx, before, after)
}

// Connect reads the grants that q chooses. What it returns shows in the properties of a
// volume target how its node logs in, while it is attached; the secret is among them.
func Connect(tx *store.Tx, q store.Query) (show func(*baremetal.VolumeTarget), err error) {
	g, err := grantsOf(tx, q)
	return g.show, err
}

// connect is Connect for one target. A client that sends the properties back whole does not
// make them the operator's own.
func connect(tx *store.Tx, t *baremetal.VolumeTarget) (strip func(*baremetal.VolumeTarget), err error) {
	g, err := grantsOf(tx, store.Where("target_uuid", t.UUID))
	g.show(t)
	return func(t *baremetal.VolumeTarget) { g[t.UUID].Disconnect(t.Properties) }, err
}

// grants are by the UUIDs of the volume targets.
type grants map[string]*baremetal.Grant

func grantsOf(tx *store.Tx, q store.Query) (grants, error) {
	g := grants{}
	list, err := tx.Grants().List(q)
	for _, one := range list {
		g[one.Target] = one
	}
	return g, err
}

func (g grants) show(t *baremetal.VolumeTarget) { *t = *t.Connected(g[t.UUID]) }

// Create adds the row to its node.
func (v VolumeRecords[T]) Create(ctx context.Context, row *T) error {
	return v.fleet.store.Update(ctx, func(tx *store.Tx) error {
		if err := hasNode(tx, *v.node(row)); errors.Is(err, baremetal.ErrInvalid) {
			return invalid("Invalid input for field/attribute node_uuid. Value: '%s'. ", *v.node(row))
		} else if err != nil {
			return err
		}
		if err := v.mayChange(tx, nil, row); err != nil {
			return err
		}
		if err := v.insert(tx, row); err != nil {
			return err
		}
		return v.record(tx, row, "created")
	})
}

func (v VolumeRecords[T]) record(tx *store.Tx, row *T, what string) error {
	return tx.Append(baremetal.Event{Node: *v.node(row), Kind: baremetal.EventNode, Detail: v.noun + " " + *v.uuid(row) + " " + what})
}

// Update changes the row and returns it. The lock and the rules are those of the node
// that it belongs to afterwards.
func (v VolumeRecords[T]) Update(ctx context.Context, id string, p Patch[T]) (row *T, err error) {
	err = v.fleet.store.View(ctx, func(tx *store.Tx) error {
		if row, err = v.rows(tx).Get(id); err == nil {
			_, err = v.apply(tx, row, p)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	err = v.fleet.edit(ctx, *v.node(row), func(tx *store.Tx, n *baremetal.Node) error {
		if err := mustRest(tx, n, v.noun+" update"); err != nil {
			return err
		}
		if row, err = v.rows(tx).Get(id); err != nil {
			return err
		}
		if err := v.change(tx, row, p); err != nil {
			return err
		}
		_, err = v.render(tx, row)
		return err
	})
	return row, named(err)
}

// change applies the patch and writes the row.
func (v VolumeRecords[T]) change(tx *store.Tx, row *T, p Patch[T]) error {
	before := *row
	changed, err := v.apply(tx, row, p)
	if err != nil || len(changed) == 0 {
		return err
	}
	if err := v.mayChange(tx, &before, row); err != nil {
		return err
	}
	if err := v.rows(tx).Update(row); err != nil {
		return err
	}
	return v.record(tx, row, "changed: "+strings.Join(changed, ", "))
}

// apply applies the patch to the row as clients see it, then removes the rendered part.
func (v VolumeRecords[T]) apply(tx *store.Tx, row *T, p Patch[T]) (changed []string, err error) {
	strip, err := v.render(tx, row)
	if err != nil {
		return nil, err
	}
	changed, err = p.Apply(row)
	strip(row)
	return changed, err
}

// Delete deletes the row.
func (v VolumeRecords[T]) Delete(ctx context.Context, id string) error {
	var row *T
	err := v.fleet.store.View(ctx, func(tx *store.Tx) (err error) {
		row, err = v.rows(tx).Get(id)
		return err
	})
	if err != nil {
		return err
	}
	return v.fleet.edit(ctx, *v.node(row), func(tx *store.Tx, n *baremetal.Node) error {
		if !unused.has(n.ProvisionState) {
			if err := mustRest(tx, n, v.noun+" deletion"); err != nil {
				return err
			}
		}
		if err := v.mayChange(tx, row, nil); err != nil {
			return err
		}
		if err := v.rows(tx).Delete(id); err != nil {
			return err
		}
		return v.record(tx, row, "deleted")
	})
}

// mustRest guards what a running machine may be reading from. A machine whose power is not
// known yet, as that of a new node, cannot: it has no instance, and nothing is attached.
func mustRest(tx *store.Tx, n *baremetal.Node, action string) error {
	if n.PowerState == baremetal.PowerOff {
		return nil
	}
	if n.PowerState == "" && !n.ProvisionState.Holds() {
		grants, err := tx.Grants().List(store.Where("node_uuid", n.UUID))
		if err != nil || len(grants) == 0 {
			return err
		}
	}
	return Refuse(action, n.UUID, string(n.PowerState))
}
