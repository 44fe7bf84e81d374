package fleet

import (
	"cmp"
	"context"

	"ironhook/baremetal"
	"ironhook/store"
)

var portgroups = kind[baremetal.Portgroup]{(*store.Tx).Portgroups, func(v *baremetal.Portgroup) *string { return &v.UUID }}

// CreatePortgroup adds a portgroup to a node.
func (f *Fleet) CreatePortgroup(ctx context.Context, v *baremetal.Portgroup) error {
	return f.store.Update(ctx, func(tx *store.Tx) error {
		if err := hasNode(tx, v.NodeUUID); err != nil {
			return err
		}
		if v.Name != "" && !baremetal.IsName(v.Name) {
			return invalid("Cannot create portgroup with invalid name '%s'", v.Name)
		}
		v.Mode = cmp.Or(v.Mode, "active-backup")
		return portgroups.insert(tx, v)
	})
}

// UpdatePortgroup changes the portgroup with the UUID or name ident and returns it.
func (f *Fleet) UpdatePortgroup(ctx context.Context, ident string, r Rules, p Patch[baremetal.Portgroup]) (*baremetal.Portgroup, error) {
	return portgroups.update(ctx, f, ident, p, func(tx *store.Tx, v *baremetal.Portgroup) error {
		if v.Mode == "" {
			return invalid("'mode' is a mandatory attribute and can not be removed")
		}
		if v.Name != "" && !baremetal.IsName(v.Name) {
			return invalid("Portgroup %s: Cannot change name to invalid name '%s'", ident, v.Name)
		}
		n, err := nodeNamed(tx, v.NodeUUID)
		if err != nil {
			return err
		}
		_, moves := p.Given["node_uuid"]
		if err := mayChangePortgroup(tx, r, n, v, moves); err != nil {
			return err
		}
		if _, given := p.Given["physical_network"]; given {
			return moveMembers(tx, v)
		}
		return nil
	})
}

// moveMembers gives the ports of a portgroup the physical network that it was given.
func moveMembers(tx *store.Tx, v *baremetal.Portgroup) error {
	members, err := tx.Ports().List(store.Where("portgroup_uuid", v.UUID))
	if err != nil {
		return err
	}
	network := ""
	if v.PhysicalNetwork != nil {
		network = *v.PhysicalNetwork
	}
	for _, p := range members {
		if p.PhysicalNetwork == network {
			continue
		}
		p.PhysicalNetwork = network
		if err := tx.Ports().Update(p); err != nil {
			return err
		}
		if err := tellPort(tx, v.NodeUUID, p, "changed: physical_network"); err != nil {
			return err
		}
	}
	return nil
}

func mayChangePortgroup(tx *store.Tx, r Rules, n *baremetal.Node, v *baremetal.Portgroup, moves bool) error {
	if err := Free(n); err != nil {
		return err
	}
	if err := r.inspecting(n, `portgroup "`+v.UUID+`" on node "`+n.UUID+`"`); err != nil || !moves {
		return err
	}
	if !n.Maintenance && !connectable.has(n.ProvisionState) {
		return conflict("Portgroup %s can not be associated to node %s unless the node is in a %s state or in maintenance mode.",
			v.UUID, n.UUID, connectable)
	}
	if full, err := hasPorts(tx, v); err != nil || !full {
		return err
	}
	return invalid("Portgroup %s can not be associated with node %s because there are ports associated with this portgroup.", v.UUID, n.UUID)
}

// DeletePortgroup deletes an empty portgroup.
func (f *Fleet) DeletePortgroup(ctx context.Context, ident string) error {
	return portgroups.remove(ctx, f, ident, func(tx *store.Tx, v *baremetal.Portgroup) error {
		if full, err := hasPorts(tx, v); err != nil || !full {
			return err
		}
		return contains("portgroup", v.UUID, "ports")
	})
}

func hasPorts(tx *store.Tx, v *baremetal.Portgroup) (bool, error) {
	members, err := tx.Ports().List(store.Query{Filters: store.Where("portgroup_uuid", v.UUID).Filters, Columns: []string{"uuid"}, Limit: 1})
	return len(members) > 0, err
}
