package storage

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/google/uuid"

	"ironhook/baremetal"
	"ironhook/storage/pool"
	"ironhook/store"
)

const iqnPrefix = pool.IQNPrefix

// attach writes the grants of the node's targets; volumes maps their UUIDs to ids of
// volumes, of which own are there for this boot only. It returns the IQNs of removed
// grants, whose sessions must end.
func attach(tx *store.Tx, n *baremetal.Node, targets []*baremetal.VolumeTarget, volumes map[string]string, own overlays,
	portal netip.AddrPort) (stale []string, err error) {
	targets = slices.DeleteFunc(slices.Clone(targets), func(t *baremetal.VolumeTarget) bool { return !t.ISCSI() })
	stale, err = withdrawChanged(tx, n, targets, volumes)
	if err != nil || len(targets) == 0 {
		return stale, err
	}
	initiator, err := initiatorOf(tx, n)
	if err != nil {
		return nil, err
	}
	var fresh []string
	for _, t := range targets {
		made, err := grantTo(tx, n, t, unit{volumes[t.UUID], own[t.UUID] != ""}, initiator, portal)
		if err != nil {
			return nil, err
		}
		if made {
			fresh = append(fresh, t.VolumeID)
		}
	}
	if len(fresh) == 0 {
		return stale, nil
	}
	return stale, tx.Append(baremetal.Event{Node: n.UUID, Kind: baremetal.EventAttach,
		Detail: fmt.Sprintf("%s to %s at %s", strings.Join(fresh, ", "), initiator, portal)})
}

// withdrawChanged removes the grants of the node that no longer fit their target:
// another volume, another mode of access, another kind of target.
func withdrawChanged(tx *store.Tx, n *baremetal.Node, targets []*baremetal.VolumeTarget, volumes map[string]string) (stale []string,
	err error) {
	grants, err := tx.Grants().List(store.Where("node_uuid", n.UUID))
	if err != nil {
		return nil, err
	}
	for _, g := range grants {
		fits, err := stillFits(tx, g, targets, volumes)
		if err != nil {
			return nil, err
		}
		if fits {
			continue
		}
		if err := tx.Grants().Delete(g.IQN); err != nil {
			return nil, err
		}
		stale = append(stale, g.IQN)
	}
	return stale, nil
}

func stillFits(tx *store.Tx, g *baremetal.Grant, targets []*baremetal.VolumeTarget, volumes map[string]string) (bool, error) {
	at := slices.IndexFunc(targets, func(t *baremetal.VolumeTarget) bool { return t.UUID == g.Target })
	if at < 0 || volumes[g.Target] != g.Volume {
		return false, nil
	}
	ro, err := readOnly(tx, targets[at], g.Volume)
	return ro == g.ReadOnly, err
}

// readOnly reports whether the target or the volume itself is read-only.
func readOnly(tx *store.Tx, t *baremetal.VolumeTarget, id string) (bool, error) {
	v, err := tx.Volumes().Find(id)
	return t.Options().ReadOnly || v != nil && v.ReadOnly, err
}

// initiatorOf returns the initiator name of the node: its first connector of type iqn, or a
// new one that it registers.
func initiatorOf(tx *store.Tx, n *baremetal.Node) (string, error) {
	connectors, err := tx.Connectors().List(store.Query{Filters: []store.Filter{
		{Column: "node_uuid", Value: n.UUID}, {Column: "type", Value: "iqn"},
	}})
	if err != nil {
		return "", err
	}
	if len(connectors) > 0 {
		return connectors[0].ConnectorID, nil
	}
	c := &baremetal.VolumeConnector{UUID: uuid.NewString(), NodeUUID: n.UUID, Type: "iqn", ConnectorID: iqnPrefix + "node-" + n.UUID}
	return c.ConnectorID, tx.Connectors().Insert(c)
}

// grantTo writes the grant of a target and its unit, and reports whether it is new. An
// existing grant keeps its secret and its serial number; its names are updated.
func grantTo(tx *store.Tx, n *baremetal.Node, t *baremetal.VolumeTarget, u unit, initiator string, portal netip.AddrPort) (made bool,
	err error) {
	g, err := tx.Grants().Find(t.UUID)
	switch {
	case err != nil || g != nil && g.Initiator == initiator && g.Portal == portal:
		return false, err
	case g != nil:
		g.Initiator, g.Portal = initiator, portal
		return false, tx.Grants().Update(g)
	}
	ro, err := readOnly(tx, t, u.volume)
	if err != nil {
		return false, err
	}
	serial, err := u.serial(tx, t)
	if err != nil {
		return false, err
	}
	return true, tx.Grants().Insert(&baremetal.Grant{IQN: iqnPrefix +
		t.UUID, Target: t.UUID, Node: n.UUID, Volume: u.volume, Serial: serial, ReadOnly: ro,
		Initiator: initiator, Portal: portal, User: n.UUID, Secret: pool.NewSecret()})
}

// detach removes the node's grants and returns their IQNs, whose sessions must end.
func detach(tx *store.Tx, n *baremetal.Node) (gone []string, err error) {
	grants, err := tx.Grants().List(store.Where("node_uuid", n.UUID))
	if err != nil || len(grants) == 0 {
		return nil, err
	}
	var volumes []string
	for _, g := range grants {
		if err := tx.Grants().Delete(g.IQN); err != nil {
			return nil, err
		}
		gone, volumes = append(gone, g.IQN), append(volumes, g.Volume)
	}
	return gone, tx.Append(baremetal.Event{Node: n.UUID, Kind: baremetal.EventDetach, Detail: strings.Join(volumes, ", ")})
}
