package fleet

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"ironhook/baremetal"
	"ironhook/store"
)

var allocations = kind[baremetal.Allocation]{(*store.Tx).Allocations, func(v *baremetal.Allocation) *string { return &v.UUID }}

// CreateAllocation adds the allocation and finds a node for it, or adopts the one that it
// names. Ironic searches in the background; here it is one transaction. Unless it names a
// node, v keeps the state "allocating", which clients expect in the answer.
func (f *Fleet) CreateAllocation(ctx context.Context, r Rules, v *baremetal.Allocation) error {
	return f.store.Update(ctx, func(tx *store.Tx) error {
		if err := prepare(tx, r, v); err != nil {
			return err
		}
		if err := allocations.insert(tx, v); err != nil {
			return err
		}
		return allocate(tx, v)
	})
}

// prepare checks the request and replaces the names of nodes with their UUIDs.
func prepare(tx *store.Tx, r Rules, v *baremetal.Allocation) error {
	if v.Name != "" && !baremetal.IsName(v.Name) {
		return invalid("Cannot create allocation with invalid name '%s'", v.Name)
	}
	v.State = baremetal.Allocating
	if v.NodeUUID != "" {
		if err := describe(tx, r, v); err != nil {
			return err
		}
	} else if v.ResourceClass == "" {
		return invalid("The resource_class field is mandatory when not backfilling")
	}
	var unknown []string
	for i, ident := range v.CandidateNodes {
		n, err := tx.Nodes().Get(ident)
		switch {
		case errors.Is(err, baremetal.ErrNotFound):
			unknown = append(unknown, ident)
		case err != nil:
			return err
		default:
			v.CandidateNodes[i] = n.UUID
		}
	}
	if unknown != nil {
		return invalid("Nodes cannot be found: %s", strings.Join(unknown, ", "))
	}
	return nil
}

// describe completes an allocation that names its node with the attributes of the node.
func describe(tx *store.Tx, r Rules, v *baremetal.Allocation) error {
	if !r.Backfill {
		return invalid("Cannot set node when creating an allocation in this API version")
	}
	n, err := tx.Nodes().Get(v.NodeUUID)
	if err != nil {
		return named(err)
	}
	v.NodeUUID, v.ResourceClass, v.UUID = n.UUID, cmp.Or(v.ResourceClass, n.ResourceClass), cmp.Or(v.UUID, n.InstanceUUID)
	return nil
}

// UpdateAllocation changes the allocation and returns it.
func (f *Fleet) UpdateAllocation(ctx context.Context, ident string, p Patch[baremetal.Allocation]) (*baremetal.Allocation, error) {
	return allocations.update(ctx, f, ident, p, func(_ *store.Tx, v *baremetal.Allocation) error {
		if v.Name != "" && !baremetal.IsName(v.Name) {
			return invalid("Cannot update allocation with invalid name '%s'", v.Name)
		}
		return nil
	})
}

// DeleteAllocation deletes the allocation and releases its node.
func (f *Fleet) DeleteAllocation(ctx context.Context, ident string) error {
	return allocations.remove(ctx, f, ident, release)
}

// AllocationOf returns the allocation of the node, which the client calls ident.
func (f *Fleet) AllocationOf(ctx context.Context, node, ident string) (v *baremetal.Allocation, err error) {
	err = f.store.View(ctx, func(tx *store.Tx) error {
		v, err = allocationOf(tx, node, ident)
		return err
	})
	return v, err
}

func allocationOf(tx *store.Tx, node, ident string) (*baremetal.Allocation, error) {
	list, err := tx.Allocations().List(store.Where("node_uuid", node))
	if err == nil && len(list) == 0 {
		return nil, baremetal.Errorf(baremetal.ErrNotFound, "Allocation for node %s was not found", ident)
	}
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// DeleteAllocationOf deletes the allocation of the node, which the client calls ident.
func (f *Fleet) DeleteAllocationOf(ctx context.Context, node, ident string) error {
	return f.store.Update(ctx, func(tx *store.Tx) error {
		v, err := allocationOf(tx, node, ident)
		if err != nil {
			return err
		}
		if err := release(tx, v); err != nil {
			return err
		}
		return tx.Allocations().Delete(v.UUID)
	})
}

// release releases the node unless an instance runs on it.
func release(tx *store.Tx, v *baremetal.Allocation) error {
	if v.NodeUUID == "" {
		return nil
	}
	n, err := tx.Nodes().Get(v.NodeUUID)
	if err != nil {
		return err
	}
	if err := Free(n); err != nil {
		return err
	}
	switch {
	case n.Maintenance:
	case transitioning(n):
		return conflict("Cannot remove allocation %s for node %s, because the node is in state %s where updates are not allowed "+
			"(and maintenance mode is off)", v.UUID, n.UUID, n.ProvisionState)
	case n.ProvisionState == baremetal.Active:
		return conflict("Cannot remove allocation %s for node %s, because the node is active (and maintenance mode is off)", v.UUID, n.UUID)
	}
	n.AllocationUUID, n.InstanceUUID = "", ""
	return save(tx, n, "no longer allocated")
}

// dropAllocation deletes the allocation of a node whose instance is removed. The caller
// writes the node.
func dropAllocation(tx *store.Tx, n *baremetal.Node) error {
	uuid := n.AllocationUUID
	n.AllocationUUID = ""
	err := tx.Allocations().Delete(uuid)
	if errors.Is(err, baremetal.ErrNotFound) {
		return nil
	}
	return err
}
