package storage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"ironhook/baremetal"
	"ironhook/storage/pool"
	"ironhook/store"
)

// A deployment, the first or another, begins with a boot volume that is made of
// image_source now: the node's own volume is replaced, as large as root_gb says. Volumes
// that an operator has given to the node are not its own and stay as they are.
//
// The new volume is there before the target names it, and the old one goes after that,
// with the reservation: it is an orphan of the pool's then. Whenever that is cut short,
// the target names a volume that is whole, and the other one is the orphan.

// bootFacts is what decides about a node's boot volume.
type bootFacts struct {
	node      *baremetal.Node
	target    *baremetal.VolumeTarget // with boot_index 0; nil for none
	volume    *baremetal.Volume       // that the target names; nil for what is no volume of the pool
	image     *baremetal.Image        // image_source; nil if that is none of ours
	snapshots int                     // of the volume
}

func (m *Managed) bootFacts(tx *store.Tx, n *baremetal.Node) (f bootFacts, err error) {
	f.node = n
	targets, err := volumeTargets(tx, n)
	if err != nil {
		return f, err
	}
	if f.image, err = golden(tx, n); err != nil {
		return f, err
	}
	if len(targets) == 0 || targets[0].BootIndex != 0 {
		return f, nil
	}
	f.target = targets[0]
	if f.volume, err = tx.Volumes().Find(f.target.VolumeID); err != nil || f.volume == nil {
		return f, err
	}
	snapshots, err := tx.Snapshots().List(store.Where("volume_uuid", f.volume.UUID))
	f.snapshots = len(snapshots)
	return f, err
}

// own reports whether the node boots from a volume that its deployment made and that
// the next one may replace.
func (f bootFacts) own() bool {
	return f.volume != nil && f.volume.NodeUUID == f.node.UUID && isISCSI(f.target) && !truth(f.target.Properties["keep"])
}

// remakes reports whether a deployment replaces the boot volume; the error is what would
// keep it from making one.
func (f bootFacts) remakes() (bool, error) {
	source := f.node.InstanceInfo.Text("image_source")
	switch {
	case f.target != nil && !f.own() || source == "":
		return false, nil
	case f.image == nil:
		return false, baremetal.Errorf(baremetal.ErrInvalid, "There is no image %.200q, the image_source in instance_info: upload it, or name one that there is by its UUID or name; it cannot be a URL.", source)
	}
	if err := checkRoot(f.node, f.image); err != nil || f.target == nil {
		return false, err
	}
	switch {
	case truth(f.node.InstanceInfo["preserve_ephemeral"]):
		return false, baremetal.Errorf(baremetal.ErrInvalid, "preserve_ephemeral in instance_info cannot be honoured, for the whole boot volume is made anew: remove it, and keep what shall stay on a volume of its own.")
	case f.snapshots > 0 && !keeps(f.volume):
		return false, baremetal.Errorf(baremetal.ErrInvalid, "Volume %s, which would be made anew, has %d snapshots that would go with it: delete them, or set the metadata item keep of the volume to true, and it stays with them.",
			f.volume.UUID, f.snapshots)
	}
	return true, nil
}

// rebuilds is remakes for a rebuild, which shall not succeed without doing anything.
func (f bootFacts) rebuilds() error {
	_, err := f.remakes()
	switch {
	case err != nil:
		return err
	case f.target != nil && !f.own() && !(isISCSI(f.target) && resets(f.target)):
		return baremetal.Errorf(baremetal.ErrInvalid, "There is nothing to rebuild: volume %s of volume target %s was given to the node and not made by its deployment, so it stays as it is. To have one made of an image, delete the target while the machine is off and set image_source in instance_info.",
			f.target.VolumeID, f.target.UUID)
	case f.own() && f.node.InstanceInfo.Text("image_source") == "":
		return baremetal.Errorf(baremetal.ErrInvalid, "There is nothing to rebuild from: set image_source in instance_info to an image.")
	}
	return nil
}

// keeps reports whether an operator wants to have a volume when its node has no more use for it.
func keeps(v *baremetal.Volume) bool { return truth(v.Metadata["keep"]) }

// truth reads a switch among properties; what is none is off.
func truth(v any) bool {
	on, err := strconv.ParseBool(fmt.Sprint(v))
	return err == nil && on
}

// checkSource says what would keep the next deployment from making its boot volume.
func (m *Managed) checkSource(found *findings, tx *store.Tx, n *baremetal.Node) error {
	f, err := m.bootFacts(tx, n)
	if err == nil {
		_, err = f.remakes()
	}
	if !isFinding(err) {
		return err
	}
	if !slices.Contains(*found, err.Error()) { // a name that several images have is found twice
		found.add("%s", err)
	}
	return nil
}

