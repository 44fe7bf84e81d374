package conductor

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"ironhook/baremetal"
	"ironhook/boot"
	"ironhook/store"
)

// work is the work of a transient state.
type work struct {
	do     func(c *Conductor, ctx context.Context, uuid string) (baremetal.ProvisionEvent, error)
	done   baremetal.ProvisionEvent // the event of success
	failed string                   // last_error: node, then reason
	step   baremetal.EventKind      // step of a boot that a failure prevents
}

// works by state.
var works = map[baremetal.ProvisionState]work{
	baremetal.Verifying:  {atOnce((*Conductor).verify), baremetal.Done, "Failed to get power state for node %s. Error: %s", ""},
	baremetal.Deploying:  {(*Conductor).deploy, baremetal.Done, "Failed to deploy node %s: %s", baremetal.EventPowerOn},
	baremetal.Deleting:   {atOnce((*Conductor).tearDown), baremetal.VerbClean, "Failed to tear down node %s: %s", ""},
	baremetal.Cleaning:   {(*Conductor).clean, baremetal.Done, "Cannot clean node %s: %s", ""},
	baremetal.Inspecting: {(*Conductor).inspect, baremetal.Done, "Failed to inspect node %s: %s", ""},
	baremetal.Adopting:   {atOnce((*Conductor).verify), baremetal.Done, "Failed to adopt node %s: %s", ""},
	baremetal.Rescuing:   {(*Conductor).rescue, baremetal.Done, "Failed to rescue node %s: %s", ""},
	baremetal.Unrescuing: {atOnce((*Conductor).unrescue), baremetal.Done, "Failed to unrescue node %s: %s", ""},
	baremetal.Servicing:  {(*Conductor).service, baremetal.Done, "Cannot service node %s: %s", ""},
}

// atOnce is work that neither is held nor waits.
func atOnce(do func(c *Conductor, ctx context.Context, uuid string) error) func(*Conductor, context.Context,
	string) (baremetal.ProvisionEvent, error) {
	return func(c *Conductor, ctx context.Context, uuid string) (baremetal.ProvisionEvent, error) {
		return "", do(c, ctx, uuid)
	}
}

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
	c.observeParts(ctx, n)
	return c.change(ctx, uuid, func(n *baremetal.Node, now time.Time) []baremetal.Event {
		setPower(n, state, now)
		return nil
	})
}

// automatedClean is the key of driver_internal_info that tells automated cleaning from a manual
// one.
const automatedClean = "clean_automated"

// automatedSteps are those of automated cleaning, as Ironic's with their default priorities.
var automatedSteps = []baremetal.Object{{"interface": "deploy", "step": "erase_devices_metadata", "priority": 99}}

// cleansItself reports whether the node is cleaned before it is available: where its record
// says so. Without that nothing is erased.
func (c *Conductor) cleansItself(n *baremetal.Node) bool {
	return n.AutomatedClean != nil && *n.AutomatedClean && c.byAgent(cleaning, n, automatedSteps[0])
}

// clean does the steps of a manual cleaning, or those of an automated one.
func (c *Conductor) clean(ctx context.Context, uuid string) (baremetal.ProvisionEvent, error) {
	n, err := c.node(ctx, uuid)
	if err != nil {
		return "", err
	}
	if n.CleanStep == nil {
		if !c.cleansItself(n) {
			return "", nil
		}
		err := c.change(ctx, uuid, func(m *baremetal.Node, _ time.Time) []baremetal.Event {
			cleaning.begin(m, automatedSteps, false)
			m.DriverInternalInfo[automatedClean] = true
			return nil
		})
		if err == nil {
			n, err = c.node(ctx, uuid) // as the store has it
		}
		if err != nil {
			return "", err
		}
	}
	return c.goOn(ctx, n, cleaning)
}

// service does the steps of servicing. The machine keeps its instance and its volumes.
func (c *Conductor) service(ctx context.Context, uuid string) (baremetal.ProvisionEvent, error) {
	n, err := c.node(ctx, uuid)
	if err != nil {
		return "", err
	}
	return c.goOn(ctx, n, servicing)
}

