package storage

import (
	"context"
	"errors"
	"fmt"

	"ironhook/baremetal"
	"ironhook/boot"
	"ironhook/storage/pool"
	"ironhook/store"
	"ironhook/volume"
)

// A deployment replaces the boot volume of a node; [boot.Facts.Remakes] decides whether it
// does.
//
// The new volume exists before the target names it, and the old one is then deleted. After a
// crash at any point the target names a complete volume, and the other one is an orphan that
// the pool deletes when the reservation ends.

// Begin refuses to deploy, rebuild or adopt a node whose volumes are not available to it.
// It runs in the transaction that reserves the node: of two nodes that name one volume only
// one begins.
func (m *Managed) Begin(tx *store.Tx, n *baremetal.Node, verb baremetal.ProvisionEvent) error {
	targets, err := volumeTargets(tx, n)
	if err != nil {
		return err
	}
	f, err := m.deploymentFacts(tx, n, targets)
	if err != nil {
		return err
	}
	if err := begins(f, verb).Err(); err != nil {
		return err
	}
	return m.free(tx, n, targets)
}

// deploymentFacts are facts with what a deployment asks about the boot volume and the
// image.
func (m *Managed) deploymentFacts(tx *store.Tx, n *baremetal.Node, targets []*baremetal.VolumeTarget) (boot.Facts, error) {
	f, err := facts(tx, n, targets)
	if err != nil {
		return f, err
	}
	if source, refusal := boot.Source(n); refusal == nil && source.URL != "" && f.Image == nil {
		f.Unreachable = m.pool.CheckSource(source)
	}
	if boots := boot.Target(targets); boots != nil {
		f.Volume, err = tx.Volumes().Find(boots.VolumeID)
	}
	return f, err
}

// factsNow are deploymentFacts in a transaction of their own.
func (m *Managed) factsNow(ctx context.Context, n *baremetal.Node) (f boot.Facts, err error) {
	err = m.store.View(ctx, func(tx *store.Tx) error {
		targets, err := volumeTargets(tx, n)
		if err == nil {
			f, err = m.deploymentFacts(tx, n, targets)
		}
		return err
	})
	return f, err
}

// begins returns the reasons why a verb cannot make the node's boot volume.
func begins(f boot.Facts, verb baremetal.ProvisionEvent) boot.Refusals {
	switch {
	case verb == baremetal.VerbAdopt || !f.Node.Interfaces.Deploys():
		return nil // nothing is made
	case verb == baremetal.VerbRebuild:
		return f.Rebuild()
	}
	return f.Deploy()
}

// free refuses targets that name volumes in use by others.
func (m *Managed) free(tx *store.Tx, n *baremetal.Node, targets []*baremetal.VolumeTarget) error {
	var found findings
	for _, t := range targets {
		if !t.ISCSI() {
			continue
		}
		id, v, err := pool.Resolve(tx, m.volumes, t.VolumeID)
		switch {
		case operatorError(err) || err == nil && m.shares(t, id, v):
			continue // Attach reports the first; an overlay conflicts with no other node
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
// target, after for a deleted one.
func (m *Managed) MayChange(tx *store.Tx, n *baremetal.Node, before, after *baremetal.VolumeTarget) error {
	if !n.ProvisionState.Holds() {
		return nil
	}
	if before != nil && (after == nil || after.VolumeID != before.VolumeID || !after.ISCSI()) {
		v, err := tx.Volumes().Find(before.VolumeID)
		if err != nil {
			return err
		}
		if v != nil && v.NodeUUID == n.UUID && !v.Keep() {
			return baremetal.Errorf(baremetal.ErrConflict,
				"Volume target %s names volume %s, which the deployment of node %s made and which goes with it: undeploy the node, or set the "+
					"metadata item keep of the volume to true first.",
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

// Import fetches the image that image_source names, if that is elsewhere, and refuses one
// that no boot volume of the node can be made from.
func (m *Managed) Import(ctx context.Context, n *baremetal.Node) error {
	source, refusal := boot.Source(n)
	if refusal != nil || source.URL == "" {
		return refusal.Err()
	}
	report := milestones{managed: m, node: n, what: source.Label()}
	i, err := m.pool.ImportSource(ctx, source, func(p volume.Progress) { report.tell(ctx, p) })
	if err != nil {
		return err
	}
	report.say(ctx, fmt.Sprintf("image %s is %s", i.UUID, report.what))
	f, err := m.factsNow(ctx, n)
	if err != nil {
		return err
	}
	return f.Deploy().Err()
}

// milestones reports an import as events of the node: each quarter, or each GiB if the
// length is not known.
type milestones struct {
	managed *Managed
	node    *baremetal.Node
	what    string
	next    int64 // bytes
}

func (r *milestones) tell(ctx context.Context, p volume.Progress) {
	if p.Done < r.next {
		return
	}
	stride := int64(1 << 30)
	if p.Total > 0 {
		stride = max(p.Total/4, 1)
	}
	r.next = (p.Done/stride + 1) * stride
	r.say(ctx, fmt.Sprintf("imports %s: %s", r.what, p))
}

// say appends an event. The import goes on without it: it reports itself, and what failed
// is in the log of the store.
func (r *milestones) say(ctx context.Context, detail string) {
	_ = r.managed.store.Append(ctx, baremetal.Event{Node: r.node.UUID, Kind: baremetal.EventNode, Detail: detail})
}

// Remake replaces the node's own boot volume, if it has one, with a new one made from
// image_source. The machine must be off and the node reserved.
func (m *Managed) Remake(ctx context.Context, n *baremetal.Node) error {
	f, err := m.factsNow(ctx, n)
	if err != nil {
		return err
	}
	remakes, refusal := f.Remakes()
	if refusal != nil || !remakes {
		return refusal.Err()
	}
	size, refusal := boot.RootSize(n)
	if refusal != nil {
		return refusal.Err()
	}
	if err := m.Detach(ctx, n); err != nil {
		return err
	}
	made, err := m.pool.CreateVolume(ctx, pool.NewVolume{Name: f.Volume.Name, Description: f.Volume.Description, Metadata: f.Volume.Metadata,
		Image: f.Image.UUID, Size: size, Node: n.UUID})
	if err != nil {
		return fmt.Errorf("make a new boot volume for node %s: %w", n.Label(), err)
	}
	err = m.store.Update(ctx, func(tx *store.Tx) error {
		t, err := tx.Targets().Get(boot.Target(f.Targets).UUID)
		if err != nil {
			return err
		}
		if t.VolumeID != f.Volume.UUID {
			return fmt.Errorf("volume target %s was changed to name %s meanwhile", t.UUID, t.VolumeID)
		}
		t.VolumeID = made.UUID
		return errors.Join(tx.Targets().Update(t), tx.Append(baremetal.Event{Node: n.UUID, Kind: baremetal.EventNode,
			Detail: fmt.Sprintf("boot volume %s replaced by %s, new from image %s", f.Volume.UUID, made.UUID, f.Image.UUID)}))
	})
	if err == nil {
		m.Discard(ctx, n)
	}
	return err
}
