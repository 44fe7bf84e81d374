package conductor

import (
	"context"
	"fmt"
	"time"

	"ironhook/baremetal"
	"ironhook/boot"
	"ironhook/store"
)

// begins are the verbs that start an instance on a node, the first or another.
var begins = map[baremetal.ProvisionEvent]bool{baremetal.VerbDeploy: true, baremetal.VerbRebuild: true, baremetal.VerbAdopt: true}

// mayBegin asks the storage interface whether the node's volumes are available to it.
func (c *Conductor) mayBegin(tx *store.Tx, n *baremetal.Node, event baremetal.ProvisionEvent) error {
	owning, ok := c.Storage[n.Interfaces.Storage()].(Owning)
	if !ok || !begins[event] {
		return nil
	}
	return owning.Begin(tx, n, event)
}

// importImage begins a deployment: an image that is elsewhere is fetched before anything
// is done to the machine, for as long as that takes. An import that stalls ends by itself.
func (c *Conductor) importImage(ctx context.Context, n *baremetal.Node) error {
	storage, err := c.storageOf(n)
	if err != nil {
		return err
	}
	owning, ok := storage.(Owning)
	if !ok {
		return nil
	}
	step := Step{Name: "import_image"}
	err = c.change(ctx, n.UUID, func(n *baremetal.Node, _ time.Time) []baremetal.Event {
		n.DeployStep = step.shown()
		return nil
	})
	if err == nil {
		err = owning.Import(ctx, n)
	}
	if err != nil {
		return aboutVolumes(deploying.failed(n, step, err))
	}
	return nil
}

// fetchDrive begins a deployment whose config drive is named by a URL: instance_info has what
// is there from then on, as Ironic keeps a drive that it has made.
func (c *Conductor) fetchDrive(ctx context.Context, n *baremetal.Node) error {
	at := boot.DriveURL(n)
	if at == "" || c.Fetch == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, taskTime)
	defer cancel()
	body, err := c.Fetch(ctx, at, boot.MaxPackedDrive)
	if err != nil {
		return deploying.failed(n, Step{Name: "fetch_config_drive"}, err)
	}
	drive, err := boot.FetchedDrive(body)
	if err != nil {
		return deploying.failed(n, Step{Name: "fetch_config_drive"}, fmt.Errorf("what is at the URL of the configdrive %w", err))
	}
	n.InstanceInfo["configdrive"] = drive
	return c.change(ctx, n.UUID, func(n *baremetal.Node, _ time.Time) []baremetal.Event {
		n.InstanceInfo = with(n.InstanceInfo, "configdrive", drive)
		return nil
	})
}

// remake is the step of a deployment that replaces the node's own boot volume.
func (c *Conductor) remake(ctx context.Context, n *baremetal.Node) error {
	storage, err := c.storageOf(n)
	if err != nil {
		return err
	}
	if owning, ok := storage.(Owning); ok {
		return aboutVolumes(owning.Remake(ctx, n))
	}
	return nil
}

// MayChangeTarget refuses a change of a volume target by which a deployed node, this or
// another, would lose a volume: before is nil for a new target, after for a deleted one.
// Call it in the transaction of the change.
func (c *Conductor) MayChangeTarget(tx *store.Tx, before, after *baremetal.VolumeTarget) error {
	if before != nil && after != nil && before.NodeUUID != after.NodeUUID {
		if err := c.mayChange(tx, before.NodeUUID, before, nil); err != nil {
			return err
		}
		before = nil
	}
	if after != nil {
		return c.mayChange(tx, after.NodeUUID, before, after)
	}
	return c.mayChange(tx, before.NodeUUID, before, nil)
}

func (c *Conductor) mayChange(tx *store.Tx, node string, before, after *baremetal.VolumeTarget) error {
	n, err := tx.Nodes().Get(node, "interfaces")
	if err != nil {
		return err
	}
	guarding, ok := c.Storage[n.Interfaces.Storage()].(Guarding)
	if !ok {
		return nil
	}
	if n, err = tx.Nodes().Get(node); err != nil { // all of it is dear
		return err
	}
	return guarding.MayChange(tx, n, before, after)
}
