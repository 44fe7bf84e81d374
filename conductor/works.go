package conductor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"ironhook/baremetal"
	"ironhook/store"
)

// work is the work of a transient state.
type work struct {
	do     func(c *Conductor, ctx context.Context, uuid string) error
	done   baremetal.ProvisionEvent // the event of success
	failed string                   // last_error: node, then reason
	step   baremetal.EventKind      // step of a boot that a failure prevents
}

// works by state. Ironhook has no agent: cleaning, inspection and rescue run nothing on the
// machine and end at once.
var works = map[baremetal.ProvisionState]work{
	baremetal.Verifying:  {(*Conductor).verify, baremetal.Done, "Failed to get power state for node %s. Error: %s", ""},
	baremetal.Deploying:  {(*Conductor).deploy, baremetal.Done, "Failed to deploy node %s: %s", baremetal.EventPowerOn},
	baremetal.Deleting:   {(*Conductor).tearDown, baremetal.VerbClean, "Failed to tear down node %s: %s", ""},
	baremetal.Cleaning:   {(*Conductor).clean, baremetal.Done, "Cannot clean node %s: %s", ""},
	baremetal.Inspecting: {(*Conductor).inspect, baremetal.Done, "Failed to inspect node %s: %s", ""},
	baremetal.Adopting:   {(*Conductor).verify, baremetal.Done, "Failed to adopt node %s: %s", ""},
	baremetal.Rescuing:   {nothing, baremetal.Done, "Failed to rescue node %s: %s", ""},
	baremetal.Unrescuing: {nothing, baremetal.Done, "Failed to unrescue node %s: %s", ""},
}

func nothing(*Conductor, context.Context, string) error { return nil }

// verify reads the machine's power state, to prove that it can, and records it.
func (c *Conductor) verify(ctx context.Context, uuid string) error {
	n, err := c.node(ctx, uuid)
	if err != nil {
		return err
	}
	power, err := c.powerOf(n, "power")
	if err != nil {
		return err
	}
	if err := power.Validate(n); err != nil {
		return err
	}
	state, err := power.State(ctx, n)
	if err != nil {
		return err
	}
	return c.change(ctx, uuid, func(n *baremetal.Node, now time.Time) []baremetal.Event {
		setPower(n, state, now)
		return nil
	})
}

// cleanSteps are the steps of manual cleaning that an interface can do without an agent on
// the machine.
var cleanSteps = map[string]map[string][]string{
	"bios": {"fake": {"apply_configuration", "factory_reset"}},
	"raid": {"fake": {"create_configuration", "delete_configuration"}},
}

// clean checks the steps of a manual cleaning against those that the node's interfaces can
// do. Automated cleaning has no steps, even if those of a failed manual one are still
// recorded.
func (c *Conductor) clean(ctx context.Context, uuid string) error {
	n, err := c.node(ctx, uuid)
	if err != nil {
		return err
	}
	var steps []any
	if n.CleanStep != nil {
		steps, _ = n.DriverInternalInfo["clean_steps"].([]any)
	}
	for _, s := range steps {
		step, _ := s.(map[string]any)
		kind, name := baremetal.Object(step).Text("interface"), baremetal.Object(step).Text("step")
		if !slices.Contains(cleanSteps[kind][n.Interfaces[kind]], name) {
			return fmt.Errorf("node does not support this clean step: {'interface': '%s', 'step': '%s'}", kind, name)
		}
	}
	return c.change(ctx, uuid, func(n *baremetal.Node, _ time.Time) []baremetal.Event {
		n.DriverInternalInfo = with(n.DriverInternalInfo, "clean_steps", nil)
		return nil
	})
}

func (c *Conductor) inspect(ctx context.Context, uuid string) error {
	return c.change(ctx, uuid, func(n *baremetal.Node, now time.Time) []baremetal.Event {
		n.InspectionStartedAt, n.InspectionFinishedAt = time.Time{}, now
		return nil
	})
}

