package storage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"strings"

	"ironhook/baremetal"
	"ironhook/storage/volume"
	"ironhook/store"
)

// Managed is the storage interface "iscsi": it gives local volumes to machines. Its
// methods are safe for concurrent use, for different nodes; whoever calls them for
// one node holds that node's reservation.
type Managed struct {
	store    *store.Store
	volumes  *volume.Dir
	portal   Portal
	withdraw func(iqn string)
}

// Portal returns the address at which a node reaches the iSCSI target.
type Portal func(context.Context, *baremetal.Node) (netip.AddrPort, error)

// NewManaged makes the interface. withdraw is called when an export is gone: it
// ends the sessions to that IQN and returns when no I/O of theirs is left.
func NewManaged(s *store.Store, v *volume.Dir, portal Portal, withdraw func(iqn string)) *Managed {
	return &Managed{s, v, portal, withdraw}
}

// ShouldWriteImage is false when the node boots from a volume.
func (m *Managed) ShouldWriteImage(ctx context.Context, n *baremetal.Node) (bool, error) {
	return shouldWriteImage(ctx, m.store, n)
}

// Validate says everything at once that would keep the node from booting from its
// volumes, and what to do about it.
func (m *Managed) Validate(ctx context.Context, n *baremetal.Node) error {
	var found findings
	err := m.store.View(ctx, func(tx *store.Tx) error {
		targets, err := volumeTargets(tx, n)
		if err != nil {
			return err
		}
		checkBoot(&found, n, targets)
		return m.checkVolumes(&found, tx, n, targets)
	})
	if err != nil {
		return err
	}
	return found.err(baremetal.ErrInvalid, "Failed to validate iscsi storage interface for node %s.", n.UUID)
}

// checkBoot looks at what the machine needs besides the volumes.
func checkBoot(found *findings, n *baremetal.Node, targets []*baremetal.VolumeTarget) {
	if writesImage(n, targets) {
		if _, image := n.InstanceInfo["image_source"]; !image {
			found.add("There is no volume target with boot_index 0 to boot from: create one with the name of a volume as its volume_id.")
		}
		return
	}
	if !bootsByIPXE[n.Interfaces["boot"]] {
		found.add("To support network booting to an iSCSI volume, the boot interface must be set to ``ipxe``.")
	}
	if _, able := n.Capability("iscsi_boot"); !able && isISCSI(targets[0]) {
		found.add("Volume target %s is configured for 'iscsi', however the capability 'iscsi_boot' is not set for the node: add iscsi_boot:True to capabilities in its properties.", targets[0].UUID)
	}
}

// checkVolumes looks at every volume that attaching would export.
func (m *Managed) checkVolumes(found *findings, tx *store.Tx, n *baremetal.Node, targets []*baremetal.VolumeTarget) error {
	named := map[string]string{}
	for _, t := range targets {
		if !isISCSI(t) {
			continue
		}
		if other, twice := named[t.VolumeID]; twice {
			found.add("Volume targets %s and %s name the same volume %s: give each a volume of its own.", other, t.UUID, t.VolumeID)
			continue
		}
		named[t.VolumeID] = t.UUID
		if m.checkVolume(found, t) {
			if err := checkFree(found, tx, n, t); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkVolume looks at the volume itself and tells whether it can be served.
func (m *Managed) checkVolume(found *findings, t *baremetal.VolumeTarget) bool {
	_, err := m.volumes.Stat(t.VolumeID)
	switch {
	case err == nil:
		return true
	case errors.Is(err, volume.ErrName):
		found.add("volume_id %.64q of volume target %s cannot be the name of a volume: set it to the name of one, made of letters, digits and ._- alone.", t.VolumeID, t.UUID)
	case errors.Is(err, fs.ErrNotExist):
		found.add("Volume %s of volume target %s does not exist: %s.", t.VolumeID, t.UUID, m.alternatives())
	default:
		found.add("Volume %s of volume target %s cannot be served: %s.", t.VolumeID, t.UUID, err)
	}
	return false
}

// alternatives is what to do when a volume is missing.
func (m *Managed) alternatives() string {
	const most = 8
	list, err := m.volumes.List(volume.KindVolume)
	if err != nil || len(list) == 0 {
		return "make it first; there are no volumes yet"
	}
	var names []string
	for _, v := range list[:min(len(list), most)] {
		names = append(names, v.ID)
	}
	if len(list) > most {
		names = append(names, "...")
	}
	return "make it, or set volume_id to one that does: " + strings.Join(names, ", ")
}

// checkFree looks for another machine that has the volume. Machines that only read
// it, all of them, may share it.
func checkFree(found *findings, tx *store.Tx, n *baremetal.Node, t *baremetal.VolumeTarget) error {
	others, err := tx.Exports().List(store.Where("volume", t.VolumeID))
	if err != nil {
		return fmt.Errorf("look for other users of volume %s: %w", t.VolumeID, err)
	}
	for _, e := range others {
		if e.NodeUUID == n.UUID {
			continue
		}
		theirs, err := tx.Targets().Get(e.TargetUUID)
		if err != nil {
			return err
		}
		if readOnly(t) && readOnly(theirs) {
			continue
		}
		holder, err := tx.Nodes().Get(e.NodeUUID)
		if err != nil {
			return err
		}
		found.add("Volume %s of volume target %s is in use by node %s: switch that node off first, give this one a volume of its own, or set access_mode to ro in the properties of both targets.", t.VolumeID, t.UUID, holder.Label())
	}
	return nil
}

// readOnly tells whether the operator promised that the machine only reads, with
// the key that OpenStack has for it.
func readOnly(t *baremetal.VolumeTarget) bool { return t.Properties.Text("access_mode") == "ro" }

// Attach exports every iSCSI volume of the node to it. What is exported already
// stays as it is, secret included, so that a running machine does not lose its
// disk; the rest gets a new secret. All of it happens or nothing; errors are
// ErrStorage and say everything that is wrong.
func (m *Managed) Attach(ctx context.Context, n *baremetal.Node) error {
	portal, err := m.portal(ctx, n)
	if err != nil {
		return fmt.Errorf("find the address at which node %s reaches the iSCSI target: %w", n.Label(), err)
	}
	var stale []string
	err = m.store.Update(ctx, func(tx *store.Tx) error {
		targets, err := volumeTargets(tx, n)
		if err != nil {
			return err
		}
		var found findings
		if err := m.checkVolumes(&found, tx, n, targets); err != nil {
			return err
		}
		if err := found.err(baremetal.ErrStorage, "Failed to attach the volumes of node %s.", n.UUID); err != nil {
			return err
		}
		stale, err = attach(tx, n, targets, portal)
		return err
	})
	if err != nil {
		return err
	}
	m.end(stale)
	return nil
}

// Detach withdraws every export of the node and ends its sessions. When it returns
// nothing that the machine still has in flight reaches a volume.
func (m *Managed) Detach(ctx context.Context, n *baremetal.Node) error {
	var gone []string
	err := m.store.Update(ctx, func(tx *store.Tx) (err error) {
		gone, err = detach(tx, n)
		return err
	})
	if err != nil {
		return fmt.Errorf("detach the volumes of node %s: %w", n.Label(), err)
	}
	m.end(gone)
	return nil
}

// end comes after the commit: Lookup refuses these names already.
func (m *Managed) end(iqns []string) {
	for _, iqn := range iqns {
		m.withdraw(iqn)
	}
}
