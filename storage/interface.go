package storage

import (
	"context"
	"fmt"
	"strings"

	"ironhook/baremetal"
	"ironhook/boot"
	"ironhook/store"
)

// Noop is the storage interface of nodes without volumes: they boot from a local disk, or
// what iPXE loads.
type Noop struct{}

// Validate reports what would keep iPXE from loading the node's system. Nothing is wrong
// with another node.
func (Noop) Validate(_ *store.Tx, n *baremetal.Node) error {
	var found findings
	f := boot.Facts{Node: n}
	if f.Loads() || boot.Writes(n) {
		checkBoot(&found, f)
	}
	return found.err(baremetal.ErrInvalid, "Failed to validate noop storage interface for node %s.", n.UUID)
}

// Attach does nothing.
func (Noop) Attach(context.Context, *baremetal.Node) error { return nil }

// Detach does nothing.
func (Noop) Detach(context.Context, *baremetal.Node) error { return nil }

// Plan returns the boot plan of a node without volumes.
func (Noop) Plan(_ *store.Tx, n *baremetal.Node) (boot.Plan, error) {
	return boot.Decide(boot.Facts{Node: n}), nil
}

// volumeTargets returns the node's targets by boot index.
func volumeTargets(tx *store.Tx, n *baremetal.Node) ([]*baremetal.VolumeTarget, error) {
	q := store.Where("node_uuid", n.UUID)
	q.SortKey = "boot_index"
	targets, err := tx.Targets().List(q)
	if err != nil {
		return nil, fmt.Errorf("read volume targets of node %s: %w", n.UUID, err)
	}
	return targets, nil
}

// facts reads the facts that the boot plan of the node depends on.
func facts(tx *store.Tx, n *baremetal.Node, targets []*baremetal.VolumeTarget) (f boot.Facts, err error) {
	f.Node, f.Targets = n, targets
	if err := f.Look(tx.SourceImage); err != nil {
		return f, err
	}
	boots := boot.Target(targets)
	if boots == nil {
		return f, nil
	}
	g, err := tx.Grants().Find(boots.UUID)
	f.Attached = g != nil
	return f, err
}

// planOf returns the boot plan of the node.
func planOf(tx *store.Tx, n *baremetal.Node) (boot.Plan, error) {
	targets, err := volumeTargets(tx, n)
	if err != nil {
		return boot.Plan{}, err
	}
	f, err := facts(tx, n, targets)
	if err != nil {
		return boot.Plan{}, err
	}
	return boot.Decide(f), nil
}

// findings collects everything wrong with a node, for one error.
type findings []string

func (f *findings) add(format string, args ...any) { *f = append(*f, fmt.Sprintf(format, args...)) }

// err returns nil without findings, or one error of the kind whose text begins with the
// format.
func (f findings) err(kind error, format string, args ...any) error {
	if len(f) == 0 {
		return nil
	}
	return baremetal.Errorf(kind, "%s %s", fmt.Sprintf(format, args...), strings.Join(f, " "))
}
