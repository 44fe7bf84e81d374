package storage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"slices"
	"strings"

	"ironhook/baremetal"
	"ironhook/boot"
	"ironhook/storage/pool"
	"ironhook/store"
	"ironhook/volume"
)

// Managed is the storage interface "iscsi": it exports local volumes to nodes. Its methods
// are safe for concurrent use for different nodes; the caller holds the reservation of the
// node.
type Managed struct {
	store    *store.Store
	pool     *pool.Pool
	volumes  *volume.Dir
	portal   Portal
	withdraw func(iqn string)
}

// Portal returns the address at which a node reaches the iSCSI target.
type Portal func(context.Context, *baremetal.Node) (netip.AddrPort, error)

// NewManaged makes the interface. withdraw is called after a grant is removed: it ends the
// sessions to that IQN and returns when none of their I/O is in flight.
func NewManaged(s *store.Store, p *pool.Pool, v *volume.Dir, portal Portal, withdraw func(iqn string)) *Managed {
	return &Managed{s, p, v, portal, withdraw}
}

// Plan returns the boot plan of the node, which may boot from a volume that Attach will
// make from the image in instance_info.
func (m *Managed) Plan(tx *store.Tx, n *baremetal.Node) (boot.Plan, error) {
	return planOf(tx, n)
}

// Validate reports everything that would keep the node from booting from its volumes, with
// the remedies.
func (m *Managed) Validate(tx *store.Tx, n *baremetal.Node) error {
	var found findings
	targets, err := volumeTargets(tx, n)
	if err != nil {
		return err
	}
	f, err := m.deploymentFacts(tx, n, targets)
	if err != nil {
		return err
	}
	checkBoot(&found, f)
	if _, err := m.checkVolumes(&found, tx, n, remaining(f), nil); err != nil {
		return err
	}
	return found.err(baremetal.ErrInvalid, "Failed to validate iscsi storage interface for node %s.", n.UUID)
}

// checkBoot checks the requirements of the boot other than the volumes.
func checkBoot(found *findings, f boot.Facts) {
	for _, r := range f.Deploy() {
		found.add("%s", r)
	}
	if p := boot.Decide(f); p.Refusal == nil && p.Device() == "pxe" && !f.Node.Interfaces.ByIPXE() {
		found.add("To support network booting %s, the boot interface must be set to ``ipxe``.", what(p))
	}
}

// what is what iPXE gets by a plan, in Ironic's words for a volume.
func what(p boot.Plan) string {
	if p.Load != nil {
		return "by iPXE"
	}
	return "to an iSCSI volume"
}

// remaining are the targets whose volumes a deployment takes as they are. That which it
// makes anew may be in any state, for it is to go.
func remaining(f boot.Facts) []*baremetal.VolumeTarget {
	if anew, _ := f.Remakes(); !anew {
		return f.Targets
	}
	return slices.DeleteFunc(slices.Clone(f.Targets), func(t *baremetal.VolumeTarget) bool { return t.BootIndex == 0 })
}

// checkVolumes checks every volume that attaching would export, and returns them by the
// UUIDs of their targets. Overlays are missing until the node is attached.
func (m *Managed) checkVolumes(found *findings, tx *store.Tx, n *baremetal.Node, targets []*baremetal.VolumeTarget,
	own overlays) (volumes map[string]string, err error) {
	volumes = map[string]string{}
	named := map[string]string{}
	for _, t := range targets {
		if !t.ISCSI() {
			continue
		}
		if _, err := baremetal.ParseTargetOptions(t.Properties); err != nil {
			found.add("Volume target %s: %s", t.UUID, err)
		}
		id, v, err := pool.Resolve(tx, m.volumes, t.VolumeID)
		if operatorError(err) {
			found.add("volume_id of volume target %s: %s", t.UUID, err)
			continue
		}
		if err != nil {
			return nil, err
		}
		if m.shares(t, id, v) {
			if volumes[t.UUID] = own[t.UUID]; own != nil && own[t.UUID] == "" {
				return nil, fmt.Errorf("volume target %s was changed to name %s meanwhile", t.UUID, t.VolumeID)
			}
			continue
		}
		checkEphemeral(found, t, v)
		if other, twice := named[id]; twice {
			found.add("Volume targets %s and %s name the same volume %s: give each a volume of its own.", other, t.UUID, t.VolumeID)
			continue
		}
		named[id], volumes[t.UUID] = t.UUID, id
		if m.checkVolume(found, t, id, v) {
			if err := checkFree(found, tx, n, t, id, v); err != nil {
				return nil, err
			}
		}
	}
	return volumes, nil
}

// operatorError reports whether the operator can resolve an error.
func operatorError(err error) bool {
	return errors.Is(err, baremetal.ErrConflict) || errors.Is(err, baremetal.ErrInvalid)
}

