package storage

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/google/uuid"

	"ironhook/baremetal"
	"ironhook/storage/pool"
	"ironhook/store"
)

const iqnPrefix = pool.IQNPrefix

// attach writes the rows for the node's targets, whose volumes are given by the UUIDs
// of the targets. It returns the IQNs of exports
// that had to go and whose sessions must end.
func attach(tx *store.Tx, n *baremetal.Node, targets []*baremetal.VolumeTarget, volumes map[string]string, portal netip.AddrPort) (stale []string, err error) {
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
		e, made, err := exportOf(tx, n, t, volumes[t.UUID], initiator)
		if err != nil {
			return nil, err
		}
		if made {
			fresh = append(fresh, t.VolumeID)
		}
		if err := describe(tx, t, e, portal); err != nil {
			return nil, err
		}
	}
	if len(fresh) == 0 {
		return stale, nil
	}
	return stale, tx.Append(baremetal.Event{Node: n.UUID, Kind: baremetal.EventAttach,
		Detail: fmt.Sprintf("%s to %s at %s", strings.Join(fresh, ", "), initiator, portal)})
}

// withdrawChanged removes the exports of the node that no longer fit their target:
// another volume, another kind of target.
func withdrawChanged(tx *store.Tx, n *baremetal.Node, targets []*baremetal.VolumeTarget, volumes map[string]string) (stale []string, err error) {
	exports, err := tx.Exports().List(store.Where("node_uuid", n.UUID))
	if err != nil {
		return nil, err
	}
	for _, e := range exports {
		if slices.ContainsFunc(targets, func(t *baremetal.VolumeTarget) bool { return t.UUID == e.TargetUUID && volumes[t.UUID] == e.Volume }) {
			continue
		}
		if err := tx.Exports().Delete(e.TargetUUID); err != nil {
			return nil, err
		}
		stale = append(stale, e.IQN)
	}
	return stale, nil
}

// initiatorOf returns the name by which the node logs in: its first connector of
// type iqn, or one that is made and registered now.
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

// exportOf returns the export of a target and its volume, and whether it had to be made. One that
// is there keeps its secret; the machine's name is brought up to date.
func exportOf(tx *store.Tx, n *baremetal.Node, t *baremetal.VolumeTarget, id, initiator string) (e *baremetal.Export, made bool, err error) {
	e, err = tx.Exports().Get(t.UUID)
	switch {
	case errors.Is(err, baremetal.ErrNotFound):
		e = &baremetal.Export{TargetUUID: t.UUID, NodeUUID: n.UUID, IQN: iqnPrefix + t.UUID,
			Initiator: initiator, User: n.UUID, Secret: pool.NewSecret(), Volume: id}
		return e, true, tx.Exports().Insert(e)
	case err == nil && e.Initiator != initiator:
		e.Initiator = initiator
		return e, false, tx.Exports().Update(e)
	}
	return e, false, err
}

// described are the properties that belong to us while a target is exported.
func described(e *baremetal.Export, portal string) baremetal.Object {
	return baremetal.Object{
		"target_portal": portal, "target_iqn": e.IQN, "target_lun": 0,
		"auth_method": "CHAP", "auth_username": e.User, "auth_password": e.Secret,
	}
}

// describe writes where the volume is, and how to get in, into the properties of
// its target, from where the boot script takes it.
func describe(tx *store.Tx, t *baremetal.VolumeTarget, e *baremetal.Export, portal netip.AddrPort) error {
	want, same := described(e, portal.String()), true
	for key, v := range want {
		same = same && fmt.Sprint(t.Properties[key]) == fmt.Sprint(v)
	}
	if same {
		return nil
	}
	properties := maps.Clone(t.Properties)
	if properties == nil {
		properties = baremetal.Object{}
	}
	maps.Copy(properties, want)
	t.Properties = properties
	return tx.Targets().Update(t)
}

// detach removes the node's exports and what describe wrote. It returns their
// IQNs, whose sessions must end.
func detach(tx *store.Tx, n *baremetal.Node) (gone []string, err error) {
	exports, err := tx.Exports().List(store.Where("node_uuid", n.UUID))
	if err != nil || len(exports) == 0 {
		return nil, err
	}
	var volumes []string
	for _, e := range exports {
		if err := undescribe(tx, e); err != nil {
			return nil, err
		}
		if err := tx.Exports().Delete(e.TargetUUID); err != nil {
			return nil, err
		}
		gone, volumes = append(gone, e.IQN), append(volumes, e.Volume)
	}
	return gone, tx.Append(baremetal.Event{Node: n.UUID, Kind: baremetal.EventDetach, Detail: strings.Join(volumes, ", ")})
}

// undescribe removes from a target's properties what is ours; what an operator put
// in their place stays.
func undescribe(tx *store.Tx, e *baremetal.Export) error {
	t, err := tx.Targets().Get(e.TargetUUID)
	if err != nil {
		return err
	}
	if t.Properties.Text("target_iqn") != e.IQN {
		return nil
	}
	for key := range described(e, "") {
		delete(t.Properties, key)
	}
	return tx.Targets().Update(t)
}
