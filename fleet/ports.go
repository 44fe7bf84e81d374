package fleet

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"ironhook/baremetal"
	"ironhook/store"

	"github.com/google/uuid"
)

// CreatePort adds a port to a node. given are the fields as the client sent them.
func (f *Fleet) CreatePort(ctx context.Context, r Rules, p *baremetal.Port, given baremetal.Object) error {
	p.UUID = cmp.Or(p.UUID, uuid.NewString())
	if _, ok := given["available_for_dynamic_portgroup"]; !ok {
		p.AvailableForDynamicPortgroup = true
	}
	return f.store.Update(ctx, func(tx *store.Tx) error {
		if err := hasNode(tx, p.NodeUUID); err != nil {
			return err
		}
		if err := checkPort(tx, r, p, given); err != nil {
			return err
		}
		if err := tx.Ports().Insert(p); err != nil {
			return err
		}
		return tellPort(tx, p.NodeUUID, p, "created")
	})
}

func tellPort(tx *store.Tx, node string, p *baremetal.Port, what string) error {
	return tx.Append(baremetal.Event{Node: node, MAC: p.Address, Kind: baremetal.EventNode, Detail: "port " + what})
}

// checkPort checks the rules of a port, its link, its network and its portgroup.
func checkPort(tx *store.Tx, r Rules, p *baremetal.Port, given baremetal.Object) error {
	if link, ok := given["local_link_connection"].(map[string]any); ok && link["network_type"] != nil && !r.NetworkType {
		return tooNew()
	}
	if given["physical_network"] == "" {
		return invalid("A non-empty value is required when setting physical_network")
	}
	if p.IsSmartNIC && (p.LocalLinkConnection["port_id"] == nil || p.LocalLinkConnection["hostname"] == nil) {
		return invalid("Smart NIC port must have port_id and hostname in local_link_connection")
	}
	if _, changes := given["extra"]; changes {
		if err := checkOptions(tx, p); err != nil {
			return err
		}
	}
	if p.PortgroupUUID == "" {
		return nil
	}
	group, err := tx.Portgroups().Get(p.PortgroupUUID)
	if err != nil {
		return named(err)
	}
	if group.NodeUUID != p.NodeUUID {
		return invalid("Port can not be added to a portgroup belonging to a different node.")
	}
	if p.PXEEnabled && !group.StandalonePorts {
		return conflict("Port group %s doesn't support standalone ports. This port cannot be created as a member of that portgroup "+
			"as the port's 'pxe_enabled' field was set to True.", group.UUID)
	}
	_, joins := given["portgroup_uuid"]
	if _, moves := given["physical_network"]; !joins && !moves {
		return nil
	}
	return sameNetwork(tx, group, p)
}

// checkOptions checks what Ironhook itself reads in the extra of a port. An address is of one
// port only.
func checkOptions(tx *store.Tx, p *baremetal.Port) error {
	o, err := baremetal.ParsePortOptions(p.Extra)
	if err != nil || !o.FixedIP.IsValid() {
		return err
	}
	return tx.Ports().Each(store.Query{}, func(other *baremetal.Port) error {
		if other.UUID != p.UUID && other.Options().FixedIP == o.FixedIP {
			return conflict("The fixed_ip %s in extra is that of port %s, too.", o.FixedIP, other.UUID)
		}
		return nil
	})
}

// sameNetwork holds the ports of a portgroup to one physical network or to none: the group's
// own, where it has one.
func sameNetwork(tx *store.Tx, group *baremetal.Portgroup, p *baremetal.Port) error {
	members, err := tx.Ports().List(store.Where("portgroup_uuid", p.PortgroupUUID))
	if err != nil {
		return err
	}
	for _, m := range members {
		if m.UUID != p.UUID && m.PhysicalNetwork != p.PhysicalNetwork {
			return conflict("Port with physical network %s cannot become a member of port group %s which has ports in physical network %s.",
				cmp.Or(p.PhysicalNetwork, "None"), p.PortgroupUUID, cmp.Or(m.PhysicalNetwork, "None"))
		}
	}
	if group.PhysicalNetwork != nil && *group.PhysicalNetwork != p.PhysicalNetwork {
		return conflict("Port with physical network %s cannot become a member of port group %s which has ports in physical network %s.",
			cmp.Or(p.PhysicalNetwork, "None"), p.PortgroupUUID, *group.PhysicalNetwork)
	}
	return nil
}