// plans makes the plan of a flow for a node: the same whenever it is asked for, so that a
// suspended plan goes on where it stood.
func (c *Conductor) plans(f flow, n *baremetal.Node) ([]Step, error) {
	given, err := c.given(f, n, f.steps(n))
	if err != nil {
		return given, err
	}
	switch f.name {
	case deploying.name:
		return deployPlan(c, n, given), nil
	case rescuing.name:
		return c.rescueSteps(n), nil
	case servicing.name:
		return c.backOn(c.withAgent(given)), nil
	}
	return c.withAgent(given), nil
}

// goOn follows the flow's steps from where the node stands.
func (c *Conductor) goOn(ctx context.Context, n *baremetal.Node, f flow) (baremetal.ProvisionEvent, error) {
	steps, err := c.planOf(f, n)
	if err != nil {
		return "", err
	}
	return c.follow(ctx, n.UUID, f, steps, f.next(n))
}

// deploy boots a machine from its boot volume, in the steps of Ironic's direct deploy for
// such a node. A fake deploy interface leaves the machine alone. The steps that a client
// adds stand among ours by priority.
func (c *Conductor) deploy(ctx context.Context, uuid string) (baremetal.ProvisionEvent, error) {
	n, err := c.node(ctx, uuid)
	if err != nil {
		return "", err
	}
	if _, err := c.planOf(deploying, n); err != nil {
		return "", err // before anything is fetched
	}
	unhurried := baremetal.WithUser(c.base, baremetal.UserOf(ctx))
	if deploying.next(n) == 0 {
		err = c.fetchDrive(unhurried, n)
	}
	switch {
	case err != nil:
	case boot.Writes(n):
		err = c.fetchToWrite(unhurried, n)
	case n.Interfaces.Deploys() && deploying.next(n) == 0:
		err = c.importImage(unhurried, n)
	}
	if err != nil {
		return "", c.takeBack(ctx, n, err)
	}
	ctx, cancel := context.WithTimeout(unhurried, taskTime) // the import took as long as it did
	defer cancel()
	return c.goOn(ctx, n, deploying)
}

// deployPlan is our own steps and those added. A step without a priority is not done; of
// two with the same, ours comes first.
func deployPlan(c *Conductor, n *baremetal.Node, added []Step) []Step {
	var plan []Step
	switch {
	case boot.Writes(n):
		plan = c.writeSteps()
	case n.Interfaces.Deploys():
		plan = c.deploySteps(n)
	default:
		plan = []Step{{Name: "deploy", Priority: 100}}
	}
	for _, step := range added {
		if step.Priority > 0 {
			plan = append(plan, step)
		}
	}
	slices.SortStableFunc(plan, func(a, b Step) int { return cmp.Compare(b.Priority, a.Priority) })
	return plan
}

// deploySteps are the steps of a deployment, with Ironic's priorities. A volume that an
// earlier deployment made is replaced while the machine is off. Power-on attaches the
// volumes and sets the network as boot device, as in any later power cycle. A machine that
// must not be switched off is rebooted.
func (c *Conductor) deploySteps(n *baremetal.Node) []Step {
	off, on := Step{Name: "power_off", Priority: 100}, Step{Name: "boot_instance", Priority: 20}
	target := baremetal.Reboot
	if !staysOn(n) {
		target = baremetal.PowerOn
		c.switches(&off, deploying, n, baremetal.PowerOff)
		on.Undo = func(ctx context.Context, n *baremetal.Node) error {
			return errors.Join(c.switchOff(ctx, n), c.detach(ctx, n))
		}
	}
	c.switches(&on, deploying, n, target)
	return []Step{
		off,
		{Name: "write_image", Priority: 80, Do: c.remake},
		{Name: "prepare_instance_boot", Priority: 60, Do: c.chooseBootVolume},
		on,
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
		return aboutVolumes(err)
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
// in Ironic its volume targets are deleted and its connectors stay. The volumes that the
// deployment made go with them.
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
	if err := errors.Join(c.detach(ctx, n), c.forgetAgent(ctx, n)); err != nil {
		return err
	}
	if err := c.Store.Update(ctx, func(tx *store.Tx) error { return forgetInstance(tx, uuid) }); err != nil {
		return err
	}
	if owning, ok := c.Storage[n.Interfaces.Storage()].(Owning); ok {
		owning.Discard(ctx, n)
	}
	return nil
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
	n.InstanceInfo, n.InstanceUUID, n.InstanceName = nil, "", ""
	for _, key := range []string{"boot_from_volume", boot.OnDisk, imageToWrite} {
		delete(n.DriverInternalInfo, key)
	}
	return tx.Nodes().Update(n)
}
