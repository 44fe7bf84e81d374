package storage

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"ironhook/baremetal"
	"ironhook/boot"
	"ironhook/storage/cinder"
	"ironhook/store"
)

// Cinder is the storage interface for volumes of OpenStack Cinder. Attaching asks Cinder for
// the volume that each target names, and writes the connection that Cinder answers into the
// properties of the target, as Ironic does; detaching removes it from there. Its methods are
// safe for concurrent use for different nodes; the caller holds the reservation of the node.
type Cinder struct {
	store  *store.Store
	client *cinder.Client
	log    *slog.Logger
}

// NewCinder makes the interface.
func NewCinder(s *store.Store, c *cinder.Client, log *slog.Logger) *Cinder { return &Cinder{s, c, log} }

// Plan returns the boot plan of the node.
func (c *Cinder) Plan(tx *store.Tx, n *baremetal.Node) (boot.Plan, error) { return planOf(tx, n) }

// Outlasts reports whether the volumes stay attached to a machine that is off.
func (c *Cinder) Outlasts() bool { return !c.client.Toggles() }

// MayChange refuses a change of a target that is attached: Cinder would keep the volume for a
// node that no longer names it.
func (c *Cinder) MayChange(_ *store.Tx, _ *baremetal.Node, before, after *baremetal.VolumeTarget) error {
	if before == nil || !before.Located() || after != nil && after.VolumeID == before.VolumeID && after.VolumeType == before.VolumeType &&
		after.Located() {
		return nil
	}
	return baremetal.Errorf(baremetal.ErrConflict, "Volume %s of volume target %s is attached in Cinder: undeploy the node, or switch it off "+
		"where that detaches volumes, and change the target then.", before.VolumeID, before.UUID)
}

// Attach attaches the volumes of all targets. Those that are attached already stay as they
// are, so that a running machine keeps its disk. If one fails, those that this call attached
// are detached again. Its error is ErrStorage.
func (c *Cinder) Attach(ctx context.Context, n *baremetal.Node) error {
	targets, connectors, err := c.read(ctx, n)
	if err != nil || len(targets) == 0 {
		return err
	}
	connector, err := connectorOf(n, connectors)
	if err != nil {
		return err
	}
	var fresh []*baremetal.VolumeTarget
	for _, t := range targets {
		has, err := c.has(ctx, n, t)
		if err == nil && !has {
			fresh = append(fresh, t)
			err = c.attach(ctx, n, t, connector)
		}
		if err != nil {
			return errors.Join(err, c.detachAll(context.WithoutCancel(ctx), n, fresh, connector))
		}
	}
	return nil
}

// has reports whether the target is attached. While Cinder does not answer, what it
// answered last holds.
func (c *Cinder) has(ctx context.Context, n *baremetal.Node, t *baremetal.VolumeTarget) (bool, error) {
	if !t.Located() {
		return false, nil
	}
	has, err := c.client.Attached(ctx, t.VolumeID, n.UUID)
	if err == nil {
		return has, nil
	}
	c.log.Warn("ask Cinder for a volume that was attached; the machine uses the connection that it has", "node", n.UUID, "volume", t.VolumeID,
		"error", err)
	return true, ctx.Err()
}

func (c *Cinder) attach(ctx context.Context, n *baremetal.Node, t *baremetal.VolumeTarget, connector map[string]any) error {
	connection, err := c.client.Attach(ctx, t.VolumeID, hostOf(n, t, connector))
	if err != nil {
		return err
	}
	if !strings.EqualFold(connection.Type, t.VolumeType) {
		return baremetal.Errorf(baremetal.ErrStorage,
			"Cinder connects volume %s by %q, and volume target %s is of the type %s: give the node a volume of a backend of that type.",
			t.VolumeID, connection.Type, t.UUID, t.VolumeType)
	}
	return c.save(ctx, n, t, connection, baremetal.EventAttach)
}