// Begin refuses to let an instance begin on a node, or to begin again, if it could not
// have its volumes. It runs in the transaction in which the node is reserved for that:
// of two nodes that name a volume only one begins.
func (m *Managed) Begin(tx *store.Tx, n *baremetal.Node, verb baremetal.ProvisionEvent) error {
	f, err := m.bootFacts(tx, n)
	switch {
	case verb == baremetal.VerbAdopt || n.Interfaces["deploy"] == "fake": // nothing is made
	case err != nil:
	case verb == baremetal.VerbRebuild:
		err = f.rebuilds()
	default:
		_, err = f.remakes()
	}
	if err != nil {
		return err
	}
	targets, err := volumeTargets(tx, n)
	if err != nil {
		return err
	}
	return m.free(tx, n, targets)
}

// free refuses targets that name volumes which others have.
func (m *Managed) free(tx *store.Tx, n *baremetal.Node, targets []*baremetal.VolumeTarget) error {
	var found findings
	for _, t := range targets {
		if !isISCSI(t) {
			continue
		}
		id, v, err := pool.Resolve(tx, m.volumes, t.VolumeID)
		switch {
		case isFinding(err) || err == nil && m.shares(t, id, v):
			continue // attaching has the words for the first; the second is everyone's
		case err != nil:
			return err
		}
		if err := checkFree(&found, tx, n, t, id, v); err != nil {
			return err
		}
	}
	return found.err(baremetal.ErrConflict, "Node %s cannot have its volumes.", n.UUID)
}

// MayChange refuses a change of the volume targets of a deployed node that would take a
// volume from another, or lose the volume that its deployment made. before is nil for a new
// target, after for one that goes.
func (m *Managed) MayChange(tx *store.Tx, n *baremetal.Node, before, after *baremetal.VolumeTarget) error {
	if !n.ProvisionState.Holds() {
		return nil
	}
	if before != nil && (after == nil || after.VolumeID != before.VolumeID || !isISCSI(after)) {
		v, err := tx.Volumes().Find(before.VolumeID)
		if err != nil {
			return err
		}
		if v != nil && v.NodeUUID == n.UUID && !keeps(v) {
			return baremetal.Errorf(baremetal.ErrConflict, "Volume target %s names volume %s, which the deployment of node %s made and which goes with it: undeploy the node, or set the metadata item keep of the volume to true first.",
				before.UUID, v.UUID, n.Label())
		}
	}
	if after == nil {
		return nil
	}
	newcomer := *n // deployed, but not with this volume
	newcomer.ProvisionState = baremetal.Available
	return m.free(tx, &newcomer, []*baremetal.VolumeTarget{after})
}

// Remake replaces the node's own boot volume, if it has one, by a new one of
// image_source. The machine must be off and the node reserved.
func (m *Managed) Remake(ctx context.Context, n *baremetal.Node) error {
	var f bootFacts
	anew := false
	err := m.store.View(ctx, func(tx *store.Tx) (err error) {
		if f, err = m.bootFacts(tx, n); err == nil {
			anew, err = f.remakes()
		}
		return err
	})
	if err != nil || !anew {
		return err
	}
	size, err := rootSize(n)
	if err != nil {
		return err
	}
	if err := m.Detach(ctx, n); err != nil {
		return err
	}
	made, err := m.pool.CreateVolume(ctx, pool.NewVolume{Name: f.volume.Name, Description: f.volume.Description, Metadata: f.volume.Metadata,
		Image: f.image.UUID, Size: size, Node: n.UUID})
	if err != nil {
		return fmt.Errorf("make the boot volume of node %s anew: %w", n.Label(), err)
	}
	return m.store.Update(ctx, func(tx *store.Tx) error {
		t, err := tx.Targets().Get(f.target.UUID)
		if err != nil {
			return err
		}
		if t.VolumeID != f.volume.UUID {
			return fmt.Errorf("volume target %s was changed to name %s meanwhile", t.UUID, t.VolumeID)
		}
		t.VolumeID = made.UUID
		return errors.Join(tx.Targets().Update(t), tx.Append(baremetal.Event{Node: n.UUID, Kind: baremetal.EventNode,
			Detail: fmt.Sprintf("boot volume %s replaced by %s, new from image %s", f.volume.UUID, made.UUID, f.image.UUID)}))
	})
}
