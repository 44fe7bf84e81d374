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

// Managed is the storage interface "iscsi": it gives local volumes to machines. Its
// methods are safe for concurrent use, for different nodes; whoever calls them for
// one node holds that node's reservation.
type Managed struct {
	store    *store.Store
	pool     *pool.Pool
	volumes  *volume.Dir
	portal   Portal
	withdraw func(iqn string)
}

// Portal returns the address at which a node reaches the iSCSI target.
type Portal func(context.Context, *baremetal.Node) (netip.AddrPort, error)

// NewManaged makes the interface. withdraw is called when an export is gone: it
// ends the sessions to that IQN and returns when no I/O of theirs is left.
func NewManaged(s *store.Store, p *pool.Pool, v *volume.Dir, portal Portal, withdraw func(iqn string)) *Managed {
	return &Managed{s, p, v, portal, withdraw}
}

// Plan is what the node boots from, be it a volume that Attach makes of the image that
// instance_info names.
func (m *Managed) Plan(tx *store.Tx, n *baremetal.Node) (boot.Plan, error) {
	return planOf(tx, n)
}

// Validate says everything at once that would keep the node from booting from its
// volumes, and what to do about it.
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

// checkBoot looks at what the machine needs besides the volumes.
func checkBoot(found *findings, f boot.Facts) {
	for _, r := range f.Deploy() {
		found.add("%s", r)
	}
	if boot.Decide(f).Refusal == nil && !f.Node.Interfaces.ByIPXE() {
		found.add("To support network booting to an iSCSI volume, the boot interface must be set to ``ipxe``.")
	}
}

// remaining are the targets whose volumes a deployment takes as they are. That which it
// makes anew may be in any state, for it is to go.
func remaining(f boot.Facts) []*baremetal.VolumeTarget {
	if anew, _ := f.Remakes(); !anew {
		return f.Targets
	}
	return slices.DeleteFunc(slices.Clone(f.Targets), func(t *baremetal.VolumeTarget) bool { return t.BootIndex == 0 })
}

// checkVolumes looks at every volume that attaching would export, and returns them by
// the UUIDs of their targets. Overlays are missing as long as nothing is attached.
func (m *Managed) checkVolumes(found *findings, tx *store.Tx, n *baremetal.Node, targets []*baremetal.VolumeTarget, own overlays) (volumes map[string]string, err error) {
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
		if isFinding(err) {
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
		checkAnew(found, t, v)
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

// isFinding tells an error that a person can do something about.
func isFinding(err error) bool {
	return errors.Is(err, baremetal.ErrConflict) || errors.Is(err, baremetal.ErrInvalid)
}

// checkVolume looks at the volume itself and tells whether it can be served.
func (m *Managed) checkVolume(found *findings, t *baremetal.VolumeTarget, id string, v *baremetal.Volume) bool {
	if v != nil && v.Status != baremetal.VolumeAvailable && v.Status != baremetal.VolumeUploading {
		found.add("Volume %s of volume target %s is %s: wait until it is available.", t.VolumeID, t.UUID, v.Status)
		return false
	}
	info, err := m.volumes.Stat(id)
	switch {
	case err == nil && info.Kind != volume.KindVolume && !t.Options().ReadOnly:
		found.add("volume_id %s of volume target %s names a %s, which cannot be written to: make a volume from it and name that, or set in the target's properties access_mode to ro, or, for an image, reset_on_boot to true.", t.VolumeID, t.UUID, info.Kind)
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
// it, all of them, may share it. A node that is deployed has its volumes since then: of
// the others only those that are on can be in its way.
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
			found.add("Volume %s of volume target %s is attached to %s: delete that attachment first, or give this node a volume of its own.", t.VolumeID, t.UUID, cmp.Or(u.Name, "another host"))
		case !u.Live():
			found.add("Volume %s of volume target %s is in use by node %s, which is deployed: undeploy that node first, give this one a volume of its own, or set access_mode to ro in the properties of both targets.", t.VolumeID, t.UUID, u.Name)
		default:
			found.add("Volume %s of volume target %s is in use by node %s: switch that node off first, give this one a volume of its own, or set access_mode to ro in the properties of both targets.", t.VolumeID, t.UUID, u.Name)
		}
	}
	return nil
}

// Attach exports every iSCSI volume of the node to it. What is exported already
// stays as it is, secret included, so that a running machine does not lose its
// disk; the rest gets a new secret. All of it happens or nothing; errors are
// ErrStorage and say everything that is wrong.
func (m *Managed) Attach(ctx context.Context, n *baremetal.Node) error {
	portal, err := m.portal(ctx, n)
	if err != nil {
		return fmt.Errorf("find the address at which node %s reaches the iSCSI target: %w", n.Label(), err)
	}
	if err := m.ensure(ctx, n); err != nil {
		return err
	}
	own, err := m.begin(ctx, n)
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
		stale, err = attach(tx, n, targets, volumes, portal)
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