// Detach detaches the volumes of all targets. The note in the metadata of the volumes goes at
// the end of a deployment, and stays while a deployed machine is off.
func (c *Cinder) Detach(ctx context.Context, n *baremetal.Node) error {
	targets, connectors, err := c.read(ctx, n)
	if err != nil {
		return err
	}
	connector, err := connectorOf(n, connectors)
	if err != nil {
		connector = map[string]any{"host": n.UUID} // its connectors are gone; Cinder knows the attachment by its id
	}
	return c.detachAll(ctx, n, targets, connector)
}

// detachAll detaches each of the targets, whatever becomes of the others.
func (c *Cinder) detachAll(ctx context.Context, n *baremetal.Node, targets []*baremetal.VolumeTarget, connector map[string]any) error {
	var failed []error
	for _, t := range targets {
		err := c.client.Detach(ctx, t.VolumeID, hostOf(n, t, connector), t.Properties.Text("attachment_id"),
			n.ProvisionState == baremetal.Deleting)
		if err == nil {
			err = c.save(ctx, n, t, cinder.Connection{}, baremetal.EventDetach)
		}
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}

// read returns the node's targets and connectors.
func (c *Cinder) read(ctx context.Context, n *baremetal.Node) (targets []*baremetal.VolumeTarget, connectors []*baremetal.VolumeConnector,
	err error) {
	err = c.store.View(ctx, func(tx *store.Tx) error {
		if targets, err = volumeTargets(tx, n); err != nil {
			return err
		}
		connectors, err = tx.Connectors().List(store.Where("node_uuid", n.UUID))
		return err
	})
	return targets, connectors, err
}

// save writes a connection into the properties of the target in place of the one before, and
// says so in the log of events. Ironhook's own keys stay. What is done at Cinder must be
// recorded, also when ctx has ended.
func (c *Cinder) save(ctx context.Context, n *baremetal.Node, t *baremetal.VolumeTarget, connection cinder.Connection,
	kind baremetal.EventKind) error {
	return c.store.Update(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		now, err := tx.Targets().Get(t.UUID)
		if err != nil {
			return err
		}
		if kind == baremetal.EventDetach && !now.Located() {
			return nil
		}
		properties := baremetal.Object{}
		maps.Copy(properties, connection.Data)
		for _, key := range baremetal.OwnTargetKeys {
			if v, ok := now.Properties[key]; ok {
				properties[key] = v
			}
		}
		if connection.Attachment != "" {
			properties["attachment_id"] = connection.Attachment
		}
		now.Properties, t.Properties = properties, properties
		if err := tx.Targets().Update(now); err != nil {
			return err
		}
		return tx.Append(baremetal.Event{Node: n.UUID, Kind: kind, Detail: t.VolumeID + " of Cinder"})
	})
}

func hostOf(n *baremetal.Node, t *baremetal.VolumeTarget, connector map[string]any) cinder.Host {
	return cinder.Host{Node: n.UUID, Connector: connector, ReadOnly: t.Options().ReadOnly}
}

// connectorOf describes the node's initiators to Cinder, as Ironic does: its first IQN and IP
// address, all of its WWPNs and WWNNs.
func connectorOf(n *baremetal.Node, connectors []*baremetal.VolumeConnector) (map[string]any, error) {
	all := byType(connectors)
	data := map[string]any{"host": n.UUID}
	for key, kind := range map[string]string{"initiator": "iqn", "ip": "ip"} {
		if ids := all[kind]; len(ids) > 0 {
			data[key] = ids[0]
		}
	}
	for key, kind := range map[string]string{"wwpns": "wwpn", "wwnns": "wwnn"} {
		if ids := all[kind]; len(ids) > 0 {
			data[key] = ids
		}
	}
	if data["initiator"] == nil && data["wwpns"] == nil {
		return nil, baremetal.Errorf(baremetal.ErrStorage, "Node %s has no volume connector of type iqn or wwpn, by which Cinder would know it: "+
			"openstack baremetal volume connector create --node %s --type iqn --connector-id IQN.", n.Label(), n.UUID)
	}
	if len(connectors) > 1 {
		data["multipath"] = true
	}
	return data, nil
}