// UpdatePort changes the port and returns it. The lock and the rules are those of the
// node that it belongs to afterwards.
func (f *Fleet) UpdatePort(ctx context.Context, id string, r Rules, patch Patch[baremetal.Port]) (p *baremetal.Port, err error) {
	var node string
	err = f.store.View(ctx, func(tx *store.Tx) error {
		if p, err = tx.Ports().Get(id); err != nil {
			return err
		}
		_, err := patch.Apply(p)
		node = p.NodeUUID
		return err
	})
	if err != nil {
		return nil, err
	}
	err = f.edit(ctx, node, func(tx *store.Tx, n *baremetal.Node) error {
		if p, err = tx.Ports().Get(id); err != nil {
			return err
		}
		changed, err := patch.Apply(p)
		if err != nil || len(changed) == 0 {
			return err
		}
		if r.PortgroupNetwork && p.PortgroupUUID != "" && slices.Contains(changed, "physical_network") {
			return invalid("physical_network cannot be changed while the port belongs to a portgroup.")
		}
		if err := mayChangePort(r, n, p, changed); err != nil {
			return err
		}
		if err := checkPort(tx, r, p, patch.Given); err != nil {
			return err
		}
		if err := tx.Ports().Update(p); err != nil {
			return err
		}
		return tellPort(tx, n.UUID, p, "changed: "+strings.Join(changed, ", "))
	})
	return p, named(err)
}

// connectivity are the fields of a port that describe its cabling.
var connectivity = []string{"portgroup_uuid", "pxe_enabled", "local_link_connection", "physical_network"}

func mayChangePort(r Rules, n *baremetal.Node, p *baremetal.Port, changed []string) error {
	if err := r.inspecting(n, `port "`+p.UUID+`" on "`+n.UUID+`"`); err != nil {
		return err
	}
	if slices.Contains(changed, "address") && !n.Maintenance && (n.ProvisionState == baremetal.Active || n.InstanceUUID != "") {
		return conflict("Cannot update hardware address for port %s as node %s is active or has instance UUID assigned", p.UUID, n.UUID)
	}
	if n.Maintenance || connectable.has(n.ProvisionState) {
		return nil
	}
	if slices.ContainsFunc(changed, func(field string) bool { return slices.Contains(connectivity, field) }) {
		return conflict("Port %s can not have any connectivity attributes (portgroup_id, pxe_enabled, local_link_connection, "+
			"physical_network) updated unless node %s is in a %s state or in maintenance mode. The current state is %s.",
			p.UUID, n.UUID, connectable, n.ProvisionState)
	}
	return nil
}

// DeletePort deletes the port.
func (f *Fleet) DeletePort(ctx context.Context, id string) error {
	var p *baremetal.Port
	err := f.store.View(ctx, func(tx *store.Tx) (err error) {
		p, err = tx.Ports().Get(id)
		return err
	})
	if err != nil {
		return err
	}
	return f.edit(ctx, p.NodeUUID, func(tx *store.Tx, n *baremetal.Node) error {
		if n.InstanceUUID != "" && !n.Maintenance && n.ProvisionState == baremetal.Active && p.InternalInfo["tenant_vif_port_id"] != nil {
			return conflict("Cannot delete the port %s as node %s is active and has a VIF attached to it", p.UUID, n.UUID)
		}
		if err := tx.Ports().Delete(id); err != nil {
			return err
		}
		return tellPort(tx, n.UUID, p, "deleted")
	})
}