// checkVolume checks the volume itself and reports whether it can be served.
func (m *Managed) checkVolume(found *findings, t *baremetal.VolumeTarget, id string, v *baremetal.Volume) bool {
	if v != nil && v.Status != baremetal.VolumeAvailable && v.Status != baremetal.VolumeUploading {
		found.add("Volume %s of volume target %s is %s: wait until it is available.", t.VolumeID, t.UUID, v.Status)
		return false
	}
	info, err := m.volumes.Stat(id)
	switch {
	case err == nil && info.Kind != volume.KindVolume && !t.Options().ReadOnly:
		found.add("volume_id %s of volume target %s names a %s, which cannot be written to: make a volume from it and name that, or set in the "+
			"target's properties access_mode to ro, or, for an image, reset_on_boot to true.", t.VolumeID, t.UUID, info.Kind)
	case err == nil:
		return true
	case errors.Is(err, volume.ErrName):
		found.add("volume_id %.64q of volume target %s cannot be the name of a volume: set it to the name of one, made of letters, digits "+
			"and ._- alone.", t.VolumeID, t.UUID)
	case errors.Is(err, fs.ErrNotExist):
		found.add("Volume %s of volume target %s does not exist: %s.", t.VolumeID, t.UUID, m.alternatives())
	default:
		found.add("Volume %s of volume target %s cannot be served: %s.", t.VolumeID, t.UUID, err)
	}
	return false
}

// alternatives is the remedy for a missing volume.
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

// checkFree looks for another user of the volume. Users may share it if all of them only
// read it. A deployed node holds its volumes, so only live users can conflict with it.
func checkFree(found *findings, tx *store.Tx, n *baremetal.Node, t *baremetal.VolumeTarget, id string, v *baremetal.Volume) error {
	uses, err := pool.Users(tx, id)
	if err != nil {
		return err
	}
	ro := t.Options().ReadOnly || v != nil && v.ReadOnly
	for _, u := range uses {
		switch {
		case u.Node == n.UUID, ro && u.ReadOnly, pool.Holds(n, t) && !u.Live():
		case u.Node == "":
			found.add("Volume %s of volume target %s is attached to %s: delete that attachment first, or give this node a volume of its own.",
				t.VolumeID, t.UUID, cmp.Or(u.Name, "another host"))
		case !u.Live():
			found.add("Volume %s of volume target %s is in use by node %s, which is deployed: undeploy that node first, give this one a volume of "+
				"its own, or set access_mode to ro in the properties of both targets.", t.VolumeID, t.UUID, u.Name)
		default:
			found.add("Volume %s of volume target %s is in use by node %s: switch that node off first, give this one a volume of its own, or set "+
				"access_mode to ro in the properties of both targets.", t.VolumeID, t.UUID, u.Name)
		}
	}
	return nil
}

// Attach exports every iSCSI volume of the node to it. Existing grants stay as they are,
// with their secrets, so that a running machine does not lose its disk; new ones get a new
// secret. It is atomic; its error is ErrStorage and reports everything that is wrong.
func (m *Managed) Attach(ctx context.Context, n *baremetal.Node) error {
	portal, err := m.portal(ctx, n)
	if err != nil {
		return fmt.Errorf("find the address at which node %s reaches the iSCSI target: %w", n.Label(), err)
	}
	if err := m.ensure(ctx, n); err != nil {
		return err
	}
	own, err := m.renewAll(ctx, n)
	if err != nil {
		return err
	}
	var stale []string
	err = m.store.Update(ctx, func(tx *store.Tx) error {
		targets, err := volumeTargets(tx, n)
		if err != nil {
			return err
		}
		var found findings
		volumes, err := m.checkVolumes(&found, tx, n, targets, own)
		if err != nil {
			return err
		}
		if err := found.err(baremetal.ErrStorage, "Failed to attach the volumes of node %s.", n.UUID); err != nil {
			return err
		}
		stale, err = attach(tx, n, targets, volumes, own, portal)
		return err
	})
	if err != nil {
		return err
	}
	m.end(stale)
	return nil
}

// Detach withdraws every grant of the node and ends its sessions. When it returns no I/O of
// the machine can reach a volume.
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
	if len(gone) > 0 {
		m.Discard(ctx, n) // the overlays of this boot
	}
	return nil
}

// Discard deletes the volumes that were made for the node and that no volume target names.
func (m *Managed) Discard(ctx context.Context, n *baremetal.Node) { m.pool.Discard(ctx, n.UUID) }

// end is called after the commit: Lookup already refuses these names.
func (m *Managed) end(iqns []string) {
	for _, iqn := range iqns {
		m.withdraw(iqn)
	}
}