// byType are the ids of connectors by their type.
func byType(connectors []*baremetal.VolumeConnector) map[string][]string {
	all := map[string][]string{}
	for _, k := range connectors {
		all[k.Type] = append(all[k.Type], k.ConnectorID)
	}
	return all
}

// Validate reports everything that would keep the node from booting from its volumes, without
// asking Cinder. A node without targets needs nothing.
func (c *Cinder) Validate(tx *store.Tx, n *baremetal.Node) error {
	targets, err := volumeTargets(tx, n)
	if err != nil || len(targets) == 0 {
		return err
	}
	connectors, err := tx.Connectors().List(store.Where("node_uuid", n.UUID))
	if err != nil {
		return err
	}
	f, err := facts(tx, n, targets)
	if err != nil {
		return err
	}
	return checkCinder(f, byType(connectors)).err(baremetal.ErrInvalid, "Failed to validate cinder storage interface for node %s.", n.UUID)
}

// reach is what the volumes of a type need of a node.
type reach struct {
	kind, capability, protocol string
	connectors                 []string // any of these types
}

var reaches = []reach{
	{"iscsi", "iscsi_boot", "iSCSI", []string{"iqn"}},
	{"fibre_channel", "fibre_channel_boot", "Fibre Channel", []string{"wwpn", "wwnn"}},
}

// checkCinder makes Ironic's checks, in its words, and those of the boot plan.
func checkCinder(f boot.Facts, connectors map[string][]string) (found findings) {
	for _, r := range f.Deploy() {
		found.add("%s", r)
	}
	if len(connectors["iqn"]) > 0 && !f.Node.Interfaces.ByIPXE() {
		found.add("The [pxe]/ipxe_enabled option must be set to True or the boot interface must be set to ``ipxe`` to support network booting " +
			"to an iSCSI volume.")
	}
	if ports, nodes := len(connectors["wwpn"]), len(connectors["wwnn"]); ports != nodes {
		found.add("Cinder requires both wwnn and wwpn entries for FCoE connections. There must be a wwpn entry for every wwnn entry. There are "+
			"%d wwpn entries and %d wwnn entries.", ports, nodes)
	}
	for _, r := range reaches {
		if f.Node.Able(r.capability) && !hasAny(connectors, r.connectors) {
			found.add("In order to enable the '%s' capability for the node, an associated volume_connector type must be valid for %s (%s).",
				r.capability, r.protocol, strings.Join(r.connectors, ", "))
		}
	}
	for _, t := range f.Targets {
		checkCinderTarget(&found, f.Node, t, connectors)
	}
	return found
}

func checkCinderTarget(found *findings, n *baremetal.Node, t *baremetal.VolumeTarget, connectors map[string][]string) {
	i := slices.IndexFunc(reaches, func(r reach) bool { return strings.EqualFold(r.kind, t.VolumeType) })
	if i < 0 {
		found.add("Volume target %s is of an unknown type '%s'. Supported types: 'iscsi' or 'fibre_channel'", t.UUID, t.VolumeType)
		return
	}
	need := reaches[i]
	if !n.Able(need.capability) {
		found.add("Volume target %s is configured for '%s', however the capability '%s' is not set for the node.", t.UUID, need.kind,
			need.capability)
	}
	if !hasAny(connectors, need.connectors) {
		found.add("Volume target %s is configured for '%s', however no %s connectors are configured for the node.", t.UUID, need.kind,
			need.protocol)
	}
	if t.Options().ResetOnBoot {
		found.add("Volume target %s has reset_on_boot, which only volumes of the storage interface iscsi can do: remove it.", t.UUID)
	}
}

func hasAny(connectors map[string][]string, types []string) bool {
	return slices.ContainsFunc(types, func(t string) bool { return len(connectors[t]) > 0 })
}