// deploy boots a machine from its boot volume, in the steps of Ironic's direct deploy for
// such a node. A fake deploy interface leaves the machine alone.
func (c *Conductor) deploy(ctx context.Context, uuid string) error {
	n, err := c.node(ctx, uuid)
	if err != nil {
		return err
	}
	if n.Interfaces.Deploys() {
		if err := c.install(ctx, uuid); err != nil {
			return err
		}
	}
	return c.change(ctx, uuid, func(n *baremetal.Node, _ time.Time) []baremetal.Event {
		n.DriverInternalInfo = with(n.DriverInternalInfo, "deploy_steps", nil)
		return nil
	})
}

// install imports the image before anything is done to the machine, for as long as that
// takes: an import that stalls ends by itself. The time of a task is that of the rest.
func (c *Conductor) install(ctx context.Context, uuid string) error {
	unhurried := baremetal.WithUser(c.base, baremetal.UserOf(ctx))
	if err := c.follow(unhurried, uuid, []Step{{Name: "import_image", Do: c.importImage}}); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(unhurried, taskTime)
	defer cancel()
	return c.follow(ctx, uuid, deploySteps(c))
}

// deploySteps are the steps of a deployment. A volume that an earlier deployment made is
// replaced while the machine is off. Power-on attaches the volumes and sets the network as
// boot device, as in any later power cycle.
func deploySteps(c *Conductor) []Step {
	off := func(ctx context.Context, n *baremetal.Node) error { return c.power(ctx, n, baremetal.PowerOff) }
	return []Step{
		{Name: "power_off", Do: off},
		{Name: "write_image", Do: c.remake},
		{Name: "prepare_instance_boot", Do: c.chooseBootVolume},
		{
			Name: "boot_instance",
			Do:   func(ctx context.Context, n *baremetal.Node) error { return c.power(ctx, n, baremetal.PowerOn) },
			Undo: func(ctx context.Context, n *baremetal.Node) error { return errors.Join(off(ctx, n), c.detach(ctx, n)) },
		},
	}
}

// chooseBootVolume checks that the node may boot from its volume and records it in
// driver_internal_info.boot_from_volume.
func (c *Conductor) chooseBootVolume(ctx context.Context, n *baremetal.Node) error {
	p, err := c.planNow(ctx, n)
	if err != nil {
		return err
	}
	if err := p.Ready(n).Err(); err != nil {
		return err
	}
	if p.Volume == nil {
		return nil // the method boots from none
	}
	return c.change(ctx, n.UUID, func(n *baremetal.Node, _ time.Time) []baremetal.Event {
		n.DriverInternalInfo = with(n.DriverInternalInfo, "boot_from_volume", p.Volume.UUID)
		return nil
	})
}

// power switches the machine as a step of a plan and records the new state.
func (c *Conductor) power(ctx context.Context, n *baremetal.Node, target baremetal.PowerState) error {
	state, err := c.powerAction(ctx, n, target)
	return errors.Join(err, c.change(ctx, n.UUID, func(n *baremetal.Node, now time.Time) []baremetal.Event {
		setPower(n, state, now)
		return nil
	}))
}

// tearDown switches the machine off, detaches its volumes and removes what was deployed. As
// in Ironic its volume targets are deleted and its connectors stay.
func (c *Conductor) tearDown(ctx context.Context, uuid string) error {
	n, err := c.node(ctx, uuid)
	if err != nil {
		return err
	}
	if n.Interfaces.Deploys() {
		if err := c.power(ctx, n, baremetal.PowerOff); err != nil {
			return err
		}
	}
	if err := c.detach(ctx, n); err != nil {
		return err
	}
	return c.Store.Update(ctx, func(tx *store.Tx) error { return forgetInstance(tx, uuid) })
}

func forgetInstance(tx *store.Tx, uuid string) error {
	n, err := tx.Nodes().Get(uuid)
	if err != nil {
		return err
	}
	targets, err := tx.Targets().List(store.Where("node_uuid", uuid))
	if err != nil {
		return err
	}
	for _, t := range targets {
		if !n.Interfaces.Deploys() {
			break // it deployed nothing, and removes nothing
		}
		if t.Options().Keep {
			continue // kept for the next deployment
		}
		if err := tx.Targets().Delete(t.UUID); err != nil {
			return err
		}
	}
	n.InstanceInfo, n.InstanceUUID = nil, ""
	delete(n.DriverInternalInfo, "boot_from_volume")
	return tx.Nodes().Update(n)
}
